import type { DailyPages } from "#schemas/facts.ts";
import type { Db } from "./db.ts";
import { FOREVER_MS, type Moment } from "./moment.ts";
import { siteName } from "./one-site.ts";
import { bySite, type SiteSpan, siteIds, spanColumns, spansAsW } from "./site-spans.ts";

/** The page counters with which the days of a site's printers began, newest first; of one device when it is named. */
export async function pagesSince(
  db: Db,
  siteId: number,
  sinceMs: number,
  { atMs, knownMs = FOREVER_MS }: Moment,
  device: string | null = null,
): Promise<DailyPages[]> {
  return (await pagesWithin(db, [{ siteId, sinceMs, atMs }], knownMs, device)).get(siteId) ?? [];
}

/** The same of several sites, by site. */
export async function pagesWithin(
  db: Db,
  spans: readonly SiteSpan[],
  knownMs: number,
  device: string | null = null,
): Promise<ReadonlyMap<number, DailyPages[]>> {
  if (spans.length === 0) return new Map();
  const { site, values } = siteName(siteIds(spans), 5);
  const rows = await db.query<DailyPages & { site_id: number }>(
    `SELECT w.site_id, p.device, p.day::text AS day, min(p.pages) AS pages FROM ${spansAsW}
     JOIN pages_day AS p ON p.site_id = ${site("w.site_id")} AND p.day BETWEEN w.since AND w.until AND p.known_at <= to_timestamp($4::float8 / 1000)
     WHERE $5::text IS NULL OR p.device = $5
     GROUP BY w.site_id, p.device, p.day ORDER BY w.site_id, p.day DESC, p.device`,
    [...spanColumns(spans), knownMs, device, ...values],
  );
  return bySite(rows);
}
