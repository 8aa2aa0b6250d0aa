import { xlsx } from "../../collector/report/xlsx.ts";
import { zip } from "../../collector/report/zip.ts";

/**
 * A workbook whose first sheet has rows of cells as Excel writes them: `<c …>` without its place, which is put in. Style 2 is a date. Other parts are those of
 * our own.
 */
export function workbook(rows: readonly (readonly string[])[]): Buffer {
  const cell = (xml: string, place: string) => xml.replace("<c", `<c r="${place}"`);
  const lines = rows.map(
    (cells, row) => `<row r="${row + 1}">${cells.map((xml, column) => cell(xml, `${String.fromCharCode(65 + column)}${row + 1}`)).join("")}</row>`,
  );
  const sheet = `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${lines.join("")}</sheetData></worksheet>`;
  const own = xlsx([{ name: "a", head: ["x"], widths: [9], rows: [] }]);
  const parts = storedParts(own).map((part) => (part.name === "xl/worksheets/sheet1.xml" ? { ...part, body: sheet } : part));
  return zip(parts);
}

/** A cell with text, one with what stands in it as it is, a number, a date, and a formula with its result or without one. */
export const cells = {
  text: (words: string) => `<c t="inlineStr"><is><t>${words}</t></is></c>`,
  number: (value: string) => `<c><v>${value}</v></c>`,
  date: (serial: number) => `<c s="2"><v>${serial}</v></c>`,
  formula: (formula: string, result?: string) => `<c><f>${formula}</f>${result === undefined ? "" : `<v>${result}</v>`}</c>`,
  error: (formula: string, error: string) => `<c t="e"><f>${formula}</f><v>${error}</v></c>`,
  empty: () => "<c/>",
} as const;

function storedParts(book: Buffer): { name: string; body: string }[] {
  const parts: { name: string; body: string }[] = [];
  for (let at = 0; book.readUInt32LE(at) === 0x04034b50; ) {
    const [size, nameSize] = [book.readUInt32LE(at + 18), book.readUInt16LE(at + 26)];
    const start = at + 30 + nameSize;
    parts.push({ name: book.toString("utf8", at + 30, start), body: book.toString("utf8", start, start + size) });
    at = start + size;
  }
  return parts;
}
