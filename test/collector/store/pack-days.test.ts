import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { type IngestTools, writeGroup } from "../../../collector/store/ingest.ts";
import { knownMigrations, migrate } from "../../../collector/store/migrate.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { dropPartitionsBefore, Partitions } from "../../../collector/store/partitions.ts";
import { openPostgres, type PostgresDb } from "../../../collector/store/postgres-db.ts";
import { rollUpDirtyDays, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { SeriesIds } from "../../../collector/store/series.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { requirePeer } from "../../support/require-peer.ts";
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
  let server: ServerDatabase;
  let db: PostgresDb;
  let tools: IngestTools;
  let stream = 0;

  beforeAll(async () => {
    server = await serverDatabase();
    db = openPostgres(server.url, { connections: 6, statementTimeoutMs: 60_000 });
    await migrate(db, T0);
    const centres = Array.from({ length: SITES }, (_, index) => ({ code: `c-${index}`, name: `c-${index}`, keyArea: false, devices: [] }));
    await importCentres(db, centres, T0);
    tools = { db, partitions: new Partitions(db), series: new SeriesIds(), calendar: workWeek };
  }, 60_000);
  afterAll(async () => {
    await db?.close();
    await server?.drop();
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
  const stored = (of: Db = db) => of.query("SELECT site_id, series_id, (extract(epoch FROM ts) * 1000)::float8 AS ms, value FROM sample ORDER BY 1, 2, 3, 4");
  const rowsIn = async (table: string) => (await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n ?? 0;
  const pack = () => packDaysBefore(db, dayMs + DAY_MS);
  const empty = () => db.script("TRUNCATE sample_run; TRUNCATE sample_hour; TRUNCATE dirty_hour, dirty_day, rollup_1h, rollup_1d, rollup_site_1h");

  it("keeps each sample to the last bit and the millisecond, whatever its rhythm and digits", async () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 0, max: 1e6 }).map((tenths) => tenths / 10),
      fc.integer({ min: 0, max: 3e8 }).map((parts) => parts / 1e4),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
    );
    const uneven = fc.array(fc.record({ atMs: fc.integer({ min: dayMs, max: dayMs + DAY_MS - 1 }), value }), { minLength: 1, maxLength: 80 });
    const even = fc.tuple(fc.array(value, { minLength: 1, maxLength: 80 }), fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 3_000_000 }));
    const regular = even.map(([values, step, first]) => values.map((one, index) => ({ atMs: dayMs + first + index * step, value: one })));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(uneven, regular), { minLength: 1, maxLength: 3 }), async (lists) => {
        await empty();
        for (const [index, samples] of lists.entries()) await write(1 + index, "any", samples);
        const before = await stored();
        expect(await pack()).toBe(before.length);
        expect(await stored()).toEqual(before);
        expect(await rowsIn("sample_run")).toBe(0);
      }),
      property,
    );
  }, 3_600_000);

  const minutes = (count: number, tenths: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => ({ atMs: dayMs + index * 60_000 + ((index * 7_919) % 900), value: tenths(index) / 10 }));

  it("packs late samples of a packed day with the others, and rolls their hour up again from all of them", async () => {
    await empty();
    await write(
      1,
      "late",
      minutes(120, (index) => index),
    );
    await pack();
    await rollUpDirtyHours(db, T0);
    await write(1, "late", [{ atMs: dayMs + 90_000, value: 5_000 }]);
    await rollUpDirtyHours(db, T0);
    const rollup = "SELECT n, vmax FROM rollup_1h ORDER BY hour";
    expect(await db.query(rollup)).toEqual([
      { n: 61, vmax: 5_000 },
      { n: 60, vmax: 11.9 },
    ]);
    const before = await stored();
    // Only the hour that got the sample is opened.
    expect(await pack()).toBe(61);
    expect(await stored()).toEqual(before);
    expect(await rowsIn("sample_hour")).toBe(2);
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
          // The second step has moved its samples, and ends before its commit.
          if (++steps === 2) throw new Error("stopped here");
          return result;
        }),
    };
    await expect(packDaysBefore(stopping, dayMs + DAY_MS)).rejects.toThrow("stopped here");
    expect(await rowsIn("sample_hour")).toBe(10);
    expect(await stored()).toEqual(before);
    expect(await pack()).toBe(before.length - 300);
    expect(await stored()).toEqual(before);
  });

  it("may run twice at once, and while samples of that day arrive", async () => {
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
    expect(await rowsIn("sample_run")).toBe(0);
  });

  it("drops a packed day's runs only when all is moved, and a later sample makes the day again", async () => {
    await empty();
    await write(
      1,
      "drop",
      minutes(10, (index) => index),
    );
    await rollUpDirtyHours(db, T0);
    await rollUpDirtyDays(db, "2026-11-28");
    const name = `sample_run_${DAY.replaceAll("-", "")}`;
    expect(await dropPartitionsBefore(db, "sample_run", dayMs + DAY_MS)).not.toContain(name);
    await pack();
    expect(await dropPartitionsBefore(db, "sample_run", dayMs + DAY_MS)).toContain(name);
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

  it("takes over the samples of a database of the version before", async () => {
    const database = await serverDatabase();
    const old = openPostgres(database.url, { connections: 2, statementTimeoutMs: 60_000 });
    await migrate(
      old,
      T0,
      (await knownMigrations()).findIndex(({ name }) => name === "0015_sample_runs.sql"),
    );
    await old.script(`CREATE TABLE sample_20261126 PARTITION OF sample FOR VALUES FROM ('${DAY}T00:00:00Z') TO ('2026-11-27T00:00:00Z');
      INSERT INTO site (centre_code, name, changed_at) VALUES ('mot', 'Một', now());
      INSERT INTO sample SELECT 1, series, '${DAY}T00:00:00Z'::timestamptz + minute * interval '1 min', series + minute FROM generate_series(1, 3) AS series, generate_series(0, 90) AS minute`);
    const before = await stored(old);
    expect(before).toHaveLength(273);
    expect(await migrate(old, T0)).toContain("0015_sample_runs.sql");
    expect(await stored(old)).toEqual(before);
    expect(await old.query("SELECT count(*)::int AS n FROM sample_run")).toEqual([{ n: 91 }]);
    expect(await rollUpDirtyHours(old, T0)).toBe(2);
    await old.close();
    await database.drop();
  });

  it("needs at most 9 bytes per packed sample and 2.5 per sample rolled up by the hour", async () => {
    await empty();
    await tools.partitions.ensure([dayMs]);
    // A day of 160 series, a sample a minute that is a little late each time, one decimal: smooth with some noise.
    await db.script(
      `INSERT INTO sample_run SELECT 2, '${DAY}T00:00:00Z'::timestamptz + minute * interval '1 min' + (minute * 7919 % 900) * interval '1 ms',
         array_agg(series), array_agg((200 + (minute * 31 + series) % 97) / 10.0) FROM generate_series(0, 1439) AS minute, generate_series(1, 160) AS series GROUP BY minute;
       INSERT INTO dirty_hour SELECT DISTINCT site_id, hour FROM sample`,
    );
    await rollUpDirtyHours(db, T0);
    const samples = await rowsIn("sample");
    await pack();
    for (const table of ["sample_hour", "rollup_1h"]) await db.script(`VACUUM FULL ${table}`);
    const bytesOf = async (table: string) =>
      (
        await db.query<{ n: number }>(
          `SELECT (pg_total_relation_size('${table}') + coalesce(sum(pg_total_relation_size(relid)), 0))::float8 AS n FROM pg_partition_tree('${table}') WHERE isleaf`,
        )
      )[0]?.n ?? 0;
    expect((await bytesOf("sample_hour")) / samples).toBeLessThanOrEqual(9);
    const hourly = (await bytesOf("rollup_1h")) / samples;
    expect(hourly).toBeGreaterThan(1);
    expect(hourly).toBeLessThanOrEqual(2.5);
  });
});
