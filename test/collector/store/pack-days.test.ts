import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { type IngestTools, writeGroup } from "../../../collector/store/ingest.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { dropPartitionsBefore, Partitions } from "../../../collector/store/partitions.ts";
import { openPostgres, type PostgresDb } from "../../../collector/store/postgres-db.ts";
import { rollUpDirtyDays, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { runsOf, samplesBetween } from "../../../collector/store/run-reads.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { insertRandomRuns, randomRuns } from "../../support/random-runs.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { MIGRATED } from "../../support/run-server.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

/** More runs take seeds of their own. */
const RUNS = Number(process.env.HCC_PROPERTY_RUNS ?? 12);
const property = process.env.HCC_PROPERTY_RUNS === undefined ? { numRuns: RUNS, seed: 890 } : { numRuns: RUNS };
const DAY_MS = 86_400_000;
/** The UTC day that is packed here; T0 lies two days later. */
const DAY = "2026-11-26";
const dayMs = Date.parse(`${DAY}T00:00:00Z`);
const SITES = 25;

describe.skipIf(!requirePeer("postgres"))("packing closed days", () => {
  let database: ServerDatabase;
  let db: PostgresDb;
  let tools: IngestTools;
  let stream = 0;

  beforeAll(async () => {
    database = await serverDatabase(MIGRATED);
    db = openPostgres(database.url, { connections: 6, statementTimeoutMs: 60_000 });
    const centres = Array.from({ length: SITES }, (_, index) => ({ code: `c-${index}`, name: `c-${index}`, keyArea: false, devices: [] }));
    await importCentres(db, centres, T0);
    tools = { db, partitions: new Partitions(db), ids: new RunIds(), calendar: workWeek };
  }, 60_000);
  afterAll(async () => {
    await db?.close();
    await database?.drop();
  });

  type Sample = { readonly atMs: number; readonly value: number };
  const write = (siteId: number, target: string, samples: readonly Sample[], on: Db = db) => {
    const batch = batchOf({
      stream: (++stream).toString(16).padStart(16, "0"),
      count: samples.length,
      each: (index) => ({
        target,
        takenAt: new Date(samples[index]?.atMs ?? 0).toISOString(),
        outcome: measured([{ metric: "bandwidth_test_bytes", value: samples[index]?.value ?? 0 }]),
      }),
    });
    return writeGroup({ ...tools, db: on }, [receivedOf(batch, { siteId })]);
  };
  const stored = () => db.query("SELECT site_id, series_id, ts::text, value::text, day::text FROM sample ORDER BY 1, 2, 3, 4");
  // As text, every digit counts.
  const runs = () =>
    db.query(
      `SELECT source_id, probe, taken_at::text, received_at::text, stream::text, seq::text, raw_taken_at::text, elapsed_ms::text, lane, clock, kind, reason,
         series_ids::text, vals::text, evidence_id, rest::text, day::text
       FROM every_run ORDER BY source_id, every_run.taken_at, every_run.seq, every_run.received_at, every_run.elapsed_ms, every_run.vals, every_run.stream, lane, clock, kind, reason, raw_taken_at`,
    );
  const rowsIn = async (table: string) => (await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n ?? 0;
  const pack = () => packDaysBefore(db, dayMs + DAY_MS);
  const empty = () => db.script("TRUNCATE run; TRUNCATE packed_run; TRUNCATE dirty_hour, dirty_day, rollup_1h, rollup_1d, rollup_site_1h");

  it("keeps each run and each sample to the last bit and the microsecond, whatever their shapes, and late ones of the same sources", async () => {
    await tools.partitions.ensure([dayMs]);
    await db.script("INSERT INTO run_source OVERRIDING SYSTEM VALUE SELECT 1, n, 'host', 'any-' || n FROM generate_series(1, 3) AS n");
    await fc.assert(
      fc.asyncProperty(randomRuns, randomRuns, async (first, late) => {
        await empty();
        await insertRandomRuns(db, 1, DAY, first);
        const before = [await runs(), await stored()];
        expect(await pack()).toBe(first.length);
        expect([await runs(), await stored()]).toEqual(before);
        await insertRandomRuns(db, 1, DAY, late);
        const both = [await runs(), await stored()];
        expect(both[0]).toHaveLength(first.length + late.length);
        await pack();
        expect([await runs(), await stored()]).toEqual(both);
        expect(await rowsIn("run")).toBe(0);
      }),
      property,
    );
    await empty();
    await db.script("DELETE FROM run_source");
  }, 36_000_000);

  const minutes = (count: number, tenths: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => ({ atMs: dayMs + index * 60_000 + ((index * 7_919) % 900), value: tenths(index) / 10 }));

  it("gives the runs and samples of a span from both forms, each once", async () => {
    await empty();
    const all = minutes(120, (index) => index);
    await write(1, "span", all.slice(0, 100));
    await pack();
    await write(1, "span", all.slice(100));
    const span = { site: "1", since: "timestamptz '2026-11-26T01:30:00Z'", until: "timestamptz '2026-11-26T01:50:00Z'" };
    const [source] = await db.query<{ id: number }>("SELECT source_id AS id FROM run_source WHERE target = 'span'");
    expect(await db.query(`SELECT vals[1] AS value FROM ${runsOf({ ...span, source: `${source?.id}` })} AS r ORDER BY taken_at`)).toEqual(
      all.slice(90, 110).map(({ value }) => ({ value })),
    );
    expect(await db.query(`SELECT value FROM ${samplesBetween(span)} AS s ORDER BY ts`)).toEqual(all.slice(90, 110).map(({ value }) => ({ value })));
    expect(await db.query("SELECT count(*)::int AS n, count(DISTINCT outcome)::int AS different FROM observation WHERE target = 'span'")).toEqual([
      { n: 120, different: 120 },
    ]);
  });

  it("packs late runs of a packed day with the others, and rolls their hour up again from all of them", async () => {
    await empty();
    await write(
      1,
      "late",
      minutes(120, (index) => index),
    );
    await write(
      1,
      "other",
      minutes(10, (index) => index),
    );
    await pack();
    await rollUpDirtyHours(db, T0);
    await write(1, "late", [{ atMs: dayMs + 90_000, value: 5_000 }]);
    await rollUpDirtyHours(db, T0);
    expect(await db.query("SELECT n, vmax FROM rollup_1h JOIN series USING (site_id, series_id) WHERE target = 'late' ORDER BY hour")).toEqual([
      { n: 61, vmax: 5_000 },
      { n: 60, vmax: 11.9 },
    ]);
    const before = await stored();
    // Only the source that got the run is opened.
    expect(await pack()).toBe(121);
    expect(await stored()).toEqual(before);
  });

  it("loses and doubles nothing when it is stopped in any step, and goes on later", async () => {
    await empty();
    for (let site = 1; site <= SITES; site++)
      await write(
        site,
        "stop",
        minutes(30, (index) => site * 100 + index),
      );
    const before = await stored();
    let steps = 0;
    const stopping: Db = {
      ...db,
      transaction: (work) =>
        db.transaction(async (tx) => {
          const result = await work(tx);
          // The second step has moved its runs, and ends before its commit.
          if (++steps === 2) throw new Error("stopped here");
          return result;
        }),
    };
    await expect(packDaysBefore(stopping, dayMs + DAY_MS)).rejects.toThrow("stopped here");
    expect(await rowsIn("packed_run")).toBe(10);
    expect(await stored()).toEqual(before);
    expect(await pack()).toBe(before.length - 300);
    expect(await stored()).toEqual(before);
  });

  it("may run twice at once, and while runs of that day arrive", async () => {
    await empty();
    for (let site = 1; site <= SITES; site++)
      await write(
        site,
        "race",
        minutes(30, (index) => index),
      );
    const arriving = Promise.all(Array.from({ length: SITES }, (_, index) => write(index + 1, "race", [{ atMs: dayMs + 60_000 * (index + 40), value: 1 }])));
    await Promise.all([pack(), pack(), arriving]);
    const before = await stored();
    expect(before).toHaveLength(SITES * 31);
    await pack();
    expect(await stored()).toEqual(before);
    expect(await rowsIn("run")).toBe(0);
  });

  it("drops a packed day's rows only when all is moved, and a later run makes the day again", async () => {
    await empty();
    await write(
      1,
      "drop",
      minutes(10, (index) => index),
    );
    await rollUpDirtyHours(db, T0);
    await rollUpDirtyDays(db, "2026-11-28");
    const name = `run_${DAY.replaceAll("-", "")}`;
    expect((await dropPartitionsBefore(db, "run", dayMs + DAY_MS)).dropped).not.toContain(name);
    await pack();
    expect((await dropPartitionsBefore(db, "run", dayMs + DAY_MS)).dropped).toContain(name);
    tools.partitions.forget();
    await write(1, "drop", [{ atMs: dayMs + 3_000_000, value: 7 }]);
    await pack();
    expect(await stored()).toHaveLength(11);
  });

  it("keeps days whose 95th percentile is at most 1 % off, adds up over series and days, and counts late samples", async () => {
    await empty();
    // The Vietnam day begins at 17:00 UTC of the day before.
    const values = Array.from({ length: 1_000 }, (_, index) => ({ atMs: dayMs + index * 50_000, value: (index * 37) % 1_000 }));
    for (let from = 0; from < 1_000; from += 500) await write(1, "day", values.slice(from, from + 500));
    await rollUpDirtyHours(db, T0);
    expect(await rollUpDirtyDays(db, "2026-11-26")).toBe(0);
    expect(await rollUpDirtyDays(db, "2026-11-28")).toBe(1);
    const p95 = async (statement: string) => (await db.query<{ p95: number }>(statement))[0]?.p95 ?? Number.NaN;
    expect(Math.abs((await p95("SELECT sketch_quantile(bins, counts, 0.95) AS p95 FROM rollup_1d")) / 949 - 1)).toBeLessThan(0.01);
    await write(
      1,
      "other",
      values.slice(0, 500).map(({ atMs }) => ({ atMs, value: 10_000 })),
    );
    await rollUpDirtyHours(db, T0);
    await rollUpDirtyDays(db, "2026-11-28");
    const added = "SELECT sketch_quantile(sketch_bins(bins), sketch_bins(counts), 0.95) AS p95 FROM";
    expect(Math.abs((await p95(`${added} rollup_1d`)) / 10_000 - 1)).toBeLessThan(0.01);
    expect(Math.abs((await p95(`${added} rollup_site_1h`)) / 10_000 - 1)).toBeLessThan(0.01);
    expect(await p95("SELECT n::float8 AS p95 FROM rollup_1d ORDER BY n DESC LIMIT 1")).toBe(1_000);
  });

  it("needs at most 9 bytes per packed sample and 2.2 per sample rolled up by the hour", async () => {
    await empty();
    await tools.partitions.ensure([dayMs]);
    // A day of 40 sources with 1 to 7 series, a run a minute that is a little late each time, one decimal: smooth with some noise.
    await db.script(
      `INSERT INTO run_source (site_id, probe, target) SELECT 2, 'host', 'size-' || n FROM generate_series(1, 40) AS n;
       INSERT INTO run SELECT 2, s.source_id, t.at, t.at + (1000 + (minute * 7919 + s.source_id * 104729) % 50000) * interval '1 ms', 1, minute * 40 + (minute * 7919) % 13, NULL,
         (1000 + (minute * 104729) % 4000) / 10.0, 'l', 'o', 'm', NULL, array_agg(s.source_id * 10 + k), array_agg((200 + (minute * 31 + k) % 97) / 10.0)
       FROM run_source AS s, generate_series(0, 1439) AS minute, generate_series(1, 1 + s.source_id % 7) AS k,
         LATERAL (SELECT '${DAY}T00:00:00Z'::timestamptz + minute * interval '1 min' + (minute * 7919 % 900) * interval '1 ms' AS at) AS t
       WHERE s.target LIKE 'size-%' GROUP BY s.source_id, minute, t.at;
       INSERT INTO dirty_hour SELECT DISTINCT site_id, date_trunc('hour', ts, 'UTC') FROM sample`,
    );
    await rollUpDirtyHours(db, T0);
    const samples = await rowsIn("sample");
    await pack();
    for (const table of ["packed_run", "rollup_1h"]) await db.script(`VACUUM FULL ${table}`);
    const bytesOf = async (table: string) =>
      (
        await db.query<{ n: number }>(
          `SELECT (pg_total_relation_size('${table}') + coalesce(sum(pg_total_relation_size(relid)), 0))::float8 AS n FROM pg_partition_tree('${table}') WHERE isleaf`,
        )
      )[0]?.n ?? 0;
    expect((await bytesOf("packed_run")) / samples).toBeLessThanOrEqual(9);
    const hourly = (await bytesOf("rollup_1h")) / samples;
    expect(hourly).toBeGreaterThan(1);
    expect(hourly).toBeLessThanOrEqual(2.2);
  });
});
