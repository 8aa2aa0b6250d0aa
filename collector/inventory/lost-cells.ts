import { partsOf } from "./archive-parts.ts";

/** Most of them that are told of. */
const CELLS_MAX = 1_000;

/** A cell by its place, from 0 on, and what a person sees there. */
export type LostCell = { readonly row: number; readonly column: number; readonly words: string };

/**
 * The cells of a workbook's first sheet that a reader takes for empty although something stands there: a formula that nobody has reckoned, as
 * programs write it, and one whose result is an error. @throws when an archive cannot be read
 */
export function lostCells(archive: Buffer): readonly LostCell[] {
  const parts = new Map([...partsOf(archive)].map(({ name, text }) => [name, text]));
  const sheet = parts.get(firstSheet(parts.get("xl/workbook.xml")?.() ?? "", parts.get("xl/_rels/workbook.xml.rels")?.() ?? ""))?.() ?? "";
  const lost: LostCell[] = [];
  // From one cell to the next, so that a file without an end to its cells costs no more than another.
  for (let at = sheet.indexOf(CELL), next: number; at !== -1 && lost.length < CELLS_MAX; at = next) {
    next = sheet.indexOf(CELL, at + CELL.length);
    const words = lostWords(sheet.slice(at, next === -1 ? undefined : next));
    const [, letters = "", row = ""] = /\br="([A-Z]{1,2})(\d{1,5})"/.exec(sheet.slice(at, at + 100)) ?? [];
    if (words !== undefined && row !== "") lost.push({ row: Number(row) - 1, column: placeOf(letters), words });
  }
  return lost;
}

const CELL = "<c ";

function lostWords(cell: string): string | undefined {
  const head = cell.slice(0, cell.indexOf(">"));
  const [, value] = /<v>([^<]{0,40})/.exec(cell) ?? [];
  if (/\bt="e"/.test(head)) return value ?? "#";
  return /<f[\s/>]/.test(cell) && !/<v[\s/>]/.test(cell) ? "=" : undefined;
}

function firstSheet(workbook: string, relations: string): string {
  const [, id = ""] = /<sheet\s[^>]{0,400}?\br:id="([^"]{1,40})"/.exec(workbook) ?? [];
  const relation = relations.match(/<Relationship\s[^>]{0,800}>/g)?.find((one) => one.includes(`Id="${id}"`)) ?? "";
  const [, target = ""] = /\bTarget="([^"]{1,200})"/.exec(relation) ?? [];
  return target.startsWith("/") ? target.slice(1) : `xl/${target}`;
}

function placeOf(letters: string): number {
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}
