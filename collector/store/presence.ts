import type { Presence } from "#schemas/facts.ts";
import type { Db } from "./db.ts";
import { FOREVER_MS, type Moment } from "./moment.ts";
import { siteName } from "./one-site.ts";
import { bySite, type SiteSpan, siteIds, spanColumns, spansAsW } from "./site-spans.ts";

/**
 * Most days of devices that are read of one site, the newest: 160 devices on each of 31 days, where a large centre has some dozens. An agent that invents
 * names must hold up no judgement.
 */
export const SITE_PRESENCE_MAX = 5_000;

/** The Vietnam days from `sinceMs` to a moment on which devices of a site answered, newest first. */
export async function presenceSince(db: Db, siteId: number, sinceMs: number, { atMs, knownMs = FOREVER_MS }: Moment): Promise<Presence[]> {
  return (await presenceWithin(db, [{ siteId, sinceMs, atMs }], knownMs)).get(siteId) ?? [];
}

/** The same of several sites, by site, of each at most `SITE_PRESENCE_MAX`. */
export async function presenceWithin(db: Db, spans: readonly SiteSpan[], knownMs: number): Promise<ReadonlyMap<number, Presence[]>> {
  const { site, values } = siteName(siteIds(spans), 5);
  const rows = await db.query<Presence & { site_id: number }>(
    `SELECT w.site_id, p.device, p.role, p.day::text AS day FROM ${spansAsW}
     CROSS JOIN LATERAL (
       SELECT * FROM presence_day AS d WHERE d.site_id = ${site("w.site_id")} AND d.day BETWEEN w.since AND w.until AND d.known_at <= to_timestamp($4::float8 / 1000)
       ORDER BY d.day DESC, d.device LIMIT $5::int
     ) AS p ORDER BY w.site_id, p.day DESC, p.device`,
    [...spanColumns(spans), knownMs, SITE_PRESENCE_MAX, ...values],
  );
  return bySite(rows);
}
