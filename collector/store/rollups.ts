import type { Db } from "./db.ts";

/** Site-hours that one step takes, so that no transaction grows without bound. */
const STEP = 2_000;
const STEPS_MAX = 200;
/** An hour is rolled up again whenever late samples come; the present hour waits until it is this old, ms. */
const SETTLE_MS = 60_000;

/**
 * Recomputes the hourly rollup of every site-hour that got samples since. Whole hours are computed anew, so the same hour may be done twice and
 * late data is absorbed. Gives how many site-hours were done.
 */
export async function rollUpDirtyHours(db: Db, nowMs: number): Promise<number> {
  let done = 0;
  for (let step = 0; step < STEPS_MAX; step++) {
    const taken = await db.transaction(async (tx) => {
      const [row] = await tx.query<{ n: number }>(
        `WITH taken AS (
           DELETE FROM dirty_hour d USING (
             SELECT site_id, hour FROM dirty_hour WHERE hour <= to_timestamp($1::float8 / 1000) ORDER BY hour, site_id LIMIT $2 FOR UPDATE SKIP LOCKED
           ) AS pick WHERE d.site_id = pick.site_id AND d.hour = pick.hour RETURNING d.site_id, d.hour
         ), made AS (
           INSERT INTO rollup_1h (site_id, series_id, hour, n, vmin, vmax, vsum, p50, p95)
           SELECT s.site_id, s.series_id, t.hour, count(*), min(s.value), max(s.value), sum(s.value),
             percentile_cont(0.5) WITHIN GROUP (ORDER BY s.value), percentile_cont(0.95) WITHIN GROUP (ORDER BY s.value)
           FROM taken t JOIN sample s ON s.site_id = t.site_id AND s.ts >= t.hour AND s.ts < t.hour + interval '1 hour'
           GROUP BY s.site_id, s.series_id, t.hour
           ON CONFLICT (site_id, series_id, hour) DO UPDATE SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum, p50 = excluded.p50, p95 = excluded.p95
         )
         SELECT count(*)::int AS n FROM taken`,
        [nowMs - SETTLE_MS, STEP],
      );
      return row?.n ?? 0;
    });
    done += taken;
    if (taken < STEP) break;
  }
  return done;
}
