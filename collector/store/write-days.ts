import type { Calendar } from "#schemas/calendar.ts";
import { peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import type { DailyPeak, Presence } from "#schemas/facts.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import type { RunRow } from "./received.ts";

type Known = { readonly siteId: number; readonly knownMs: number };
type SeenDay = Presence & Known;
type PeakDay = DailyPeak & Known;

/** Keeps which devices answered on which day, and each day's peaks. */
export async function writeDays(tx: Db, calendar: Calendar, runs: readonly RunRow[]): Promise<void> {
  const seen = new Map<string, SeenDay>();
  const peaks = new Map<string, PeakDay>();
  for (const { siteId, receivedMs, observation, takenMs } of runs) {
    for (const presence of presenceIn(observation.outcome, takenMs)) {
      const key = `${siteId} ${presence.day} ${presence.device}`;
      // Of two roles on one day the same one counts in whatever order they arrive.
      if (presence.role <= (seen.get(key)?.role ?? presence.role)) seen.set(key, { siteId, ...presence, knownMs: receivedMs });
    }
    for (const peak of peaksIn(observation.outcome, takenMs, calendar)) {
      const key = `${siteId} ${peak.metric} ${peak.day} ${receivedMs}`;
      if (peak.value >= (peaks.get(key)?.value ?? Number.NEGATIVE_INFINITY)) peaks.set(key, { siteId, ...peak, knownMs: receivedMs });
    }
  }
  await Promise.all([writePresence(tx, inOrder(seen)), writePeaks(tx, inOrder(peaks))]);
}

/** One order for all writers, so that two of them cannot wait for each other. */
function inOrder<Row>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

async function writePresence(tx: Db, rows: readonly SeenDay[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO presence_day (site_id, device, role, day, known_at)
     SELECT site_id, device, role, day::date, to_timestamp(known_ms / 1000) FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[], ($5::text)::float8[]) AS r(site_id, device, role, day, known_ms)
     ON CONFLICT (site_id, day, device) DO UPDATE SET role = excluded.role WHERE presence_day.role > excluded.role`,
    [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      ...(["device", "role", "day"] as const).map((column) => textsLiteral(rows.map((row) => row[column]))),
      numbersLiteral(rows.map(({ knownMs }) => knownMs)),
    ],
  );
}

async function writePeaks(tx: Db, rows: readonly PeakDay[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO peak_day AS p (site_id, metric, day, value, known_at)
     SELECT site_id, metric, day::date, value, to_timestamp(known_ms / 1000)
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::float8[], ($5::text)::float8[]) AS r(site_id, metric, day, value, known_ms)
     WHERE value > coalesce((SELECT max(k.value) FROM peak_day k WHERE k.site_id = r.site_id AND k.metric = r.metric AND k.day = r.day::date), '-infinity')
     ON CONFLICT (site_id, metric, day, known_at) DO UPDATE SET value = excluded.value WHERE excluded.value > p.value`,
    [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(({ metric }) => metric)),
      textsLiteral(rows.map(({ day }) => day)),
      numbersLiteral(rows.map(({ value }) => value)),
      numbersLiteral(rows.map(({ knownMs }) => knownMs)),
    ],
  );
}
