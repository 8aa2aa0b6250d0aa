import type { Lang } from "../words.ts";
import { isTextKey, text } from "./text.ts";

/** Headings of a command's help as commander writes them, and their words in the catalogue. */
const headings = {
  "Usage:": "command.help.usage",
  "Arguments:": "command.help.arguments",
  "Options:": "command.help.options",
  "Commands:": "command.help.commands",
} as const;

/** A heading of a command's help in the reader's language. Pure. */
export function helpTitle(lang: Lang, title: string): string {
  return title in headings ? text(lang, headings[title as keyof typeof headings]) : title;
}

type NamedCommand = { name(): string; readonly parent: NamedCommand | null };

/** What to type for the help of a command: its own name behind those of the commands that it is part of. Pure. */
export function helpOf(command: NamedCommand): string {
  const names: string[] = [];
  for (let one: NamedCommand | null = command; one !== null; one = one.parent) names.unshift(one.name());
  return `${names.join(" ")} --help`;
}

type OptionHelp = { readonly description: string; readonly argChoices?: readonly string[] | undefined; readonly defaultValue?: unknown };

/** What an option is for, what it can be, and what counts where it is not given; of a switch that goes without saying. Pure. */
export function optionWords(lang: Lang, { description, argChoices, defaultValue }: OptionHelp): string {
  const what = argChoices === undefined ? description : `${description}: ${argChoices.join(", ")}`;
  const isSwitch = defaultValue === undefined || typeof defaultValue === "boolean";
  return isSwitch ? what : text(lang, "command.help.default", { what, value: String(defaultValue) });
}

/**
 * What was typed wrong, from the parser's own words, and how to see how it is typed: `help` is the command that shows that. Undefined where the help
 * itself was shown. Pure.
 */
export function mistakeOf({ code, message }: { readonly code: string; readonly message: string }, lang: Lang, help: string): string | undefined {
  if (code === "commander.help" || code === "commander.helpDisplayed") return undefined;
  const [, word = ""] = /'([^']+)'/.exec(message) ?? [];
  const [, meant] = /\(Did you mean (?:one of )?([^?]+)\?\)/.exec(message) ?? [];
  const [, given = ""] = / argument '(.*)' is invalid\. /s.exec(message) ?? [];
  const [, choices = ""] = / Allowed choices are (.*)\.$/s.exec(message) ?? [];
  const [, extra = ""] = / but got \d+: (.*)\.$/s.exec(message) ?? [];
  const key = `command.usage.${code.replace("commander.", "")}`;
  const error = isTextKey(key) ? text(lang, key, { word, extra, given, choices }) : message.replace(/^error: /, "");
  const hint = meant === undefined ? "" : text(lang, "command.usage.meant", { meant });
  return text(lang, "command.usage", { error: `${error}${hint}`, help });
}
