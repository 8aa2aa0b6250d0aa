import type { Attestation, Waiver } from "#schemas/attestation.ts";
import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import type { DailyPeak, Facts, Need, Needs, SharedFault, Span } from "#schemas/facts.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import { type Db, instantMs } from "./db.ts";
import { dutiesSince } from "./duties.ts";
import { foundDevices } from "./found-devices.ts";
import { FOREVER_MS, type Moment } from "./moment.ts";
import { pagesSince } from "./page-counters.ts";
import { presenceSince } from "./presence.ts";
import type { Site } from "./sites.ts";
import { type StoredRow, storedColumns, storedRuns } from "./stored-runs.ts";

const DAY_MS = 86_400_000;
/** Working days that a count looks back, weekends and Tết included. */
const PRESENCE_DAYS = 30;
const PEAK_DAYS = 92;
/** The longest time over which a policy may ask whether a printer is used. */
const PAGES_DAYS = 62;
/** A centre of which nothing was heard for longer is offline whenever it fell silent. */
const CONTACT_BACK_MS = 2 * DAY_MS;

/**
 * All that the rules may know of one site, as it was at `atMs`: nothing newer is read, and nothing that became known after `knownMs`, so that a past
 * instant can be judged again and says the same for ever. Runs are bounded by `needs`.
 */
export async function loadFacts(
  db: Db,
  { siteId, centre }: Pick<Site, "siteId" | "centre">,
  needs: Needs,
  calendar: Calendar,
  moment: Moment,
  sharedFaults: readonly SharedFault[],
): Promise<Facts> {
  const { atMs, knownMs = FOREVER_MS } = moment;
  const [runs, presence, found, peaks, pages, attestations, waivers, duties, contact] = await Promise.all([
    Promise.all(merged(needs.runs).map((need) => rowsFor(db, siteId, need, knownMs))).then((rows) => storedRuns(db, siteId, rows.flat(), { evidence: true })),
    presenceSince(db, siteId, atMs - PRESENCE_DAYS * DAY_MS, moment),
    foundDevices(db, siteId, atMs - PRESENCE_DAYS * DAY_MS, moment),
    db.query<DailyPeak>(
      "SELECT metric, day::text AS day, max(value) AS value FROM peak_day WHERE site_id = $1 AND metric = 'wifi_clients' AND day BETWEEN ($2::text)::date AND ($3::text)::date AND known_at <= to_timestamp($4::float8 / 1000) GROUP BY metric, peak_day.day ORDER BY peak_day.day DESC",
      [siteId, vietnamDay(atMs - PEAK_DAYS * DAY_MS), vietnamDay(atMs), knownMs],
    ),
    // Some hundreds of rows that only counts of devices look at.
    needs.runs.some(({ probe }) => probe === "office-devices") ? pagesSince(db, siteId, atMs - PAGES_DAYS * DAY_MS, moment) : [],
    db.query<{ body: Attestation }>(
      "SELECT body FROM attestation WHERE site_id = $1 AND at <= to_timestamp($2::float8 / 1000) AND recorded_at <= to_timestamp($3::float8 / 1000) ORDER BY at DESC, id LIMIT 500",
      [siteId, atMs, knownMs],
    ),
    db.query<{ body: Waiver }>(
      "SELECT body FROM waiver WHERE site_id = $1 AND until_day >= ($2::text)::date AND recorded_at <= to_timestamp($3::float8 / 1000) ORDER BY id LIMIT 200",
      [siteId, vietnamDay(atMs), knownMs],
    ),
    needs.dutiesFrom === undefined ? [] : dutiesSince(db, siteId, needs.dutiesFrom, moment),
    contactOf(db, siteId, moment),
  ]);
  return {
    centre,
    calendar,
    runs,
    presence,
    found,
    peaks,
    pages,
    attestations: attestations.map(({ body }) => body),
    waivers: waivers.map(({ body }) => body),
    duties,
    ...contact,
    sharedFaults,
  };
}

/** First and last time that a centre was heard. For a past instant: the last observation that it had made by then. */
async function contactOf(db: Db, siteId: number, { atMs, knownMs }: Moment): Promise<Pick<Facts, "firstContactMs" | "lastContactMs">> {
  const [site] = await db.query<{ first_ms: number | null; last_ms: number | null }>(
    `SELECT ${instantMs("first_contact_at")} AS first_ms, ${instantMs("last_contact_at")} AS last_ms FROM site WHERE site_id = $1`,
    [siteId],
  );
  if (site?.first_ms == null || site.last_ms === null || (knownMs !== undefined && site.first_ms > knownMs)) return {};
  if (knownMs === undefined) return { firstContactMs: site.first_ms, lastContactMs: site.last_ms };
  const [then] = await db.query<{ last_ms: number | null }>(
    `SELECT ${instantMs("max(r.taken_at)")} AS last_ms
     FROM run_source AS s, runs_of(s.site_id, s.source_id, to_timestamp($2::float8 / 1000), to_timestamp($3::float8 / 1000)) AS r
     WHERE s.site_id = $1 AND r.received_at <= to_timestamp($4::float8 / 1000)`,
    [siteId, atMs - CONTACT_BACK_MS, atMs, knownMs],
  );
  return { firstContactMs: site.first_ms, lastContactMs: then?.last_ms ?? Math.min(site.first_ms, atMs - CONTACT_BACK_MS) };
}

/** Needs of the same probe are one question: every span that no other one covers. */
function merged(needs: readonly Need[]): Need[] {
  const byProbe = new Map<ProbeKind, Need>();
  for (const { probe, spans, runsMax } of needs) {
    const known = byProbe.get(probe);
    byProbe.set(probe, { probe, spans: uncovered([...(known?.spans ?? []), ...spans]), runsMax: Math.max(runsMax, known?.runsMax ?? 0) });
  }
  return [...byProbe.values()];
}

function uncovered(spans: readonly Span[]): Span[] {
  return spans.filter(
    ({ fromMs, toMs }, place) =>
      !spans.some((other, at) => other.fromMs <= fromMs && toMs <= other.toMs && (other.toMs - other.fromMs > toMs - fromMs || at < place)),
  );
}

/**
 * The newest `count` runs of each target. The count stands in the text: a plan for any count would be one that reads and sorts all runs of the span.
 * Exported for the test of its plan.
 */
export function newestRuns(count: number): string {
  const [since, until, known] = [3, 4, 5].map((place) => `to_timestamp($${place}::float8 / 1000)`);
  return `SELECT ${storedColumns} FROM run_source AS s, newest_runs_of(s.site_id, s.source_id, ${since}, ${until}, ${known}, ${count}) AS r
    WHERE s.site_id = $1 AND s.probe = $2`;
}

/** The newest runs of each target within the need's spans, newest first. */
async function rowsFor(db: Db, siteId: number, { probe, spans, runsMax }: Need, knownMs: number): Promise<StoredRow[]> {
  const rows = await Promise.all(spans.map(({ fromMs, toMs }) => db.query<StoredRow>(newestRuns(runsMax), [siteId, probe, fromMs, toMs, knownMs])));
  const counts = new Map<string | null, number>();
  return rows
    .flat()
    .sort((a, b) => b.taken_ms - a.taken_ms || a.stream.localeCompare(b.stream) || a.seq - b.seq)
    .filter(({ target }) => {
      counts.set(target, (counts.get(target) ?? 0) + 1);
      return (counts.get(target) ?? 0) <= runsMax;
    });
}
