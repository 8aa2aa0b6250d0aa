import { moment } from "#schemas/text/moment-word.ts";
import { groupsInTurns } from "../groups-in-turns.ts";

/** A cell of a table: text, a number, nothing, or an instant or a Vietnam day, which spreadsheets sort and reckon with. */
export type Cell = string | number | undefined | { readonly at: string } | { readonly day: string };

/**
 * Rows as CSV (RFC 4180) with a byte order mark, so that spreadsheets take it for UTF-8. Text that a spreadsheet would run as a formula gets an apostrophe
 * before it (ASVS 5.0, 1.2.10), also behind a semicolon or tab within it; numbers stay numbers. Times are Vietnam's and stand year first: 05/11 is May for a spreadsheet that was set up in English.
 */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return `${MARK}${lines(rows)}`;
}

/** The same as bytes, in pieces, of more rows than should be written in one go; they are asked for as their turn comes. */
export async function csvPieces(rows: Iterable<readonly Cell[]>): Promise<readonly Buffer[]> {
  const pieces = [Buffer.from(MARK)];
  for await (const group of groupsInTurns(rows, ROWS_AT_ONCE)) pieces.push(Buffer.from(lines(group)));
  return pieces;
}

const MARK = "\ufeff";
/** Rows that are written in one go: between two groups the collector does what waits. */
const ROWS_AT_ONCE = 1_000;

function lines(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

// The full-width forms count too: some spreadsheets fold them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL, tab and line ends start formulas in some spreadsheets
const formulaStart = /^[\s\u0000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n\u0000]/;

// A spreadsheet that splits lines at semicolons, as Vietnamese ones do, begins a field behind each, whatever quotes stand around.
const formulaInside = /([;\t]["\s]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

function field(value: Cell): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "object") return "day" in value ? value.day : moment("en", value.at);
  const safe = (formulaStart.test(value) ? `'${value}` : value).replace(formulaInside, "$1'");
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
