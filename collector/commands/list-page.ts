import type { Command } from "commander";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type ListPart, PART_ROWS, pageNumber, rowsBefore } from "../store/list-part.ts";
import { type CommandContext, UsageError } from "./terminal.ts";

/** Gives a command that lists the option that chooses a page; `pageOf` reads it. */
export function withPages(command: Command, lang: Lang): Command {
  return command.option("--page <n>", text(lang, "collector.page.option", { rows: PART_ROWS }), "1");
}

/** The page that an option asks for. @throws UsageError when it is none */
export function pageOf({ page }: { readonly page: string }, lang: Lang): number {
  const number = pageNumber(page);
  if (number === undefined) throw new UsageError(text(lang, "collector.page.none", { given: page }));
  return number;
}

/** Says on stderr which part of a list was given, and how the next one is had, where it is not all. @throws UsageError for a page behind the last one */
export function sayPart({ lang, terminal }: CommandContext, { page, rows, total }: ListPart<unknown>): void {
  const [before, pages] = [rowsBefore(page), Math.max(1, Math.ceil(total / PART_ROWS))];
  if (page > pages) throw new UsageError(text(lang, "collector.page.behind", { pages }));
  if (pages === 1) return;
  terminal.err(text(lang, "web.list.part", { from: before + 1, to: before + rows.length, total }));
  if (page < pages) terminal.err(text(lang, "web.list.next", { page: page + 1 }));
}
