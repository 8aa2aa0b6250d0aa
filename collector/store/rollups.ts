import { advisoryLocks } from "./advisory-locks.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { runsAsked, type SiteName } from "./one-site.ts";
import { samplesBetween } from "./run-reads.ts";
import { storageMode } from "./settle-storage.ts";
import { chunkedRollups, dropChunks } from "./timescale.ts";

/** Site-hours that one step takes: those of large centres hold a million samples at the end of their hour. */
const STEP = 100;
/** Site-days that one step takes. */
const DAY_STEP = 10;
const STEPS_MAX = 5_000;
/** An hour is rolled up again whenever late samples come; the present hour waits until it is this old, ms. */
const SETTLE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Recomputes the hourly rollups of every site-hour that got samples since, with them the counts of its days and the sums of its districts, and marks its
 * day. Whole hours are computed anew, so the same hour may be done twice and late data is absorbed. Gives how many site-hours were done. `ended`: without
 * the present hour.
 */
export async function rollUpDirtyHours(db: Db, nowMs: number, { ended = false }: { readonly ended?: boolean } = {}): Promise<number> {
  const untilMs = ended ? Math.floor(nowMs / HOUR_MS) * HOUR_MS - 1 : nowMs - SETTLE_MS;
  const done = await inSteps(STEP, async () => {
    await takeMarks(db, untilMs);
    return rollUpTaken(db);
  });
  while (await countArea(db));
  return done;
}

/** Marks of site-hours or site-days that wait for a rollup, and which of them are due at $1. */
type Marks = { readonly table: string; readonly column: string; readonly due: string; readonly answer: string };
const hourMarks: Marks = { table: "dirty_hour", column: "hour", due: "hour <= to_timestamp($1::float8 / 1000)", answer: `${instantMs("d.hour")} AS hour_ms` };
const dayMarks: Marks = { table: "dirty_day", column: "day", due: "day < ($1::text)::date", answer: "d.day::text AS day" };

/** Takes the oldest due marks that nobody else is taking; $2 is their number. `of` narrows them. */
function taking({ table, column, due, answer }: Marks, of: "" | "AND site_id = $3"): string {
  return `DELETE FROM ${table} d USING (
      SELECT site_id, ${column} FROM ${table} WHERE ${due} ${of} ORDER BY ${column}, site_id LIMIT $2 FOR UPDATE SKIP LOCKED
    ) AS pick WHERE d.site_id = pick.site_id AND d.${column} = pick.${column} ${of && "AND d.site_id = $3"} RETURNING d.site_id, ${answer}`;
}

/** Takes marks and does something with them, a transaction each time: once over all centres, or on Citus, which locks rows within one shard only, centre by centre. */
async function taken<T extends object>(db: Db, marks: Marks, due: number | string, limit: number, use: (tx: Db, rows: T[]) => Promise<void>): Promise<number> {
  const take = (values: readonly number[]) =>
    db.transaction(async (tx) => {
      const rows = await tx.query<T>(taking(marks, values.length > 0 ? "AND site_id = $3" : ""), [due, limit, ...values]);
      if (rows.length > 0) await use(tx, rows);
      return rows.length;
    });
  if ((await storageMode(db)) !== "citus") return take([]);
  const sites = await db.query<{ site_id: number }>(
    `SELECT site_id FROM ${marks.table} WHERE ${marks.due} GROUP BY site_id ORDER BY min(${marks.column}), site_id LIMIT $2`,
    [due, limit],
  );
  let count = 0;
  for (const { site_id } of sites) count += await take([site_id]);
  return count;
}

/** Takes marks in a transaction of a moment: a flush that sets one of them again waits for its end. What is taken is safe in `rolling_hour`. */
async function takeMarks(db: Db, untilMs: number): Promise<void> {
  await taken<SiteHour>(db, hourMarks, untilMs, STEP, async (tx, hours) => {
    await tx.query(`INSERT INTO rolling_hour (site_id, hour) SELECT site_id, hour FROM ${hoursAs("w")}`, columnsOf(hours));
  });
}

type SiteHour = { readonly site_id: number; readonly hour_ms: number };

function columnsOf(hours: readonly SiteHour[]): string[] {
  return [numbersLiteral(hours.map(({ site_id }) => site_id)), numbersLiteral(hours.map(({ hour_ms }) => hour_ms))];
}

function hoursAs(name: string): string {
  return `(SELECT site_id, to_timestamp(ms / 1000) AS hour FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS u(site_id, ms)) AS ${name}`;
}

/** Works off marks that were taken, also those that another collector has left behind. One collector at a time. */
function rollUpTaken(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.area]);
    // A statement of its own on purpose: the snapshots behind it hold every sample whose flush was committed before its mark could be taken.
    const hours = await tx.query<SiteHour>(
      `SELECT site_id, ${instantMs("hour")} AS hour_ms FROM (SELECT DISTINCT site_id, hour FROM rolling_hour ORDER BY hour, site_id LIMIT $1) AS pick`,
      [STEP],
    );
    if (hours.length === 0) return 0;
    const places = columnsOf(hours);
    const asked = await runsAsked(tx);
    for (const group of asked.groups(hours, ({ site_id }) => site_id)) {
      const name = asked.name(
        group.map(({ site_id }) => site_id),
        2,
      );
      const values = [...columnsOf(group), ...name.values];
      await tx.query(`DELETE FROM rolling_hour AS r USING ${hoursAs("w")} WHERE r.site_id = ${name.site("w.site_id")} AND r.hour = w.hour`, values);
      for (const statement of recomputeHours(name)) await tx.query(statement, values);
    }
    await tx.query(markDays, places);
    await tx.query(
      "SELECT rollup_days(($1::text)::int4[], ARRAY(SELECT to_timestamp(ms / 1000) FROM unnest(($2::text)::float8[]) WITH ORDINALITY AS h(ms, place) ORDER BY place))",
      places,
    );
    await tx.query("INSERT INTO dirty_area (hour) SELECT DISTINCT to_timestamp(ms / 1000) FROM unnest(($1::text)::float8[]) AS ms ON CONFLICT DO NOTHING", [
      numbersLiteral(hours.map(({ hour_ms }) => hour_ms)),
    ]);
    return hours.length;
  });
}

/** Counts one hour over all sites, also those that another collector has rolled up. False when there is none left. */
function countArea(db: Db): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.area]);
    const hours = await tx.query<{ hour_ms: number }>(
      `DELETE FROM dirty_area WHERE hour = (SELECT min(hour) FROM dirty_area) RETURNING ${instantMs("hour")} AS hour_ms`,
    );
    // An hour's series joined with their names count as one row for the planner, which would look through all sites for each of them: 100 s for 3,300 sites.
    await tx.script("SET LOCAL enable_nestloop = off");
    for (const { hour_ms } of hours) await tx.query("SELECT rollup_area(ARRAY[to_timestamp($1::float8 / 1000)])", [hour_ms]);
    return hours.length > 0;
  });
}

/** Recomputes the daily rollups of the site-days that have ended and got samples since. Gives how many were done. */
export async function rollUpDirtyDays(db: Db, today: string): Promise<number> {
  return inSteps(DAY_STEP, () =>
    taken<{ site_id: number; day: string }>(db, dayMarks, today, DAY_STEP, async (tx, days) => {
      const siteIds = days.map(({ site_id }) => site_id);
      const name = (await runsAsked(tx)).name(siteIds, 2);
      await tx.query(recomputeDays(name), [numbersLiteral(siteIds), textsLiteral(days.map(({ day }) => day)), ...name.values]);
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

/**
 * The statements that compute hours of sites anew. Where samples of an hour are gone already, a few late ones must not replace what was computed from all of
 * them. No part is joined with another one of which the planner cannot know the size: it would try each row against each. Values become a list per
 * series, and its name is looked up once. Of one centre alone: in two statements, each of which reads the samples, since Citus' "Router planner doesn't
 * support INSERT common table expressions" (multi_router_planner.c).
 */
function recomputeHours({ site, values }: SiteName): readonly string[] {
  const bySeries = `by_series AS MATERIALIZED (
    SELECT t.site_id, t.hour, s.series_id, count(*) AS n, min(s.value) AS vmin, max(s.value) AS vmax, sum(s.value) AS vsum, array_agg(s.value) AS vals
    FROM ${hoursAs("t")}, LATERAL ${samplesBetween({ site: site("t.site_id"), since: "t.hour", until: "(t.hour + interval '1 hour')" })} AS s
    GROUP BY 1, 2, 3
  )`;
  const series = `
    INSERT INTO rollup_1h AS r (site_id, series_id, hour, n, vmin, vmax, vsum)
    SELECT site_id, series_id, hour, n, vmin, vmax, vsum FROM by_series
    ON CONFLICT (site_id, series_id, hour) DO UPDATE SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum
    WHERE excluded.n >= r.n`;
  const metrics = `
  INSERT INTO rollup_site_1h AS r (site_id, metric, hour, n, vmin, vmax, vsum, p95, bins, counts)
  SELECT m.site_id, m.metric, m.hour, m.n, m.vmin, m.vmax, m.vsum, m.p95, b.bins, b.counts
  FROM (
    SELECT v.site_id, x.metric, v.hour, count(*) AS n, min(value) AS vmin, max(value) AS vmax, sum(value) AS vsum,
      percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95, array_agg(sketch_bin(value)) AS bins
    FROM by_series AS v JOIN series AS x ON x.site_id = ${site("v.site_id")} AND x.series_id = v.series_id, unnest(v.vals) AS value GROUP BY 1, 2, 3
  ) AS m CROSS JOIN LATERAL (
    SELECT array_agg(bin ORDER BY bin) AS bins, array_agg(n ORDER BY bin) AS counts FROM (SELECT bin, count(*)::int AS n FROM unnest(m.bins) AS bin GROUP BY 1) AS c
  ) AS b
  ON CONFLICT (metric, hour, site_id) DO UPDATE
    SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum, p95 = excluded.p95, bins = excluded.bins, counts = excluded.counts
  WHERE excluded.n >= r.n`;
  return values.length > 0 ? [series, metrics].map((insert) => `WITH ${bySeries} ${insert}`) : [`WITH ${bySeries}, kept AS (${series}) ${metrics}`];
}

const markDays = `
  INSERT INTO dirty_day (site_id, day)
  SELECT DISTINCT site_id, (to_timestamp(ms / 1000) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS w(site_id, ms)
  ORDER BY 1, 2 ON CONFLICT (site_id, day) DO UPDATE SET day = excluded.day`;

function recomputeDays({ site }: SiteName): string {
  const samples = samplesBetween({
    site: site("t.site_id"),
    since: "(t.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')",
    until: "((t.day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')",
  });
  return `
  WITH taken AS MATERIALIZED (
    SELECT t.site_id, t.day, s.series_id, s.value
    FROM (SELECT site_id, day::date AS day FROM unnest(($1::text)::int4[], ($2::text)::text[]) AS w(site_id, day)) AS t,
      LATERAL ${samples} AS s
  ), binned AS (
    SELECT site_id, series_id, day, sketch_bin(value) AS bin, count(*)::int AS n, min(value) AS vmin, max(value) AS vmax, sum(value) AS vsum FROM taken GROUP BY 1, 2, 3, 4
  )
  INSERT INTO rollup_1d AS r (site_id, series_id, day, n, vmin, vmax, vsum, bins, counts)
  SELECT site_id, series_id, day, sum(n), min(vmin), max(vmax), sum(vsum), array_agg(bin ORDER BY bin), array_agg(n ORDER BY bin) FROM binned GROUP BY 1, 2, 3
  ON CONFLICT (site_id, series_id, day) DO UPDATE
    SET n = excluded.n, vmin = excluded.vmin, vmax = excluded.vmax, vsum = excluded.vsum, bins = excluded.bins, counts = excluded.counts
  WHERE excluded.n >= r.n`;
}

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
