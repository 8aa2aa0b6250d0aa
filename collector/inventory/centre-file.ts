import { Code } from "#schemas/ids.ts";
import { Centre, type DeclaredCentre } from "#schemas/inventory.ts";
import type { TextKey, TextParams } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { answerOf, type CentreColumn, centreCell, centreForm } from "./centre-form.ts";
import type { Table, TableCell } from "./read-table.ts";
import { columnsOf } from "./table-form.ts";
import { type TableRow, TableRows } from "./table-rows.ts";

export type CentreFileOptions = {
  readonly file: string;
  readonly lang: Lang;
  /** The centres that there are, by their code, as they are declared for the day from which the file counts. */
  readonly declared: ReadonlyMap<string, Centre>;
  /** Empty cells take away what is declared; without it they are a fault. */
  readonly clear: boolean;
};

/**
 * Reads a table of centres, each as it is declared with it, without its devices: what has no column stays as it is. All or nothing: @throws TableRefused
 * with a sentence for each fault, which names row and column as a spreadsheet counts them. `notes` say what was taken and should be looked at.
 */
export function readCentreTable(table: Table, options: CentreFileOptions): { readonly centres: readonly DeclaredCentre[]; readonly notes: readonly string[] } {
  const rows = new TableRows(table, centreForm, options);
  const centres = rows.rows.map((row) => centreOf(rows, row, options));
  rows.refuse();
  return { centres, notes: rows.notes() };
}

type Row = TableRow<CentreColumn>;
type Fault = readonly [key: TextKey, params?: TextParams];
type Value = string | number | boolean;

/** A centre as its row says it; where that is wrong the file is refused in the end. */
function centreOf(rows: TableRows<CentreColumn>, row: Row, { lang, declared, clear }: CentreFileOptions): DeclaredCentre {
  const code = row.words("code").toLowerCase();
  const before = declared.get(code);
  const { devices: _, ...kept } = before ?? { code, name: "", keyArea: false, devices: [] };
  const centre: Record<string, Value | undefined> = { ...kept };
  for (const column of columnsOf(centreForm)) {
    if (!rows.columns.has(column)) continue;
    const words = row.words(column);
    if (words !== "") {
      const read = readers[column](row.cell(column));
      if (isFault(read)) rows.fault(row, column, ...read);
      else centre[column] = read;
    } else {
      const gone = before && before[column] !== false ? centreCell(before, column, lang) : undefined;
      if (gone !== undefined && !clear && column !== "name") rows.fault(row, column, "centres.fault.cleared", { declared: String(gone) });
      if (column !== "code") delete centre[column];
    }
  }
  if (code !== "") rows.once(row, "code", code, "centres.fault.twice");
  const whole = [...declared.keys()].find((known) => before === undefined && losesZeros(row.cell("code"), known));
  if (whole !== undefined) rows.fault(row, "code", "centres.fault.zeros", { declared: whole });
  if (before?.contractNumber && losesZeros(row.cell("contractNumber"), before.contractNumber))
    rows.fault(row, "contractNumber", "centres.fault.zeros", { declared: before.contractNumber });
  if ((centre.name ?? "") === "") rows.fault(row, "name", before ? "inventory.fault.empty" : "centres.fault.unnamed");
  return { ...centre, keyArea: centre.keyArea === true } as DeclaredCentre;
}

const isFault = (read: Value | Fault): read is Fault => typeof read === "object";

/** How a filled cell of each column is read. */
const readers: Readonly<Record<CentreColumn, (cell: TableCell) => Value | Fault>> = {
  code: ({ words }) => (Code.safeParse(words.toLowerCase()).success ? words.toLowerCase() : ["inventory.fault.id"]),
  name: ({ words }) => words,
  district: ({ words }) => words,
  latitude: (cell) => quantity(cell, Centre.shape.latitude, "centres.fault.degrees", { max: Centre.shape.latitude.unwrap().maxValue ?? 0 }),
  longitude: (cell) => quantity(cell, Centre.shape.longitude, "centres.fault.degrees", { max: Centre.shape.longitude.unwrap().maxValue ?? 0 }),
  officers: (cell) => quantity(cell, Centre.shape.officers, "centres.fault.officers", { max: Centre.shape.officers.unwrap().maxValue ?? 0 }),
  keyArea: ({ words }) => answerOf(words) ?? ["centres.fault.answer"],
  // Three digits behind a point are a thousand to one reader, and a fraction to the next.
  contractMbps: (cell) =>
    /^\d{1,3}[.,]\d{3}$/.test(cell.words) && cell.kind !== "number" ? ["centres.fault.mbps"] : quantity(cell, Centre.shape.contractMbps, "centres.fault.mbps"),
  isp: ({ words }) => words,
  contractNumber: ({ words }) => (Centre.shape.contractNumber.safeParse(words).success ? words : ["centres.fault.line"]),
};

type Quantity = { readonly safeParse: (value: number) => { readonly success: boolean } };

/** A number with a point or a comma before its fraction. */
function quantity({ words }: TableCell, schema: Quantity, fault: TextKey, params: TextParams = {}): number | Fault {
  const value = /^-?\d+([.,]\d+)?$/.test(words) ? Number(words.replace(",", ".")) : Number.NaN;
  return schema.safeParse(value).success ? value : [fault, params];
}

/** Whether a cell is what a spreadsheet makes of a text with zeros at its beginning. */
function losesZeros({ words, kind }: TableCell, declared: string): boolean {
  return kind !== "text" && /^0+\d+$/.test(declared) && declared !== words && declared.replace(/^0+(?=\d)/, "") === words;
}
