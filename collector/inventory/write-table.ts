import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { groupsOf } from "../groups-of.ts";
import { type Cell, csv } from "../report/csv.ts";
import { XlsxBook } from "../report/xlsx.ts";
import { columnsOf, headOf, type TableForm } from "./table-form.ts";

/** How a row of a table is written: what stands in it in a column. */
type CellOf<Row, Column> = (row: Row, column: Column, lang: Lang) => Cell;

/** Rows that are packed in one go: between two groups the collector does what waits. */
const ROWS_AT_ONCE = 500;

/** A file that the import takes back: a workbook when its name says so, else CSV. Without rows it is the empty form. */
export async function writeTable<Row, Column extends string>(
  file: string,
  form: TableForm<Column>,
  rows: readonly Row[],
  cellOf: CellOf<Row, Column>,
  lang: Lang,
): Promise<Buffer> {
  const columns = columnsOf(form);
  const head = columns.map((column) => headOf(form, column, lang));
  const cells = (group: readonly Row[]) => group.map((row) => columns.map((column) => cellOf(row, column, lang)));
  if (!/\.xlsx$/i.test(file)) return Buffer.from(csv([head, ...cells(rows)]), "utf8");
  const book = new XlsxBook([{ name: text(lang, form.sheet), head, widths: columns.map((column) => form.columns[column].width) }], "packed");
  for (const group of groupsOf(rows, ROWS_AT_ONCE)) await book.add(0, cells(group));
  return Buffer.concat(await book.end());
}
