import type { Message } from "#schemas/alert.ts";
import { HOUR } from "../support/facts.ts";

export type SentLetter = { readonly atMs: number; readonly to: string; readonly message: Message };

/** A letter in one line of the list: when, what, of what, where or how many, and to whom. What a digest lists follows, one line each. */
export function linesOf({ atMs, to, message }: SentLetter): string[] {
  const { kind, requirement, centre, count, area, cause, items = [] } = message;
  const place = centre ?? (requirement === undefined || kind.startsWith("storm") ? count : "province");
  const why = cause && `(${[cause.code, cause.centres].filter((part) => part !== undefined).join(" ")})`;
  const head = [localOf(atMs), kind, requirement, place, area, why, `> ${to}`].filter((part) => part !== undefined).join(" ");
  return [head, ...items.map((one) => `  ${[one.kind, one.requirement, one.centre, one.count].filter((part) => part !== undefined).join(" ")}`)];
}

/** The whole list, then how many letters each week brought and each reader got. */
export function listOf(letters: readonly SentLetter[], fromMs: number): string {
  const weeks = Map.groupBy(letters, ({ atMs }) => 1 + Math.floor((atMs - fromMs) / (7 * 24 * HOUR)));
  const readers = Map.groupBy(letters, ({ to }) => to);
  return [
    ...letters.flatMap(linesOf),
    "",
    `letters: ${letters.length}, of these weekly digests: ${letters.filter(({ message }) => message.kind === "weekly").length}`,
    `by week: ${[...weeks].map(([week, own]) => `${week}: ${own.length}`).join(", ")}`,
    `by reader: ${[...readers].map(([to, own]) => `${to}: ${own.length}`).join(", ")}`,
    "",
  ].join("\n");
}

function localOf(atMs: number): string {
  return new Date(atMs + 7 * HOUR).toISOString().slice(0, 16).replace("T", " ");
}
