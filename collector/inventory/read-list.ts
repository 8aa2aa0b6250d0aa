import { createHash } from "node:crypto";
import type { DeclaredCentre } from "#schemas/inventory.ts";
import type { Lang } from "#schemas/words.ts";
import { type CentreNews, centreNews, type DeclaredFor } from "./centre-changes.ts";
import { readCentreTable } from "./centre-file.ts";
import { centreForm } from "./centre-form.ts";
import { withDevices } from "./declare.ts";
import { readDeviceTable } from "./device-file.ts";
import { deviceForm } from "./device-form.ts";
import { tableOf } from "./read-table.ts";

/** What is kept as a table. */
export const listKinds = ["centres", "devices"] as const;
export type ListKind = (typeof listKinds)[number];

/** A file with a list. `file` is its name in sentences; `clear`: an empty cell of a centre takes away what is declared. */
export type ListFile = { readonly kind: ListKind; readonly bytes: Uint8Array; readonly file: string; readonly lang: Lang; readonly clear: boolean };

/** What a list declares, what of that is news at each centre that it names, and what a person should look at although it was taken. */
export type List = { readonly centres: readonly DeclaredCentre[]; readonly news: readonly CentreNews[]; readonly notes: readonly string[] };

/** Reads a list against what is declared for the day from which it counts. All or nothing: @throws TableRefused with a sentence for each fault. */
export async function readList(given: ListFile, declared: DeclaredFor): Promise<List> {
  const { centres, notes } = given.kind === "centres" ? await centresOf(given, declared) : await devicesOf(given, declared);
  return { centres, news: centreNews(declared, centres), notes };
}

/** A number for all that a list changes from a Vietnam day on, in base64url: two lists that change the same have the same. */
export function digestOf({ news }: Pick<List, "news">, kind: ListKind, day: string): string {
  const changes = news.filter((one) => one.kind !== "unchanged");
  return createHash("sha256")
    .update(JSON.stringify([kind, day, changes]))
    .digest("base64url");
}

async function centresOf({ bytes, file, lang, clear }: ListFile, declared: DeclaredFor): Promise<Omit<List, "news">> {
  return readCentreTable(await tableOf(Buffer.from(bytes), file, lang, centreForm), { file, lang, declared: declared.centres, clear });
}

async function devicesOf({ bytes, file, lang }: ListFile, { centres }: DeclaredFor): Promise<Omit<List, "news">> {
  const table = await tableOf(Buffer.from(bytes), file, lang, deviceForm);
  const read = readDeviceTable(table, { file, lang, isCentre: (code) => centres.has(code) });
  return { centres: withDevices(centres.values(), read), notes: read.notes };
}
