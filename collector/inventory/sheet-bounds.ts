import { inflateRawSync } from "node:zlib";

/** Rows and columns beyond which nobody keeps a list of devices. */
const ROW_MAX = 60_000;
const COLUMN_LETTERS_MAX = 2;
const SHEET_BYTES_MAX = 64 * 1024 * 1024;
const DIRECTORY_ENTRY = Buffer.from("PK\u0001\u0002", "latin1");

/**
 * Whether every cell of a workbook's sheets lies within bounds. A reader makes all cells up to the last one that is named, so that one cell
 * `ZZZ99999999` in a file of two kilobytes would take gigabytes. Follows the archive's directory (APPNOTE 4.3.12). @throws when an archive cannot be read
 */
export function areSheetsBounded(archive: Buffer): boolean {
  for (let at = archive.indexOf(DIRECTORY_ENTRY); at !== -1 && at + 46 <= archive.length; at = archive.indexOf(DIRECTORY_ENTRY, at + 46)) {
    const name = archive.toString("utf8", at + 46, at + 46 + archive.readUInt16LE(at + 28));
    if (name.startsWith("xl/worksheets/") && !isBounded(entryText(archive, at))) return false;
  }
  return true;
}

function entryText(archive: Buffer, at: number): string {
  const [method, bytes, header] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20), archive.readUInt32LE(at + 42)];
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const content = archive.subarray(start, start + bytes);
  return (method === 0 ? content : inflateRawSync(content, { maxOutputLength: SHEET_BYTES_MAX })).toString("utf8");
}

/** Cells by their attribute `r` (`A1`), rows by theirs (`1`), and the area that the sheet claims (`A1:H30`). */
function isBounded(sheet: string): boolean {
  for (const [, , place = ""] of sheet.matchAll(/\b(?:r|ref)\s*=\s*(["'])([^"']{0,64})\1/g))
    for (const corner of place.split(":")) {
      const [, letters = "", row = ""] = /^\$?([A-Za-z]*)\$?(\d*)/.exec(corner) ?? [];
      if (letters.length > COLUMN_LETTERS_MAX || Number(row) > ROW_MAX) return false;
    }
  return true;
}
