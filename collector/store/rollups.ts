import { numbersLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";

/** Site-hours that one step takes: small, because a flush for one of them waits until the step has ended. */
const STEP = 250;
const STEPS_MAX = 2_000;
/** An hour is rolled up again whenever late samples come; the present hour waits until it is this old, ms. */
const SETTLE_MS = 60_000;
const AREA_LOCK = 8_901_892;

/**
 * Recomputes the hourly rollup of every site-hour that got samples since, and with it the counts of its days and the sums of its districts. Whole hours are computed anew, so the same hour may be done twice and
 * late data is absorbed. Gives how many site-hours were done.
 */
export async function rollUpDirtyHours(db: Db, nowMs: number): Promise<number> {
  let done = 0;
  for (let step = 0; step < STEPS_MAX; step++) {
    const taken = await db.transaction(async (tx) => {
      // Two statements on purpose: the second one's snapshot holds every sample whose flush was committed before its mark could be taken here.
      const hours = await tx.query<{ site_id: number; hour_ms: number }>(
        `DELETE FROM dirty_hour d USING (
           SELECT site_id, hour FROM dirty_hour WHERE hour <= to_timestamp($1::float8 / 1000) ORDER BY hour, site_id LIMIT $2 FOR UPDATE SKIP LOCKED
         ) AS pick WHERE d.site_id = pick.site_id AND d.hour = pick.hour RETURNING d.site_id, (extract(epoch FROM d.hour) * 1000)::float8 AS hour_ms`,
        [nowMs - SETTLE_MS, STEP],
      );
      if (hours.length > 0) {
        const pairs = [numbersLiteral(hours.map(({ site_id }) => site_id)), numbersLiteral(hours.map(({ hour_ms }) => hour_ms))];
        await tx.query(recompute, pairs);
        // One after the other: an hour is counted over all sites, also those that another collector is rolling up at this moment.
        await tx.query("SELECT pg_advisory_xact_lock($1::int)", [AREA_LOCK]);
        await tx.query(
          "SELECT rollup_days(($1::text)::int4[], ARRAY(SELECT to_timestamp(ms / 1000) FROM unnest(($2::text)::float8[]) WITH ORDINALITY AS h(ms, place) ORDER BY place))",
          pairs,
        );
        await tx.query("SELECT rollup_area(ARRAY(SELECT to_timestamp(ms / 1000) FROM unnest(($1::text)::float8[]) AS ms))", [
          numbersLiteral([...new Set(hours.map(({ hour_ms }) => hour_ms))]),
        ]);
      }
      return hours.length;
    });
    done += taken;
    if (taken < STEP) break;
  }
  return done;
}

// Where the raw samples of an hour are gone already, a few late ones must not replace what was computed from all of them.
const recompute = `
  INSERT INTO rollup_1h AS r (site_id, series_id, hour, n, vmin, vmax, vsum, p50, p95)
  SELECT s.site_id, s.series_id, t.hour, count(*), min(s.value), max(s.value), sum(s.value),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY s.value), percentile_cont(0.95) WITHIN GROUP (ORDER BY s.value)
  FROM (SELECT site_id, to_timestamp(ms / 1000) AS hour FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS w(site_id, ms)) AS t
  JOIN sample s ON s.site_id = t.site_id AND s.ts >= t.hour AND s.ts < t.hour + interval '1 hour'
  GROUP BY s.site_id, s.series_id, t.hour
  ON CONFLICT (site_id, series_id, hour) DO UPDATE SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum, p50 = excluded.p50, p95 = excluded.p95
  WHERE excluded.n >= r.n`;

/** Deletes the rollups of hours and days before an instant. */
export async function forgetRollupsBefore(db: Db, beforeMs: number): Promise<void> {
  for (const table of ["rollup_1h", "rollup_area_1h", "run_hour"])
    await db.query(`DELETE FROM ${table} WHERE hour < to_timestamp($1::float8 / 1000)`, [beforeMs]);
  for (const table of ["presence_role_day", "page_count_day", "unmeasured_day", "line_speed"])
    await db.query(`DELETE FROM ${table} WHERE time < to_timestamp($1::float8 / 1000)`, [beforeMs]);
}
