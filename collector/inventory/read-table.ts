import { setTimeout as sleep } from "node:timers/promises";
import { readSheet } from "read-excel-file/node";
import { cleanText } from "#schemas/clean-text.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { csvTable, unguarded } from "../attest/csv-rows.ts";
import { partsOf } from "./archive-parts.ts";
import { FILE_BYTES_MAX, FILE_MEGABYTES_MAX } from "./file-size.ts";
import { lostCells } from "./lost-cells.ts";
import { areSheetsBounded } from "./sheet-bounds.ts";
import type { TableForm } from "./table-form.ts";
import { hasHead } from "./table-head.ts";
import { TableRefused } from "./table-refused.ts";

/** What a workbook may unpack to. */
const INFLATED_BYTES_MAX = 128 * 1024 * 1024;
const CELL_MAX = 300;
/** How long reading a workbook may take, ms. */
const READ_MS = 20_000;
/** The first bytes of every ZIP archive, and so of every .xlsx. */
const ZIP = "PK\u0003\u0004";

/**
 * A cell of a table: its cleaned words, and what the file says that they are. A workbook knows texts, numbers, dates (`words` is the instant) and
 * formulas without a result (`lost`); CSV says of nothing what it was ("bare").
 */
export type TableCell = { readonly words: string; readonly kind: "text" | "number" | "date" | "lost" | "bare" };
export type Table = readonly (readonly TableCell[])[];

/**
 * The first sheet of an .xlsx file, or a CSV file (UTF-8; comma, semicolon or tab), as rows of cells; which it is, the content says. `file` is its name
 * in sentences; by `form` the heads of a CSV file are known below a title. @throws TableRefused that names the file and what to do.
 */
export async function tableOf<Column extends string>(bytes: Buffer, file: string, lang: Lang, form: TableForm<Column>): Promise<Table> {
  if (bytes.length > FILE_BYTES_MAX) throw new TableRefused([text(lang, "inventory.fault.bytes", { file, max: FILE_MEGABYTES_MAX })]);
  const isWorkbook = bytes.subarray(0, ZIP.length).toString("latin1") === ZIP;
  const rows = isWorkbook ? await workbookRows(bytes, file, lang) : csvRows(utf8(bytes, file, lang), file, lang, form);
  return rows.map((row) => row.map(cleanCell));
}

/** One for all: a damaged workbook may have millions of them. */
const EMPTY: TableCell = { words: "", kind: "text" };
const bareCell = (words: string): TableCell => (words === "" ? EMPTY : { words, kind: "bare" });

function cleanCell(cell: TableCell): TableCell {
  return cell === EMPTY ? EMPTY : { ...cell, words: cleanText(unguarded(cell.words), CELL_MAX) };
}

function csvRows<Column extends string>(body: string, file: string, lang: Lang, form: TableForm<Column>): readonly (readonly TableCell[])[] {
  const { table, openLine } = csvTable(body, (upper) => hasHead(form, upper));
  if (openLine !== undefined) throw new TableRefused([text(lang, "inventory.fault.quote", { file, line: openLine })]);
  return table.map((row) => row.map(bareCell));
}

async function workbookRows(bytes: Buffer, file: string, lang: Lang): Promise<TableCell[][]> {
  try {
    if (inflatedBytes(bytes) > INFLATED_BYTES_MAX) throw new Error("unpacks to too much");
    if (!areSheetsBounded(bytes)) throw new Error("names cells beyond any list");
    const lost = lostCells(bytes);
    // A damaged archive can leave the reader waiting for what never comes.
    const late = new AbortController();
    const tooLong = sleep(READ_MS, undefined, { signal: late.signal }).then(() => Promise.reject(new Error("cannot be read to its end")));
    tooLong.catch(() => undefined);
    const rows = (await Promise.race([readSheet(bytes), tooLong]).finally(() => late.abort())).map((row) => row.map(workbookCell));
    for (const { row, column, words } of lost) put(rows, row, column, { words, kind: "lost" });
    return rows;
  } catch (cause) {
    throw new TableRefused([text(lang, "inventory.fault.xlsx", { file })], { cause });
  }
}

function workbookCell(value: unknown): TableCell {
  if (value instanceof Date) return { words: value.toISOString(), kind: "date" };
  if (value === null || value === undefined) return EMPTY;
  return { words: String(value), kind: typeof value === "number" ? "number" : "text" };
}

function put(rows: TableCell[][], row: number, column: number, cell: TableCell): void {
  while (rows.length <= row) rows.push([]);
  const cells = rows[row] ?? [];
  while (cells.length < column) cells.push(EMPTY);
  cells[column] = cell;
}

function utf8(bytes: Buffer, file: string, lang: Lang): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TableRefused([text(lang, "inventory.fault.utf8", { file })], { cause });
  }
}

/** What the archive's files claim to unpack to, added up: a bomb is refused before it is unpacked. */
function inflatedBytes(archive: Buffer): number {
  let total = 0;
  for (const { bytes } of partsOf(archive)) total += bytes;
  return total;
}
