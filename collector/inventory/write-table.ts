import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type Cell, csv } from "../report/csv.ts";
import { xlsx } from "../report/xlsx.ts";
import { columnsOf, headOf, type TableForm } from "./table-form.ts";

/** How a row of a table is written: what stands in it in a column. */
type CellOf<Row, Column> = (row: Row, column: Column, lang: Lang) => Cell;

/** A file that the import takes back: a workbook when its name says so, else CSV. Without rows it is the empty form. */
export function writeTable<Row, Column extends string>(
  file: string,
  form: TableForm<Column>,
  rows: readonly Row[],
  cellOf: CellOf<Row, Column>,
  lang: Lang,
): Buffer {
  const columns = columnsOf(form);
  const head = columns.map((column) => headOf(form, column, lang));
  const body = rows.map((row) => columns.map((column) => cellOf(row, column, lang)));
  if (!/\.xlsx$/i.test(file)) return Buffer.from(csv([head, ...body]), "utf8");
  return xlsx([{ name: text(lang, form.sheet), head, widths: columns.map((column) => form.columns[column].width), rows: body }]);
}
