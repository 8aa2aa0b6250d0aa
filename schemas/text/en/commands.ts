import type { commands as vi } from "../vi/commands.ts";

export const commands: Record<keyof typeof vi, string> = {
  "command.usage": "That command is not understood ({error}). How to type it: {help}",
  "command.usage.unknownOption": "there is no option {word}",
  "command.usage.unknownCommand": "there is no command {word}",
  "command.usage.missingArgument": "{word} is missing",
  "command.usage.optionMissingArgument": "the value after {word} is missing",
  "command.usage.missingMandatoryOptionValue": "the option {word} is missing",
  "command.usage.excessArguments": "too many words after the command {word}: {extra}",
  "command.usage.invalidArgument": '"{given}" cannot follow {word}; choose one of {choices}',
  "command.usage.meant": "; did you mean {meant}?",
  "command.help.usage": "Usage:",
  "command.help.arguments": "Arguments:",
  "command.help.options": "Options:",
  "command.help.commands": "Commands:",
  "command.help.default": "{what} (default {value})",
  "command.option.help": "how to type this command",
};
