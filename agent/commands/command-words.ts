import type { Command, CommanderError } from "commander";
import { isTextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

/** Headings of the help as commander writes them, and their words in the catalogue. */
const headings = {
  "Usage:": "agent.help.usage",
  "Arguments:": "agent.help.arguments",
  "Options:": "agent.help.options",
  "Commands:": "agent.help.commands",
} as const;

/** The command with its help in the reader's language; commands that are added to it take that over. */
export function inWordsOf(lang: Lang, command: Command): Command {
  const styleTitle = (title: string) => (title in headings ? text(lang, headings[title as keyof typeof headings]) : title);
  return command.configureHelp({ styleTitle }).helpOption("-h, --help", text(lang, "agent.option.help"));
}

/** What was typed wrong, and how to see how it is typed; undefined where the help itself was shown. */
export function mistakeOf({ code, message }: CommanderError, lang: Lang): string | undefined {
  if (code === "commander.help" || code === "commander.helpDisplayed") return undefined;
  const [, word = ""] = /'([^']+)'/.exec(message) ?? [];
  const [, meant] = /\(Did you mean (?:one of )?([^?]+)\?\)/.exec(message) ?? [];
  const key = `agent.usage.${code.replace("commander.", "")}`;
  const error = isTextKey(key) ? text(lang, key, { word }) : message.replace(/^error: /, "");
  const hint = meant === undefined ? "" : text(lang, "agent.usage.meant", { meant });
  return text(lang, "agent.usage", { error: `${error}${hint}` });
}
