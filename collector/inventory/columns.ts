import { type DeviceRole, deviceRoles } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { foldMarks } from "../web/format.ts";

/** The columns of a file of devices, in the order in which we write them. Their heads stand in the catalogue. */
export const columns = ["centre", "id", "role", "name", "address", "vendor", "model", "serial"] as const;
export type Column = (typeof columns)[number];
/** Without these a row says nothing. */
export const requiredColumns: readonly Column[] = ["centre", "role"];

const langs: readonly Lang[] = ["vi", "en"];

/** The column that a head names: its words in either language, with or without marks, or its short name. */
export function columnOf(head: string): Column | undefined {
  return columns.find((column) => sameWords(head, [column, ...langs.map((lang) => text(lang, `inventory.column.${column}`))]));
}

/** The kind that a cell names: its words in either language, or its code. */
export function roleOf(cell: string): DeviceRole | undefined {
  return deviceRoles.find((role) => sameWords(cell, [role, ...langs.map((lang) => roleWord(lang, role))]));
}

/** A kind of device in the words of people. */
export function roleWord(lang: Lang, role: DeviceRole): string {
  return text(lang, `device.role.${role}`);
}

function sameWords(said: string, known: readonly string[]): boolean {
  const plain = (words: string) => foldMarks(words).replace(/[\s*.:_-]+/g, "");
  return known.some((words) => plain(words) === plain(said));
}
