import { Centre, type DeclaredCentre } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { langs, longest, sameWords, type TableForm } from "./table-form.ts";

/** What a centre declares of itself, without its devices. */
export type CentreColumn = Exclude<keyof Centre, "devices">;

const { name, district, isp, contractNumber } = Centre.shape;

/** The table of the centres. */
export const centreForm: TableForm<CentreColumn> = {
  sheet: "list.centres",
  none: "centres.fault.none",
  columns: {
    code: { head: "inventory.column.centre", width: 16, must: true, hasZeros: true },
    name: { head: "centres.column.name", width: 46, max: longest(name) },
    district: { head: "report.column.district", width: 20, max: longest(district) },
    latitude: { head: "centres.column.latitude", width: 12, isQuantity: true },
    longitude: { head: "centres.column.longitude", width: 12, isQuantity: true },
    officers: { head: "centres.column.officers", width: 12, isQuantity: true },
    keyArea: { head: "web.centre.keyArea", width: 14 },
    contractMbps: { head: "list.contractMbps", width: 14, isQuantity: true },
    isp: { head: "web.filter.isp", width: 16, max: longest(isp) },
    contractNumber: { head: "alert.label.contract", width: 26, max: longest(contractNumber), hasZeros: true },
  },
};

/** What stands in a cell of a centre. */
export function centreCell(centre: Omit<DeclaredCentre, "devices">, column: CentreColumn, lang: Lang): string | number | undefined {
  const value = centre[column];
  return typeof value === "boolean" ? text(lang, value ? "centres.yes" : "centres.no") : value;
}

/** What a cell says to a question: yes or no in either language, and what people put in its place. */
export function answerOf(cell: string): boolean | undefined {
  const says = (key: "centres.yes" | "centres.no", ...others: string[]) => sameWords(cell, [...langs.map((lang) => text(lang, key)), ...others]);
  if (says("centres.yes", "true", "x", "1")) return true;
  return says("centres.no", "false", "0") ? false : undefined;
}
