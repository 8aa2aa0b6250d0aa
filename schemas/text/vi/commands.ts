/** What every command line says: its help, and what was typed wrong. */
export const commands = {
  "command.usage": "Không hiểu lệnh vừa gõ ({error}). Xem cách gõ: {help}",
  "command.usage.unknownOption": "không có tuỳ chọn {word}",
  "command.usage.unknownCommand": "không có lệnh {word}",
  "command.usage.missingArgument": "thiếu phần {word}",
  "command.usage.optionMissingArgument": "thiếu giá trị sau {word}",
  "command.usage.missingMandatoryOptionValue": "thiếu tuỳ chọn {word}",
  "command.usage.excessArguments": "thừa chữ sau lệnh {word}: {extra}",
  "command.usage.invalidArgument": '"{given}" không dùng được sau {word}; các giá trị: {choices}',
  "command.usage.meant": "; có phải muốn gõ {meant}?",
  "command.help.usage": "Cách gõ:",
  "command.help.arguments": "Phần cần gõ:",
  "command.help.options": "Tuỳ chọn:",
  "command.help.commands": "Các lệnh:",
  "command.help.default": "{what} (mặc định {value})",
  "command.option.help": "xem cách gõ lệnh này",
} as const;
