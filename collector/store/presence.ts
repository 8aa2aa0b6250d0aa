import type { Presence } from "#schemas/facts.ts";
import type { Db } from "./db.ts";
import { FOREVER_MS, type Moment } from "./moment.ts";
import { siteName } from "./one-site.ts";
import { bySite, type SiteSpan, siteIds, spanColumns, spansAsW } from "./site-spans.ts";

/** The Vietnam days from `sinceMs` to a moment on which devices of a site answered, newest first. */
export async function presenceSince(db: Db, siteId: number, sinceMs: number, { atMs, knownMs = FOREVER_MS }: Moment): Promise<Presence[]> {
  return (await presenceWithin(db, [{ siteId, sinceMs, atMs }], knownMs)).get(siteId) ?? [];
}

/** The same of several sites, by site. */
export async function presenceWithin(db: Db, spans: readonly SiteSpan[], knownMs: number): Promise<ReadonlyMap<number, Presence[]>> {
  const { site, values } = siteName(siteIds(spans), 4);
  const rows = await db.query<Presence & { site_id: number }>(
    `SELECT w.site_id, p.device, p.role, p.day::text AS day FROM ${spansAsW}
     JOIN presence_day AS p ON p.site_id = ${site("w.site_id")} AND p.day BETWEEN w.since AND w.until AND p.known_at <= to_timestamp($4::float8 / 1000)
     ORDER BY w.site_id, p.day DESC, p.device`,
    [...spanColumns(spans), knownMs, ...values],
  );
  return bySite(rows);
}
