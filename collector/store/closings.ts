import { vietnamDay } from "#schemas/calendar.ts";
import type { Closing } from "#schemas/inventory.ts";
import { numbersLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { lockSites } from "./findings.ts";

/** What a closing, or its withdrawal, is kept with. */
type Entry = { readonly reason: string; readonly nowMs: number };

/** Keeps that a centre is closed from a day on, in place of what was said before. A day that has come counts at once. */
export async function closeSite(db: Db, siteId: number, closing: Closing, entry: Entry): Promise<void> {
  await db.transaction(async (tx) => {
    await addClosing(tx, siteId, closing, entry);
    await endClosedSites(tx, entry.nowMs);
  });
}

/** Takes a closing back: the centre is judged again, and its agents may speak. What was reported meanwhile stays. */
export async function reopenSite(db: Db, siteId: number, entry: Entry): Promise<void> {
  await db.transaction((tx) => addClosing(tx, siteId, undefined, entry));
}

async function addClosing(tx: Db, siteId: number, closing: Closing | undefined, { reason, nowMs }: Entry): Promise<void> {
  const said = [siteId, closing?.on ?? null, closing?.into ?? null];
  await tx.query(
    `INSERT INTO site_closing (site_id, closed_on, into_code, reason, recorded_at) VALUES ($1, ($2::text)::date, $3, $4, to_timestamp($5::float8 / 1000))
     ON CONFLICT (site_id, recorded_at) DO UPDATE SET closed_on = excluded.closed_on, into_code = excluded.into_code, reason = excluded.reason`,
    [...said, reason, nowMs],
  );
  await tx.query("UPDATE site SET closed_on = ($2::text)::date, closed_into = $3 WHERE site_id = $1", said);
}

/**
 * Takes the present findings of closed centres away; their history stays. Again changes nothing. Their problems are ended by the next step of the alerts, which
 * tells people.
 */
export async function endClosedSites(tx: Db, nowMs: number): Promise<void> {
  const rows = await tx.query<{ site_id: number }>(
    "SELECT DISTINCT f.site_id FROM finding AS f JOIN site AS s USING (site_id) WHERE s.closed_on <= ($1::text)::date",
    [vietnamDay(nowMs)],
  );
  if (rows.length === 0) return;
  const siteIds = rows.map(({ site_id }) => site_id);
  // A judge that has read its facts writes first; the next one sees that they are closed.
  await lockSites(tx, siteIds);
  await tx.query("DELETE FROM finding WHERE site_id = ANY (($1::text)::int4[])", [numbersLiteral(siteIds)]);
}

/** The sites whose closing day lies after one Vietnam day and not after another one, by what was known at `knownMs`. */
export async function closingsWithin(db: Db, afterDay: string, untilDay: string, knownMs: number): Promise<{ siteId: number; closed: Closing }[]> {
  const rows = await db.query<{ site_id: number; closed: string; into: string | null }>(
    `SELECT site_id, closed_on::text AS closed, into_code AS into FROM (
       SELECT DISTINCT ON (site_id) site_id, closed_on, into_code FROM site_closing WHERE recorded_at <= to_timestamp($3::float8 / 1000)
       ORDER BY site_id, recorded_at DESC
     ) AS c WHERE closed_on > ($1::text)::date AND closed_on <= ($2::text)::date ORDER BY site_id`,
    [afterDay, untilDay, knownMs],
  );
  return rows.map(({ site_id, closed, into }) => ({ siteId: site_id, closed: { on: closed, ...(into !== null && { into }) } }));
}
