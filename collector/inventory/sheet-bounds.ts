import { partsOf } from "./archive-parts.ts";

/** Rows and columns beyond which nobody keeps a list of devices. */
const ROW_MAX = 60_000;
const COLUMN_LETTERS_MAX = 2;

/**
 * Whether every cell of a workbook's sheets lies within bounds. A reader makes all cells up to the last one that is named, so that one cell
 * `ZZZ99999999` in a file of two kilobytes would take gigabytes. @throws when an archive cannot be read
 */
export function areSheetsBounded(archive: Buffer): boolean {
  for (const { name, text } of partsOf(archive)) if (name.startsWith("xl/worksheets/") && !isBounded(text())) return false;
  return true;
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
