import { type TextKey, type TextParams, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { Table, TableCell } from "./read-table.ts";
import { columnOf, columnsOf, headOf, type TableForm } from "./table-form.ts";
import { HEAD_COLUMNS_MAX, HEAD_ROWS_MAX, headPlace, isColumnNumbers, isOrdinalHead, totalOf } from "./table-head.ts";
import { TableRefused } from "./table-refused.ts";

const ROWS_MAX = 50_000;
/** Digits of a number beyond which a spreadsheet writes zeros in their place. */
const DIGITS_MAX = 15;
/** Most rows that a note names. */
const NOTED_MAX = 10;
const EMPTY: TableCell = { words: "", kind: "text" };
/** How a spreadsheet writes a long number into CSV. */
const SHORTENED = /^-?\d+([.,]\d+)?e\+\d+$/i;

/** A row of a table, by its number as a spreadsheet counts it. */
export type TableRow<Column> = { readonly number: number; readonly cell: (column: Column) => TableCell; readonly words: (column: Column) => string };

/** Where the heads stand, from 0 on: their row, the column that numbers the rows (-1 for none), and those of the form. */
type Frame<Column> = { readonly top: number; readonly ordinal: number; readonly places: ReadonlyMap<Column, number> };

/** The rows of one file, and all that is wrong with it. */
export class TableRows<Column extends string> {
  readonly rows: readonly TableRow<Column>[];
  /** The columns that the file has. */
  readonly columns: ReadonlySet<Column>;
  readonly faults: string[] = [];
  readonly #form: TableForm<Column>;
  readonly #lang: Lang;
  /** Rows by column in which a spreadsheet holds a number where text is kept whose zeros count. */
  readonly #numbers = new Map<Column, number[]>();
  readonly #rowOf = new Map<string, number>();
  /** Cells that were told of: the first thing that is wrong with one is the reason for the others. */
  readonly #told = new Set<string>();
  /** What the file has beside its table, and was left out. */
  readonly #leftOut: string[] = [];

  /**
   * Reads a table, one of whose upper rows names the columns, and looks for what a spreadsheet lost. @throws TableRefused where the columns are wrong, or
   * there is no row.
   */
  constructor(table: Table, form: TableForm<Column>, { file, lang }: { readonly file: string; readonly lang: Lang }) {
    const top = headPlace(form, table);
    const head = table[top] ?? [];
    const places = placesOf(head, form, file, lang);
    this.#form = form;
    this.#lang = lang;
    this.columns = new Set(places.keys());
    if (top > 0) this.#leave("inventory.note.head", { row: String(top + 1) });
    const ordinal = head.slice(0, HEAD_COLUMNS_MAX).findIndex(({ words }) => isOrdinalHead(words));
    if (ordinal !== -1) this.#leave("inventory.note.ordinal", { column: head[ordinal]?.words ?? "" });
    const filled = table.flatMap((row, place) => (place > top && !this.#isBeside(row, place, { top, ordinal, places }) ? [rowOf(row, place + 1, places)] : []));
    if (filled.length === 0) throw new TableRefused([text(lang, form.none, { file })]);
    if (filled.length > ROWS_MAX) throw new TableRefused([text(lang, "inventory.fault.rows", { file, max: ROWS_MAX })]);
    this.rows = filled;
    for (const { number } of filled) this.#headless(table[number - 1] ?? [], number, head);
    for (const row of filled) for (const column of this.columns) this.#look(row, column);
  }

  /** Notes that something is wrong in a cell. */
  fault({ number, words }: TableRow<Column>, column: Column, key: TextKey, params: TextParams = {}): void {
    if (this.#told.has(`${number} ${column}`)) return;
    this.#told.add(`${number} ${column}`);
    const problem = text(this.#lang, key, { value: words(column), ...params });
    this.faults.push(text(this.#lang, "inventory.fault", { row: String(number), column: headOf(this.#form, column, this.#lang), problem }));
  }

  /** Notes that something stands in two rows which may stand in one alone. */
  once(row: TableRow<Column>, column: Column, key: string, fault: TextKey): void {
    const other = this.#rowOf.get(key);
    if (other === undefined) this.#rowOf.set(key, row.number);
    else this.fault(row, column, fault, { other: String(other) });
  }

  /** What a person should look at although it was taken. */
  notes(): readonly string[] {
    const numbers = [...this.#numbers].map(([column, rows]) => {
      const named = rows.slice(0, NOTED_MAX).join(", ");
      const more = rows.length > NOTED_MAX ? ", …" : "";
      return text(this.#lang, "inventory.note.number", { column: headOf(this.#form, column, this.#lang), rows: `${named}${more}` });
    });
    return [...this.#leftOut, ...numbers];
  }

  /** @throws TableRefused with all that is wrong, where anything is. */
  refuse(): void {
    if (this.faults.length > 0) throw new TableRefused(this.faults);
  }

  #leave(key: TextKey, params: TextParams): void {
    this.#leftOut.push(text(this.#lang, key, params));
  }

  /** Whether a row below the heads is none of the table: empty but for its number, the columns' numbers, or sums. Where that is not certain it is one. */
  #isBeside(row: readonly TableCell[], place: number, { top, ordinal, places }: Frame<Column>): boolean {
    if (row.every(({ words }, column) => words === "" || (column === ordinal && /^\d+$/.test(words)))) return true;
    if (place === top + 1 && isColumnNumbers(row)) {
      this.#leave("inventory.note.column_numbers", { row: String(place + 1) });
      return true;
    }
    const total = totalOf(row);
    const musts = [...places].flatMap(([column, at]) => (this.#form.columns[column].must ? [row[at]?.words ?? ""] : []));
    if (total === undefined || musts.some((words) => words !== "" && words !== total)) return false;
    this.#leave("inventory.note.total", { row: String(place + 1), words: total });
    return true;
  }

  /** A cell of CSV below no head: words with the mark between cells that stand without quotation marks. In a workbook it is a remark beside the table. */
  #headless(row: readonly TableCell[], number: number, head: readonly TableCell[]): void {
    const place = row.findIndex(({ words, kind }, at) => words !== "" && kind === "bare" && (head[at]?.words ?? "") === "");
    const cell = row[place];
    if (cell) this.faults.push(text(this.#lang, "inventory.fault.headless", { row: String(number), place: place + 1, value: cell.words }));
  }

  /** What can be wrong with a cell whatever it says. */
  #look(row: TableRow<Column>, column: Column): void {
    const { words, kind } = row.cell(column);
    const { must, max, isQuantity, hasZeros } = this.#form.columns[column];
    if (must && words === "") this.fault(row, column, "inventory.fault.empty");
    else if (kind === "lost") this.fault(row, column, "inventory.fault.formula");
    else if (kind === "date") this.fault(row, column, "inventory.fault.date");
    else if (!isQuantity && isRounded({ words, kind })) this.fault(row, column, "inventory.fault.digits");
    else if (max !== undefined && words.length > max) this.fault(row, column, "inventory.fault.long", { max });
    else if (hasZeros && kind === "number") this.#numbers.set(column, [...(this.#numbers.get(column) ?? []), row.number].slice(0, NOTED_MAX + 1));
  }
}

/** Whether a number has lost digits, or would be written without them. */
function isRounded({ words, kind }: TableCell): boolean {
  if (kind === "number") return words.replace(/\D/g, "").length > DIGITS_MAX || /e/i.test(words);
  return kind === "bare" && SHORTENED.test(words);
}

function rowOf<Column>(row: readonly TableCell[], number: number, places: ReadonlyMap<Column, number>): TableRow<Column> {
  const cell = (column: Column) => row[places.get(column) ?? -1] ?? EMPTY;
  return { number, cell, words: (column) => cell(column).words };
}

function placesOf<Column extends string>(head: readonly TableCell[], form: TableForm<Column>, file: string, lang: Lang): ReadonlyMap<Column, number> {
  const columns = columnsOf(form)
    .map((column) => headOf(form, column, lang))
    .join(", ");
  const places = new Map<Column, number>();
  const faults: string[] = [];
  const unknown = (words: string) => text(lang, "inventory.fault.column_unknown", { file, column: words, columns });
  for (const [place, { words }] of head.slice(0, HEAD_COLUMNS_MAX).entries()) {
    if (words === "" || isOrdinalHead(words)) continue;
    const column = columnOf(form, words);
    if (column === undefined) faults.push(unknown(words));
    else if (places.has(column)) faults.push(text(lang, "inventory.fault.column_twice", { file, column: words }));
    else places.set(column, place);
  }
  // Of a line that has millions of cells one is named.
  const beyond = head.slice(HEAD_COLUMNS_MAX).find(({ words }) => words !== "");
  if (beyond) faults.push(unknown(beyond.words));
  for (const column of columnsOf(form))
    if (form.columns[column].must && !places.has(column))
      faults.push(text(lang, "inventory.fault.column_missing", { file, column: headOf(form, column, lang), columns, max: HEAD_ROWS_MAX }));
  if (faults.length > 0) throw new TableRefused(faults);
  return places;
}
