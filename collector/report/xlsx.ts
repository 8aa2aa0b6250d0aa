import { VIETNAM_OFFSET_MS, vietnamDayStartMs } from "#schemas/calendar.ts";
import { groupsInTurns } from "../groups-in-turns.ts";
import type { Cell } from "./csv.ts";
import { type Keeping, ZipFile, zip } from "./zip.ts";

/** One sheet: `head` is bold and frozen; widths are in characters. */
export type XlsxSheet = {
  readonly name: string;
  readonly head: readonly string[];
  readonly widths: readonly number[];
  readonly rows: Iterable<readonly Cell[]>;
};

/** A sheet before its rows. */
export type XlsxHead = Omit<XlsxSheet, "rows">;

/** The media type of a workbook. */
export const XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packageRelations = "http://schemas.openxmlformats.org/package/2006/relationships";

/** Rows that are written in one go: between two groups the collector does what waits. */
const ROWS_AT_ONCE = 500;

/**
 * A workbook (ECMA-376) with text as text: a cell that begins with "=" is a string and never a formula. Byte-identical for the same sheets, on every machine.
 * Rows are asked for as their turn comes. It is given in pieces: of a large province it has a hundred megabytes.
 */
export async function xlsx(sheets: readonly XlsxSheet[]): Promise<readonly Buffer[]> {
  const book = new XlsxBook(sheets, "stored");
  for (const [place, { rows }] of sheets.entries()) for await (const group of groupsInTurns(rows, ROWS_AT_ONCE)) await book.add(place, group);
  return book.end();
}

type Rows = readonly (readonly Cell[])[];

/** A workbook whose rows come a group at a time. */
export class XlsxBook {
  readonly #keeping: Keeping;
  readonly #sheets: readonly { readonly sheet: XlsxHead; readonly file: ZipFile; rows: number }[];

  constructor(sheets: readonly XlsxHead[], keeping: Keeping) {
    this.#keeping = keeping;
    this.#sheets = sheets.map((sheet, index) => ({ sheet, file: new ZipFile(sheetName(index), keeping), rows: 0 }));
  }

  /** Writes rows below those that a sheet has; one call at a time. */
  async add(place: number, rows: Rows): Promise<void> {
    const into = this.#sheets[place];
    if (!into) throw new Error(`there is no sheet ${place}`);
    let xml = into.rows === 0 ? sheetStart(into.sheet) : "";
    for (const row of rows) {
      into.rows += 1;
      xml += rowXml(row, into.rows + 1);
    }
    await into.file.add(xml);
  }

  async end(): Promise<readonly Buffer[]> {
    for (const { sheet, file, rows } of this.#sheets) await file.add((rows === 0 ? sheetStart(sheet) : "") + sheetEnd(sheet, rows));
    const frame = frameParts(this.#sheets.map(({ sheet }) => sheet)).map(async ({ name, body }) => {
      const file = new ZipFile(name, this.#keeping);
      await file.add(body);
      return file;
    });
    return zip([...(await Promise.all(frame)), ...this.#sheets.map(({ file }) => file)]);
  }
}

const sheetName = (index: number) => `xl/worksheets/sheet${index + 1}.xml`;

/** All parts of a workbook but its sheets. */
function frameParts(sheets: readonly XlsxHead[]): { readonly name: string; readonly body: string }[] {
  return [
    { name: "[Content_Types].xml", body: contentTypes(sheets.length) },
    {
      name: "_rels/.rels",
      body: `${declaration}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    },
    { name: "xl/workbook.xml", body: workbook(sheets) },
    { name: "xl/_rels/workbook.xml.rels", body: workbookRelations(sheets.length) },
    { name: "xl/styles.xml", body: styles },
  ];
}

function contentTypes(count: number): string {
  const base = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const parts = Array.from({ length: count }, (_, index) => `<Override PartName="/xl/worksheets/sheet${index + 1}.xml" ContentType="${base}.worksheet+xml"/>`);
  return `${declaration}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${base}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${base}.styles+xml"/>${parts.join("")}</Types>`;
}

function workbook(sheets: readonly XlsxHead[]): string {
  // Excel refuses sheet names of more than 31 characters or with one of these in them.
  const names = sheets.map(
    ({ name }, index) => `<sheet name="${escapeXml(name.replace(/[[\]:*?/\\]/g, " ").slice(0, 31))}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`,
  );
  return `${declaration}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${names.join("")}</sheets></workbook>`;
}

function workbookRelations(count: number): string {
  const sheets = Array.from(
    { length: count },
    (_, index) => `<Relationship Id="rId${index + 1}" Type="${relations}/worksheet" Target="worksheets/sheet${index + 1}.xml"/>`,
  );
  return `${declaration}<Relationships xmlns="${packageRelations}">${sheets.join("")}<Relationship Id="rId${count + 1}" Type="${relations}/styles" Target="styles.xml"/></Relationships>`;
}

// Style 0 is plain and wraps, style 1 is a bold head, 2 an instant and 3 a day.
const styles = `${declaration}<styleSheet xmlns="${main}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFE3E9EF"/></patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf><xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>${[164, 165].map((format) => `<xf numFmtId="${format}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>`).join("")}</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

function sheetStart({ head, widths }: XlsxHead): string {
  const columns = widths.map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`).join("");
  return `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${columns}</cols><sheetData>${rowXml(head, 1)}`;
}

/** A row by its number; the first one is the head. */
function rowXml(row: readonly Cell[], number: number): string {
  const style = number === 1 ? 1 : 0;
  let cells = "";
  for (let column = 0; column < row.length; column++) cells += cellXml(row[column], `${columnName(column)}${number}`, style);
  return `<row r="${number}">${cells}</row>`;
}

function sheetEnd({ head }: XlsxHead, rows: number): string {
  return `</sheetData><autoFilter ref="A1:${columnName(head.length - 1)}${rows + 1}"/><pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>`;
}

function cellXml(cell: Cell, reference: string, style: number): string {
  if (cell === undefined || cell === "") return "";
  if (typeof cell === "number") return `<c r="${reference}" s="${style}"><v>${cell}</v></c>`;
  if (typeof cell === "object") return `<c r="${reference}" s="${"day" in cell ? 3 : 2}"><v>${serial(cell)}</v></c>`;
  return `<c r="${reference}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(cell)}</t></is></c>`;
}

/** Days since 30 December 1899 in Vietnam, to the minute: how spreadsheets keep time. */
function serial(cell: { readonly at: string } | { readonly day: string }): number {
  const atMs = "day" in cell ? vietnamDayStartMs(cell.day) : Date.parse(cell.at);
  return Math.floor((atMs + VIETNAM_OFFSET_MS) / 60_000) / 1_440 + 25_569;
}

/** Column letters of a zero-based place: A, B, ... Z, AA. */
function columnName(place: number): string {
  const known = columnNames[place];
  if (known !== undefined) return known;
  const rest = Math.floor(place / 26);
  const name = (rest > 0 ? columnName(rest - 1) : "") + String.fromCharCode(65 + (place % 26));
  columnNames[place] = name;
  return name;
}
const columnNames: string[] = [];

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** What a cell cannot hold as it stands, lone surrogates with it: nearly no words have any of it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const special = /[&<>"\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/;
const CELL_MAX = 32_767;

function escapeXml(words: string): string {
  if (words.length <= CELL_MAX && !special.test(words)) return words;
  // XML 1.0 knows no control characters besides tab and line ends, not even escaped ones.
  const plain = words.slice(0, CELL_MAX).toWellFormed().replace(illegal, "");
  return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
