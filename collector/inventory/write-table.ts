import type { Device } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { csv } from "../report/csv.ts";
import { xlsx } from "../report/xlsx.ts";
import { type Column, columns, roleWord } from "./columns.ts";

const widths: Record<Column, number> = { centre: 16, id: 18, role: 24, name: 28, address: 16, vendor: 16, model: 22, serial: 20 };

export type DeviceRow = { readonly centre: string; readonly device: Device };

/** A file that the import takes back: a workbook when its name says so, else CSV. Without rows it is the empty form. */
export function writeTable(file: string, rows: readonly DeviceRow[], lang: Lang): Buffer {
  const head = columns.map((column) => text(lang, `inventory.column.${column}`));
  const body = rows.map((row) => columns.map((column) => cellOf(row, column, lang)));
  if (!/\.xlsx$/i.test(file)) return Buffer.from(csv([head, ...body]), "utf8");
  return xlsx([{ name: text(lang, "inventory.sheet"), head, widths: columns.map((column) => widths[column]), rows: body }]);
}

function cellOf({ centre, device }: DeviceRow, column: Column, lang: Lang): string | undefined {
  if (column === "centre") return centre;
  return column === "role" ? roleWord(lang, device.role) : device[column];
}
