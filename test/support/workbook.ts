import { xlsx } from "../../collector/report/xlsx.ts";
import { ZipFile, zip } from "../../collector/report/zip.ts";
import { zipParts } from "./zip-parts.ts";

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
  const files = [...ownParts].map(([name, body]) => {
    const file = new ZipFile(name, "stored");
    // Stored files have what was added at once.
    void file.add(name === "xl/worksheets/sheet1.xml" ? sheet : body);
    return file;
  });
  return Buffer.concat(zip(files));
}

const ownParts = zipParts(Buffer.concat(await xlsx([{ name: "a", head: ["x"], widths: [9], rows: [] }])));

/** A cell with text, one with what stands in it as it is, a number, a date, and a formula with its result or without one. */
export const cells = {
  text: (words: string) => `<c t="inlineStr"><is><t>${words}</t></is></c>`,
  number: (value: string) => `<c><v>${value}</v></c>`,
  date: (serial: number) => `<c s="2"><v>${serial}</v></c>`,
  formula: (formula: string, result?: string) => `<c><f>${formula}</f>${result === undefined ? "" : `<v>${result}</v>`}</c>`,
  error: (formula: string, error: string) => `<c t="e"><f>${formula}</f><v>${error}</v></c>`,
  empty: () => "<c/>",
} as const;
