import type { Attestation, Waiver } from "#schemas/attestation.ts";
import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import type { DailyPeak, Facts, Need, Run, Span } from "#schemas/facts.ts";
import type { Outcome, ProbeKind } from "#schemas/observation.ts";
import { type Db, instantMs } from "./db.ts";
import { foundDevices } from "./found-devices.ts";
import { presenceSince } from "./presence.ts";
import type { Site } from "./sites.ts";

const DAY_MS = 86_400_000;
/** Working days that a count looks back, weekends and Tết included. */
const PRESENCE_DAYS = 30;
const PEAK_DAYS = 92;

/**
 * All that the rules may know of one site, as it was at `nowMs`: nothing newer is read, so that a past instant can be judged again.
 * Runs are bounded by `needs`.
 */
export async function loadFacts(
  db: Db,
  { siteId, centre }: Site,
  needs: readonly Need[],
  calendar: Calendar,
  nowMs: number,
  sharedFaults: readonly string[],
): Promise<Facts> {
  const [runs, presence, found, peaks, attestations, waivers, [contact]] = await Promise.all([
    Promise.all(merged(needs).map((need) => runsFor(db, siteId, need))),
    presenceSince(db, siteId, vietnamDay(nowMs - PRESENCE_DAYS * DAY_MS), vietnamDay(nowMs)),
    foundDevices(db, siteId, vietnamDay(nowMs - PRESENCE_DAYS * DAY_MS), vietnamDay(nowMs)),
    db.query<DailyPeak>(
      "SELECT metric, day::text AS day, value FROM peak_day WHERE site_id = $1 AND metric = 'wifi_clients' AND day BETWEEN ($2::text)::date AND ($3::text)::date ORDER BY peak_day.day DESC",
      [siteId, vietnamDay(nowMs - PEAK_DAYS * DAY_MS), vietnamDay(nowMs)],
    ),
    db.query<{ body: Attestation }>(
      "SELECT body FROM attestation WHERE site_id = $1 AND at <= to_timestamp($2::float8 / 1000) ORDER BY at DESC, id LIMIT 500",
      [siteId, nowMs],
    ),
    db.query<{ body: Waiver }>("SELECT body FROM waiver WHERE site_id = $1 AND until_day >= ($2::text)::date ORDER BY id LIMIT 200", [
      siteId,
      vietnamDay(nowMs),
    ]),
    db.query<{ first_ms: number | null; last_ms: number | null }>(
      `SELECT ${instantMs("first_contact_at")} AS first_ms, ${instantMs("last_contact_at")} AS last_ms FROM site WHERE site_id = $1`,
      [siteId],
    ),
  ]);
  return {
    centre,
    calendar,
    runs: runs.flat(),
    presence,
    found,
    peaks,
    attestations: attestations.map(({ body }) => body),
    waivers: waivers.map(({ body }) => body),
    ...(contact?.first_ms != null && { firstContactMs: contact.first_ms }),
    ...(contact?.last_ms != null && { lastContactMs: contact.last_ms }),
    sharedFaults,
  };
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

type RunRow = { stream: string; seq: number; target: string | null; taken_ms: number; outcome: Outcome };

/** The newest runs of each target within the need's spans, newest first. */
async function runsFor(db: Db, siteId: number, { probe, spans, runsMax }: Need): Promise<Run[]> {
  const rows = await Promise.all(
    spans.map(({ fromMs, toMs }) =>
      db.query<RunRow>(
        `SELECT r.stream, r.seq::float8 AS seq, t.target, ${instantMs("r.taken_at")} AS taken_ms, r.outcome
         FROM (SELECT DISTINCT target FROM observation WHERE site_id = $1 AND probe = $2 AND taken_at > to_timestamp($3::float8 / 1000) AND taken_at <= to_timestamp($4::float8 / 1000)) AS t
         CROSS JOIN LATERAL (
           SELECT stream, seq, taken_at, outcome FROM observation o
           WHERE o.site_id = $1 AND o.probe = $2 AND o.target IS NOT DISTINCT FROM t.target AND o.taken_at > to_timestamp($3::float8 / 1000) AND o.taken_at <= to_timestamp($4::float8 / 1000)
           ORDER BY o.taken_at DESC LIMIT $5
         ) AS r`,
        [siteId, probe, fromMs, toMs, runsMax],
      ),
    ),
  );
  const counts = new Map<string | null, number>();
  return rows
    .flat()
    .sort((a, b) => b.taken_ms - a.taken_ms)
    .filter(({ target }) => {
      counts.set(target, (counts.get(target) ?? 0) + 1);
      return (counts.get(target) ?? 0) <= runsMax;
    })
    .map(({ stream, seq, target, taken_ms, outcome }) => ({ ref: `${stream}:${seq}`, probe, ...(target !== null && { target }), atMs: taken_ms, outcome }));
}

/** Portals (or other targets of a probe) that most recently failed from more than `sharePercent` of the sites that asked them since `sinceMs`. */
export async function sharedFaultTargets(db: Db, probe: ProbeKind, metric: string, sharePercent: number, sinceMs: number, nowMs: number): Promise<string[]> {
  const rows = await db.query<{ target: string }>(
    `SELECT target FROM (
       SELECT DISTINCT ON (site_id, target) target, (SELECT bool_or((r ->> 'value')::float8 = 0) FROM jsonb_array_elements(outcome -> 'readings') r WHERE r ->> 'metric' = $2) AS down
       FROM observation WHERE probe = $1 AND kind = 'measured' AND target IS NOT NULL AND taken_at > to_timestamp($3::float8 / 1000) AND taken_at <= to_timestamp($4::float8 / 1000)
       ORDER BY site_id, target, taken_at DESC
     ) AS newest GROUP BY target HAVING count(*) >= 5 AND 100.0 * count(*) FILTER (WHERE down) / count(*) > $5`,
    [probe, metric, sinceMs, nowMs, sharePercent],
  );
  return rows.map(({ target }) => target);
}
