import { Code } from "#schemas/ids.ts";
import { columnOf, columnsOf, sameWords, type TableForm } from "./table-form.ts";

type Cells = readonly { readonly words: string }[];

/** Rows from the top among which the heads stand: below a title, the name of the office, a date. */
export const HEAD_ROWS_MAX = 20;
/** Columns from the left in which they are looked for: far more than any form has. */
export const HEAD_COLUMNS_MAX = 200;

/** Whether one of the upper rows names all columns that must be there. */
export function hasHead<Column extends string>(form: TableForm<Column>, rows: readonly (readonly string[])[]): boolean {
  return rows.slice(0, HEAD_ROWS_MAX).some((row) => isHead(form, row.slice(0, HEAD_COLUMNS_MAX)));
}

/**
 * The place of the row that names the columns, from 0 on: the first of the upper ones that names all that must be there. Where none does it is the one that
 * names most, since its faults say what it lacks; where nothing names any, the first that is filled.
 */
export function headPlace<Column extends string>(form: TableForm<Column>, rows: readonly Cells[]): number {
  const upper = rows.slice(0, HEAD_ROWS_MAX).map((row) => row.slice(0, HEAD_COLUMNS_MAX).map(({ words }) => words));
  const place = upper.findIndex((row) => isHead(form, row));
  if (place !== -1) return place;
  const known = upper.map((row) => row.filter((words) => columnOf(form, words) !== undefined).length);
  const most = Math.max(0, ...known);
  return Math.max(0, most > 0 ? known.indexOf(most) : upper.findIndex((row) => row.some((words) => words !== "")));
}

/** Whether a head stands over the numbers of the rows, which nobody needs. */
export function isOrdinalHead(words: string): boolean {
  return sameWords(words, ["stt", "tt", "so tt", "so thu tu", "no", "#"]);
}

/** Whether a row below the heads numbers the columns: 1, 2, 3 or (1), (2), (3). */
export function isColumnNumbers(row: Cells): boolean {
  const filled = row.filter(({ words }) => words !== "");
  const [first] = filled.map(({ words }) => Number(/^\(?(\d{1,2})\)?$/.exec(words)?.[1]));
  return filled.length > 2 && first !== undefined && first <= 1 && filled.every(({ words }, index) => words.replace(/[()]/g, "") === String(first + index));
}

/** What a row of sums says of itself, in its first filled cell; undefined for every other row. What could be somebody's code is none. */
export function totalOf(row: Cells): string | undefined {
  const first = row.find(({ words }) => words !== "")?.words ?? "";
  const isSum = sameWords(first.replace(/\(.*|:.*/, ""), ["tong cong", "tong so", "tong", "cong", "total", "grand total"]);
  return isSum && !Code.safeParse(first.toLowerCase()).success ? first : undefined;
}

function isHead<Column extends string>(form: TableForm<Column>, row: readonly string[]): boolean {
  const named = new Set(row.map((words) => columnOf(form, words)));
  return columnsOf(form).every((column) => !form.columns[column].must || named.has(column));
}
