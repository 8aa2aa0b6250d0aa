import { isDeepStrictEqual } from "node:util";
import type { Centre, DeclaredCentre } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CentreColumn, centreCell, centreForm } from "./centre-form.ts";
import { columnsOf, headOf } from "./table-form.ts";

/** What a list of centres changes at one of them. */
export type CentreNews = {
  readonly code: string;
  readonly kind: "new" | "changed" | "unchanged";
  /** What is declared otherwise, and what was. */
  readonly columns: readonly CentreColumn[];
  readonly devices: boolean;
  readonly before?: Centre;
  readonly after: DeclaredCentre;
};

/** What is declared for a day, and the centres of which nothing counts on it yet. */
export type DeclaredFor = { readonly centres: ReadonlyMap<string, Centre>; readonly notBegun: ReadonlySet<string> };

/** What centres declare against what they declared. Pure. */
export function centreNews({ centres, notBegun }: DeclaredFor, declared: readonly DeclaredCentre[]): readonly CentreNews[] {
  return declared.map((after): CentreNews => {
    const { code } = after;
    const before = centres.get(code);
    if (before === undefined) return { code, kind: "new", columns: [], devices: false, after };
    const columns = columnsOf(centreForm).filter((column) => before[column] !== after[column]);
    const devices = after.devices !== undefined && !isDeepStrictEqual(before.devices, after.devices);
    const kind = columns.length > 0 || devices || notBegun.has(code) ? "changed" : "unchanged";
    return { code, kind, columns, devices, before, after };
  });
}

/** The same as a sentence. */
export function newsWords({ code, kind, columns, devices, before, after }: CentreNews, lang: Lang): string {
  if (kind === "new") return text(lang, "centres.new", { code, name: after.name });
  const cells = columns.map((column) => {
    const [was, is] = [before, after].map((centre) => centre && centreCell(centre, column, lang));
    return text(lang, is === undefined ? "centres.taken" : "centres.other", { column: headOf(centreForm, column, lang), was: said(was), is: said(is) });
  });
  return text(lang, "centres.changed", {
    code,
    what: [...cells, ...(devices ? [text(lang, "inventory.sheet")] : [])].join("; ") || text(lang, "centres.earlier"),
  });
}

/** A value as people look for it in the file: a number with its own point, and nothing as such. */
function said(value: string | number | undefined): string {
  return value === undefined ? "–" : String(value);
}
