import { advisoryLocks } from "./advisory-locks.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { storageMode } from "./settle-storage.ts";
import { chunkedRollups, dropChunks } from "./timescale.ts";

/** Site-hours that one step takes: small, because a flush for one of them waits until the step has ended. */
const STEP = 250;
/** Site-days that one step takes. */
const DAY_STEP = 10;
const STEPS_MAX = 2_000;
/** An hour is rolled up again whenever late samples come; the present hour waits until it is this old, ms. */
const SETTLE_MS = 60_000;

/**
 * Recomputes the hourly rollups of every site-hour that got samples since, with them the counts of its days and the sums of its districts, and marks its
 * day. Whole hours are computed anew, so the same hour may be done twice and late data is absorbed. Gives how many site-hours were done.
 */
export async function rollUpDirtyHours(db: Db, nowMs: number): Promise<number> {
  return inSteps(STEP, () =>
    db.transaction(async (tx) => {
      // Two statements on purpose: the second one's snapshot holds every sample whose flush was committed before its mark could be taken here.
      const hours = await tx.query<{ site_id: number; hour_ms: number }>(
        `DELETE FROM dirty_hour d USING (
           SELECT site_id, hour FROM dirty_hour WHERE hour <= to_timestamp($1::float8 / 1000) ORDER BY hour, site_id LIMIT $2 FOR UPDATE SKIP LOCKED
         ) AS pick WHERE d.site_id = pick.site_id AND d.hour = pick.hour RETURNING d.site_id, (extract(epoch FROM d.hour) * 1000)::float8 AS hour_ms`,
        [nowMs - SETTLE_MS, STEP],
      );
      if (hours.length === 0) return 0;
      const places = [numbersLiteral(hours.map(({ site_id }) => site_id)), numbersLiteral(hours.map(({ hour_ms }) => hour_ms))];
      await tx.query(recomputeHours, places);
      await tx.query(markDays, places);
      // One after the other: an hour is counted over all sites, also those that another collector is rolling up at this moment.
      await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.area]);
      await tx.query(
        "SELECT rollup_days(($1::text)::int4[], ARRAY(SELECT to_timestamp(ms / 1000) FROM unnest(($2::text)::float8[]) WITH ORDINALITY AS h(ms, place) ORDER BY place))",
        places,
      );
      await tx.query("SELECT rollup_area(ARRAY(SELECT to_timestamp(ms / 1000) FROM unnest(($1::text)::float8[]) AS ms))", [
        numbersLiteral([...new Set(hours.map(({ hour_ms }) => hour_ms))]),
      ]);
      return hours.length;
    }),
  );
}

/** Recomputes the daily rollups of the site-days that have ended and got samples since. Gives how many were done. */
export async function rollUpDirtyDays(db: Db, today: string): Promise<number> {
  return inSteps(DAY_STEP, () =>
    db.transaction(async (tx) => {
      const days = await tx.query<{ site_id: number; day: string }>(
        `DELETE FROM dirty_day d USING (
           SELECT site_id, day FROM dirty_day WHERE day < ($1::text)::date ORDER BY day, site_id LIMIT $2 FOR UPDATE SKIP LOCKED
         ) AS pick WHERE d.site_id = pick.site_id AND d.day = pick.day RETURNING d.site_id, d.day::text AS day`,
        [today, DAY_STEP],
      );
      if (days.length > 0) await tx.query(recomputeDays, [numbersLiteral(days.map(({ site_id }) => site_id)), textsLiteral(days.map(({ day }) => day))]);
      return days.length;
    }),
  );
}

async function inSteps(size: number, step: () => Promise<number>): Promise<number> {
  let done = 0;
  for (let count = 0; count < STEPS_MAX; count++) {
    const taken = await step();
    done += taken;
    if (taken < size) break;
  }
  return done;
}

// Where samples of an hour are gone already, a few late ones must not replace what was computed from all of them.
const recomputeHours = `
  WITH taken AS MATERIALIZED (
    SELECT t.site_id, t.hour, s.series_id, s.value
    FROM (SELECT site_id, to_timestamp(ms / 1000) AS hour FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS w(site_id, ms)) AS t,
      samples_between(t.site_id, t.hour, t.hour + interval '1 hour') AS s
  ), by_series AS (
    INSERT INTO rollup_1h AS r (site_id, series_id, hour, n, vmin, vmax, vsum)
    SELECT site_id, series_id, hour, count(*), min(value), max(value), sum(value) FROM taken GROUP BY site_id, series_id, hour
    ON CONFLICT (site_id, series_id, hour) DO UPDATE SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum
    WHERE excluded.n >= r.n
  ), binned AS (
    SELECT site_id, metric, hour, array_agg(bin ORDER BY bin) AS bins, array_agg(n ORDER BY bin) AS counts
    FROM (SELECT site_id, metric, hour, sketch_bin(value) AS bin, count(*)::int AS n FROM taken JOIN series USING (site_id, series_id) GROUP BY 1, 2, 3, 4) AS b
    GROUP BY 1, 2, 3
  )
  INSERT INTO rollup_site_1h AS r (site_id, metric, hour, n, vmin, vmax, vsum, p95, bins, counts)
  SELECT site_id, metric, hour, count(*), min(value), max(value), sum(value), percentile_cont(0.95) WITHIN GROUP (ORDER BY value), b.bins, b.counts
  FROM taken JOIN series USING (site_id, series_id) JOIN binned AS b USING (site_id, metric, hour) GROUP BY site_id, metric, hour, b.bins, b.counts
  ON CONFLICT (metric, hour, site_id) DO UPDATE
    SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum, p95 = excluded.p95, bins = excluded.bins, counts = excluded.counts
  WHERE excluded.n >= r.n`;

const markDays = `
  INSERT INTO dirty_day (site_id, day)
  SELECT DISTINCT site_id, (to_timestamp(ms / 1000) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS w(site_id, ms)
  ORDER BY 1, 2 ON CONFLICT (site_id, day) DO UPDATE SET day = excluded.day`;

const recomputeDays = `
  WITH taken AS MATERIALIZED (
    SELECT t.site_id, t.day, s.series_id, s.value
    FROM (SELECT site_id, day::date AS day FROM unnest(($1::text)::int4[], ($2::text)::text[]) AS w(site_id, day)) AS t,
      samples_between(t.site_id, t.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh', (t.day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh') AS s
  ), binned AS (
    SELECT site_id, series_id, day, sketch_bin(value) AS bin, count(*)::int AS n, min(value) AS vmin, max(value) AS vmax, sum(value) AS vsum FROM taken GROUP BY 1, 2, 3, 4
  )
  INSERT INTO rollup_1d AS r (site_id, series_id, day, n, vmin, vmax, vsum, bins, counts)
  SELECT site_id, series_id, day, sum(n), min(vmin), max(vmax), sum(vsum), array_agg(bin ORDER BY bin), array_agg(n ORDER BY bin) FROM binned GROUP BY 1, 2, 3
  ON CONFLICT (site_id, series_id, day) DO UPDATE
    SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum, bins = excluded.bins, counts = excluded.counts
  WHERE excluded.n >= r.n`;

/**
 * Deletes the rollups of hours and the counts of days before an instant; the daily rollups stay. Of hypertables whole chunks go, here or, where the
 * licence allows that, by TimescaleDB's own policy.
 */
export async function forgetRollupsBefore(db: Db, beforeMs: number): Promise<void> {
  const mode = await storageMode(db);
  const chunked = mode === "timescale" || mode === "timescale-tsl" ? chunkedRollups : [];
  if (mode === "timescale") for (const table of chunked) await dropChunks(db, table, { untilMs: beforeMs });
  for (const table of ["rollup_1h", "rollup_area_1h", "rollup_site_1h", "run_hour"].filter((one) => !chunked.includes(one)))
    await db.query(`DELETE FROM ${table} WHERE hour < to_timestamp($1::float8 / 1000)`, [beforeMs]);
  for (const table of ["presence_role_day", "page_count_day", "unmeasured_day", "line_speed"])
    await db.query(`DELETE FROM ${table} WHERE time < to_timestamp($1::float8 / 1000)`, [beforeMs]);
}
