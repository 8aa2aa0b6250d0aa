import { FoundDevice, type KnownDevice } from "#schemas/asset-ledger.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import { foundIn, knownDevices } from "#schemas/evaluate/daily-facts.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import type { Part } from "./flush-part.ts";
import { jsonText } from "./json-text.ts";
import type { Moment } from "./moment.ts";
import { siteName } from "./one-site.ts";
import { pointsOfStreams, withPoint } from "./points.ts";
import { runsOf } from "./run-reads.ts";
import { bySite, type SiteSpan, siteIds, spanColumns, spansAsW } from "./site-spans.ts";
import { type StoredRow, storedColumns, storedRuns } from "./stored-runs.ts";

/** A device that a search has met on a Vietnam day. */
export type FoundRow = { readonly siteId: number; readonly found: FoundDevice; readonly day: string };

/** Most devices of one site that are read at once, the ones that were met last; of more in 30 days, the new ones are not written (migration 0047). */
export const SITE_FOUND_MAX = 2_000;
/** A search a day, and some by hand. */
const SEARCHES_READ_MAX = 200;
const DISCOVERY = "device-discovery";
const searchSpan = runsOf({ site: "$1", source: "s.source_id", since: "to_timestamp($3::float8 / 1000)", until: "to_timestamp($4::float8 / 1000)" });

/** What searches have met: the first and the last day of each device, and what the newest search said of it. */
export function foundPart(rows: readonly FoundRow[]): Part {
  const sites = [...Map.groupBy(rows, ({ siteId }) => siteId)];
  const named = sites.flatMap(([siteId, own]) => knownDevices(own).map((known) => ({ siteId, known, name: `${siteId} ${known.identity}` })));
  const sorted = named.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    call: "add_found",
    types: ["int4[]", "text[]", "text[]", "text[]", "text[]"],
    lists: [
      numbersLiteral(sorted.map(({ siteId }) => siteId)),
      textsLiteral(sorted.map(({ known }) => known.identity)),
      textsLiteral(sorted.map(({ known }) => known.firstDay)),
      textsLiteral(sorted.map(({ known }) => known.lastDay)),
      textsLiteral(sorted.map(({ known: { firstDay: _, lastDay: __, ...found } }) => jsonText(found))),
    ],
  };
}

/** What searches have met at a site from `sinceMs` to a moment. A device whose first day lies after it was not known then. */
export async function foundDevices(db: Db, siteId: number, sinceMs: number, { atMs, knownMs }: Moment): Promise<KnownDevice[]> {
  return (await foundWithin(db, [{ siteId, sinceMs, atMs }], knownMs)).get(siteId) ?? [];
}

/** The same of several sites, by site. */
export async function foundWithin(db: Db, spans: readonly SiteSpan[], knownMs: number | undefined): Promise<ReadonlyMap<number, KnownDevice[]>> {
  if (knownMs !== undefined) return new Map(await Promise.all(spans.map(async (span) => [span.siteId, await foundThen(db, span, knownMs)] as const)));
  const { site, values } = siteName(siteIds(spans), 4);
  const rows = await db.query<{ site_id: number; first_day: string; last_day: string; body: unknown }>(
    `SELECT w.site_id, f.first_day::text, least(f.last_day, w.until)::text AS last_day, f.body FROM ${spansAsW} CROSS JOIN LATERAL (
       SELECT * FROM found_device AS d WHERE d.site_id = ${site("w.site_id")} AND d.last_day >= w.since AND d.first_day <= w.until ORDER BY d.last_day DESC, d.identity LIMIT $4::int
     ) AS f ORDER BY w.site_id, f.last_day DESC, f.identity`,
    [...spanColumns(spans), SITE_FOUND_MAX, ...values],
  );
  return bySite(rows.map(({ site_id, first_day, last_day, body }) => ({ ...FoundDevice.parse(body), site_id, firstDay: first_day, lastDay: last_day })));
}

/** The same for a past moment, from the searches themselves: the table keeps the newest word only. */
async function foundThen(db: Db, { siteId, sinceMs, atMs }: SiteSpan, knownMs: number): Promise<KnownDevice[]> {
  const searches = await db.query<StoredRow>(
    `SELECT ${storedColumns} FROM run_source AS s, LATERAL ${searchSpan} AS r
     WHERE s.site_id = $1 AND s.probe = $2 AND r.taken_at > to_timestamp($3::float8 / 1000) AND r.received_at <= to_timestamp($5::float8 / 1000)
     ORDER BY r.taken_at DESC, r.stream, r.seq LIMIT $6::int`,
    [siteId, DISCOVERY, sinceMs, atMs, knownMs, SEARCHES_READ_MAX],
  );
  const [runs, points] = await Promise.all([storedRuns(db, searches, { evidence: true }), pointsOfStreams(db, siteId)]);
  const rows = runs.flatMap((run) => foundIn(DISCOVERY, run.outcome, withPoint(run, points).point).map((found) => ({ found, day: vietnamDay(run.atMs) })));
  return knownDevices(rows.reverse())
    .sort((a, b) => b.lastDay.localeCompare(a.lastDay) || a.identity.localeCompare(b.identity))
    .slice(0, SITE_FOUND_MAX);
}

/** Forgets what was met last before a Vietnam day. */
export async function forgetFoundBefore(db: Db, day: string): Promise<void> {
  await db.query("DELETE FROM found_device WHERE last_day < ($1::text)::date", [day]);
}
