import type { PgRemoteDatabase } from "drizzle-orm/pg-proxy";
import type { Waiver, Withdrawal } from "#schemas/attestation.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import type { WaiverFault } from "../attest/waiver-input.ts";
import type { Db } from "./db.ts";
import { and, asc, eq, gt, gte, isNull, lt, or, sql } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { jsonText } from "./json-text.ts";
import { allRows, type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";
import { sites, waivers } from "./tables.ts";

/** Most waivers of one centre that have not ended, withdrawn ones too: a judgement reads no more. */
export const SITE_WAIVERS_MAX = 200;

/** What undoes the transaction of waivers of which one is refused. */
class NothingKept extends Error {}

/** Keeps waivers, all or none: gives what is wrong with each, in their order. The same id twice changes nothing. */
export async function addWaivers(db: Db, added: readonly Waiver[], nowMs: number): Promise<readonly (WaiverFault | undefined)[]> {
  let faults: (WaiverFault | undefined)[] = [];
  const keeping = db.transaction(async (tx) => {
    faults = [];
    // Of two that file the same at once, the second sees the first.
    await tx.query("LOCK TABLE waiver IN SHARE ROW EXCLUSIVE MODE");
    for (const waiver of added) faults.push(await addWaiver(tx, waiver, nowMs));
    if (faults.some((fault) => fault !== undefined)) throw new NothingKept();
  });
  await keeping.catch((error: unknown) => {
    if (!(error instanceof NothingKept)) throw error;
  });
  return faults;
}

async function addWaiver(tx: Db, waiver: Waiver, nowMs: number): Promise<WaiverFault | undefined> {
  const { centre, id, requirement, from, until, document } = waiver;
  const [place] = await tx.query<{ site_id: number }>("SELECT site_id FROM site WHERE centre_code = $1", [centre]);
  if (!place) return "centre";
  const alike = await tx.query<{ id: string; withdrawn: boolean }>(
    `SELECT id, body ? 'withdrawn' AS withdrawn FROM waiver WHERE site_id = $1
       AND (id = $2 OR requirement = $3 AND until_day = ($4::text)::date AND body ->> 'document' = $5 AND NOT body ? 'withdrawn')`,
    [place.site_id, id, requirement, until, document],
  );
  const same = alike.find((one) => one.id === id);
  if (same) return same.withdrawn ? "waiverWithdrawn" : undefined;
  if (alike.length > 0) return "waiverTwice";
  const [standing] = await tx.query<{ n: number }>("SELECT count(*)::int AS n FROM waiver WHERE site_id = $1 AND until_day >= ($2::text)::date", [
    place.site_id,
    vietnamDay(nowMs),
  ]);
  if ((standing?.n ?? 0) >= SITE_WAIVERS_MAX) return "waiversFull";
  await tx.query(
    `INSERT INTO waiver (site_id, id, requirement, from_day, until_day, body, recorded_at)
     VALUES ($1, $2, $3, ($4::text)::date, ($5::text)::date, ($6::text)::jsonb, to_timestamp($7::float8 / 1000))`,
    [place.site_id, id, requirement, from, until, jsonText(waiver), nowMs],
  );
  return undefined;
}

/**
 * Withdraws a waiver that ends on `day` or later, by its id; it stays stored with who, when and why. Gives its centre and requirement; undefined when there is
 * none of that id, or it was withdrawn before.
 */
export async function withdrawWaiver(db: Db, id: string, day: string, withdrawn: Withdrawal): Promise<Waiver | undefined> {
  const [row] = await db.query<{ body: Waiver }>(
    `UPDATE waiver SET body = body || ($3::text)::jsonb WHERE id = $1 AND until_day >= ($2::text)::date AND NOT body ? 'withdrawn' RETURNING body`,
    [id, day, jsonText({ withdrawn })],
  );
  return row?.body;
}

/**
 * All waivers that end on `day` or later, of one centre or of all that are not closed on that day, those that end first at the top and the withdrawn ones at
 * the bottom.
 */
export async function waiversFrom(db: Db, day: string, centre?: string): Promise<Waiver[]> {
  const rows = await drizzled(db, (to) => listed(to, day, centre));
  return rows.map(({ body }) => body);
}

/** Forgets the waivers that ended before a Vietnam day, by their own last day: a withdrawn one must stay known, or its file could bring it back. */
export async function forgetWaiversEndedBefore(db: Db, day: string): Promise<void> {
  await drizzled(db, (to) => to.delete(waivers).where(lt(waivers.untilDay, day)));
}

/** A page of `waiversFrom`. */
export function waiverPart(db: Db, day: string, centre: string | undefined, page: number): Promise<ListPart<Waiver>> {
  const rows = drizzled(db, (to) => listed(to, day, centre).limit(PART_ROWS).offset(rowsBefore(page)));
  const counted = drizzled(db, (to) => to.select(allRows).from(waivers).innerJoin(sites, eq(sites.siteId, waivers.siteId)).where(endsFrom(day, centre)));
  return listPart(
    page,
    rows.then((found) => found.map(({ body }) => body)),
    counted,
  );
}

function listed(to: PgRemoteDatabase, day: string, centre: string | undefined) {
  return to
    .select({ body: waivers.body })
    .from(waivers)
    .innerJoin(sites, eq(sites.siteId, waivers.siteId))
    .where(endsFrom(day, centre))
    .orderBy(asc(sql`${waivers.body} ? 'withdrawn'`), asc(waivers.untilDay), asc(sites.centreCode), asc(waivers.id));
}

function endsFrom(day: string, centre: string | undefined) {
  return and(gte(waivers.untilDay, day), centre === undefined ? or(isNull(sites.closedOn), gt(sites.closedOn, day)) : eq(sites.centreCode, centre));
}
