import { isDeepStrictEqual } from "node:util";
import { vietnamDay } from "#schemas/calendar.ts";
import type { Lang } from "#schemas/words.ts";
import { oneAtATime } from "../store/advisory-locks.ts";
import type { Db } from "../store/db.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { allSites, importCentres, openSites, type Site } from "../store/sites.ts";
import type { CentreNews, DeclaredFor } from "./centre-changes.ts";
import { centreCell, centreForm } from "./centre-form.ts";
import { deviceCell, deviceForm } from "./device-form.ts";
import type { List, ListKind } from "./read-list.ts";
import { writeTable } from "./write-table.ts";

/** A list that was read: for the Vietnam day from which it counts, against what was declared then. */
export type ReadList = List & { readonly kind: ListKind; readonly day: string; readonly declared: DeclaredFor };

/** What counts on a day by what is declared now; of a centre that is closed by then, what it declared last. */
export async function declaredFor(db: Db, day: string, nowMs: number): Promise<DeclaredFor> {
  const onDay = (await sitesAsOf(db, day, nowMs)).map(({ centre }) => centre);
  const begun = new Set((await sitesAsOf(db, day, nowMs, { begunBy: day })).map(({ centre }) => centre.code));
  const ofAll = (await allSites(db)).map(({ centre }) => centre);
  return {
    centres: new Map([...ofAll, ...onDay].map((centre) => [centre.code, centre])),
    notBegun: new Set(onDay.flatMap(({ code }) => (begun.has(code) ? [] : [code]))),
  };
}

/** The codes of the centres at which a list changes something. */
export function changedCodes({ news }: Pick<List, "news">): readonly string[] {
  return news.flatMap(({ code, kind }: CentreNews) => (kind === "unchanged" ? [] : [code]));
}

/** Keeps what a list declares. False, and nothing kept, where what it was read against is declared no more: its news would be other than was said. */
export async function takeList(tx: Db, list: ReadList, nowMs: number): Promise<boolean> {
  await oneAtATime(tx, "lists");
  if (!isDeepStrictEqual(await declaredFor(tx, list.day, nowMs), list.declared)) return false;
  if (changedCodes(list).length > 0) await importCentres(tx, list.centres, nowMs, list.day);
  return true;
}

/** What is declared today as a file that `readList` takes back, and how many rows it has: the open centres, or the devices of some centres, of all when none are given. */
export async function presentList(
  db: Db,
  {
    kind,
    file,
    lang,
    nowMs,
    sites,
  }: { readonly kind: ListKind; readonly file: string; readonly lang: Lang; readonly nowMs: number; readonly sites?: readonly Site[] },
): Promise<{ readonly bytes: Buffer; readonly rows: number }> {
  if (kind === "centres") {
    const centres = (sites ?? (await openSites(db, vietnamDay(nowMs)))).map(({ centre }) => centre);
    return { bytes: await writeTable(file, centreForm, centres, centreCell, lang), rows: centres.length };
  }
  const rows = (sites ?? (await allSites(db))).flatMap(({ centre }) => centre.devices.map((device) => ({ centre: centre.code, device })));
  return { bytes: await writeTable(file, deviceForm, rows, deviceCell, lang), rows: rows.length };
}
