import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import { DAY_FACTS_MAX } from "#schemas/evaluate/daily-facts.ts";
import type { Observation, Reading } from "#schemas/observation.ts";
import type { Db } from "../../../collector/store/db.ts";
import { SITE_FOUND_MAX } from "../../../collector/store/found-devices.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { failingDb } from "../../support/failing-db.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const HOUR_MS = 3_600_000;
const DAY_TABLES = ["presence_day", "peak_day", "pages_day"];
let db: TestDb;
let streams = 0;
beforeAll(async () => {
  db = await openTestDb();
  const centres = ["xa-01", "xa-02"].map((code) => ({ code, name: code, keyArea: false, devices: [] }));
  await importCentres(db, centres, T0);
});
afterAll(() => db?.close());

/** The collector of site 1 goes on for all flushes; that of site 2 is started anew for each, and knows nothing. */
const tools = (on: Db, ids: RunIds) => ({ db: on, partitions: new Partitions(db), ids, calendar: workWeek });
const streamOf = (siteId: number) => (streams * 10 + siteId).toString(16).padStart(16, "0");
const rowsOf = async (siteId: number) => {
  const tables = DAY_TABLES.map((table) =>
    db.query<object>(`SELECT to_jsonb(t) - 'site_id' AS row FROM ${table} AS t WHERE site_id = $1 ORDER BY 1`, [siteId]),
  );
  return Promise.all(tables);
};

const reading: fc.Arbitrary<Reading> = fc.oneof(
  fc
    .record({ device: fc.constantFrom("d1", "d2"), role: fc.constantFrom("printer", "scanner", "camera") })
    .map((labels) => ({ metric: "device_up", value: 1, labels })),
  fc
    .record({ device: fc.constantFrom("d1", "d2"), pages: fc.integer({ min: 0, max: 9 }) })
    .map(({ device, pages }) => ({ metric: "printer_pages", value: pages, labels: { device } })),
  fc.integer({ min: 0, max: 9 }).map((value) => ({ metric: "wifi_clients", value })),
) as fc.Arbitrary<Reading>;
const flush = fc.record({
  // Over the end of a Vietnam day, which is 17:00 in UTC.
  told: fc.array(fc.record({ hour: fc.integer({ min: 0, max: 20 }), readings: fc.array(reading, { minLength: 1, maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  fails: fc.constantFrom(false, false, false, true),
  isLate: fc.boolean(),
});

it("days are the same, whatever the collector remembers of them, and whichever flush the database has refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(flush, { minLength: 1, maxLength: 6 }), async (flushes) => {
      for (const table of DAY_TABLES) await db.query(`DELETE FROM ${table}`);
      streams++;
      const remembering = new RunIds();
      let from = 1;
      for (const [place, { told, fails, isLate }] of flushes.entries()) {
        const each = (index: number): Partial<Observation> => {
          const { hour = 0, readings = [] } = told[index] ?? {};
          return { probe: "office-devices", takenAt: new Date(T0 + hour * HOUR_MS).toISOString(), outcome: measured(readings) };
        };
        // A batch out of its order goes the other way, through the ledger.
        const receivedFor = (siteId: number) => {
          const batch = batchOf({ stream: streamOf(siteId), from: isLate ? from + 1_000 * (place + 1) : from, count: told.length, each });
          return receivedOf(batch, { siteId, receivedMs: T0 + (place + 1) * 24 * HOUR_MS });
        };
        if (fails) {
          const broken = failingDb(db, (statement) => statement.includes("add_presence"));
          await expect(writeGroup(tools(broken, remembering), [receivedFor(1)])).rejects.toThrow("failed in the middle");
        }
        await writeGroup(tools(db, remembering), [receivedFor(1)]);
        await writeGroup(tools(db, new RunIds()), [receivedFor(2)]);
        if (!isLate) from += told.length;
        expect(await rowsOf(1), `flush ${place}`).toEqual(await rowsOf(2));
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);

it("a day holds so many devices and no more, whatever is named: those that were told first, and as many new ones as still find room", async () => {
  streams++;
  const named = (count: number, prefix: string, role: string) =>
    Array.from({ length: count }, (_, at): Reading => ({ metric: "device_up", value: 1, labels: { device: `${prefix}${at}`, role } }));
  let from = 1;
  // A collector that knows nothing tells again what stands there.
  const tell = async (readings: readonly Reading[], day = T0) => {
    const each = () => ({ probe: "office-devices" as const, takenAt: new Date(day).toISOString(), outcome: measured(readings) });
    await writeGroup(tools(db, new RunIds()), [receivedOf(batchOf({ stream: streamOf(1), from: from++, count: 1, each }), { siteId: 1 })]);
  };
  const held = async () => {
    const [row] = await db.query<{ old: number; fresh: number; cameras: number; other: number }>(
      `SELECT count(*) FILTER (WHERE device LIKE 'old%' AND day = $1::date)::int AS old, count(*) FILTER (WHERE device LIKE 'new%' AND day = $1::date)::int AS fresh,
         count(*) FILTER (WHERE role = 'camera')::int AS cameras, count(*) FILTER (WHERE day <> $1::date)::int AS other FROM presence_day WHERE site_id = 1`,
      [vietnamDay(T0)],
    );
    return row;
  };
  await db.query("DELETE FROM presence_day");
  await tell(named(300, "old", "printer"));
  await tell(named(450, "new", "printer"));
  expect(await held()).toEqual({ old: 300, fresh: DAY_FACTS_MAX - 300, cameras: 0, other: 0 });
  await tell([...named(300, "old", "camera"), ...named(100, "newer", "printer")]);
  expect(await held()).toEqual({ old: 300, fresh: DAY_FACTS_MAX - 300, cameras: 300, other: 0 });
  await tell(named(10, "new", "printer"), T0 - 24 * HOUR_MS);
  expect(await held()).toMatchObject({ old: 300, other: 10 });
  await db.query("DELETE FROM presence_day");
});

it("a day holds so many counters of printers and no more, each fall of one included", async () => {
  streams++;
  const counters = (count: number, prefix: string, pages: number) =>
    Array.from({ length: count }, (_, at): Reading => ({ metric: "printer_pages", value: pages, labels: { device: `${prefix}${at}` } }));
  let from = 1;
  const tell = async (readings: readonly Reading[], day = T0) => {
    const receivedMs = T0 + from * 1_000;
    const each = () => ({ probe: "office-devices" as const, takenAt: new Date(day).toISOString(), outcome: measured(readings) });
    await writeGroup(tools(db, new RunIds()), [receivedOf(batchOf({ stream: streamOf(1), from: from++, count: 1, each }), { siteId: 1, receivedMs })]);
  };
  const held = async () => {
    const [row] = await db.query<{ old: number; fresh: number; lowest: number; other: number }>(
      `SELECT count(*) FILTER (WHERE device LIKE 'old%' AND day = $1::date)::int AS old, count(*) FILTER (WHERE device LIKE 'new%' AND day = $1::date)::int AS fresh,
         min(pages) FILTER (WHERE device = 'old0')::int AS lowest, count(*) FILTER (WHERE day <> $1::date)::int AS other FROM pages_day WHERE site_id = 1`,
      [vietnamDay(T0)],
    );
    return row;
  };
  await db.query("DELETE FROM pages_day");
  await tell(counters(300, "old", 9));
  await tell(counters(1, "old", 5));
  expect(await held()).toEqual({ old: 301, fresh: 0, lowest: 5, other: 0 });
  await tell(counters(450, "new", 9));
  expect(await held()).toEqual({ old: 301, fresh: DAY_FACTS_MAX - 301, lowest: 5, other: 0 });
  await tell([...counters(300, "old", 3), ...counters(9, "newer", 9)]);
  expect(await held()).toEqual({ old: 301, fresh: DAY_FACTS_MAX - 301, lowest: 5, other: 0 });
  await tell(counters(10, "new", 9), T0 - 24 * HOUR_MS);
  expect(await held()).toMatchObject({ old: 301, other: 10 });
  await db.query("DELETE FROM pages_day");
});

it("a site holds so many devices that its searches found in a month and no more: known ones are told on, and those that are met no more make room", async () => {
  streams++;
  let from = 1;
  const search = async (prefix: string, count: number, model: string, day = T0 - 31 * 24 * HOUR_MS) => {
    for (let first = 0; first < count; first += 200) {
      const found = Array.from({ length: Math.min(200, count - first) }, (_, at) => ({
        identity: `hash aaaaaaaa ${prefix}${first + at}`,
        roles: ["printer"],
        address: "10.0.0.9",
        model,
      }));
      const each = () => ({
        probe: "device-discovery" as const,
        takenAt: new Date(day).toISOString(),
        outcome: measured([{ metric: "devices_found", value: found.length }], { networks: [], found, unknownComputers: 0 }),
      });
      await writeGroup(tools(db, new RunIds()), [receivedOf(batchOf({ stream: streamOf(1), from: from++, count: 1, each }), { siteId: 1 })]);
    }
  };
  const held = async () => {
    const rows = await db.query<{ name: string; count: number }>(
      "SELECT substr(identity, 15, 3) || ' ' || (body ->> 'model') AS name, count(*)::int AS count FROM found_device WHERE site_id = 1 GROUP BY 1 ORDER BY 1",
    );
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  };
  await db.query("DELETE FROM found_device");
  await search("old", SITE_FOUND_MAX - 100, "A");
  await search("new", 200, "A");
  expect(await held()).toEqual({ "new A": 100, "old A": SITE_FOUND_MAX - 100 });
  await search("old", 200, "B");
  expect(await held()).toEqual({ "new A": 100, "old A": SITE_FOUND_MAX - 300, "old B": 200 });
  await search("far", 50, "A", T0);
  expect(await held()).toMatchObject({ "far A": 50, "new A": 100 });
  await db.query("DELETE FROM found_device");
});

it("what a restored database has lost is written again when the agent sends it again", async () => {
  streams++;
  const remembering = tools(db, new RunIds());
  const each = () => ({ probe: "office-devices" as const, outcome: measured([{ metric: "device_up", value: 1, labels: { device: "d9", role: "printer" } }]) });
  const send = async (from: number) => {
    const [written] = await writeGroup(remembering, [receivedOf(batchOf({ stream: streamOf(1), from, count: 1, each }), { siteId: 1 })]);
    return written;
  };
  const days = async () => (await db.query("SELECT 1 FROM presence_day WHERE device = 'd9'")).length;
  await send(1);
  await send(2);
  expect(await days()).toBe(1);
  // A standby took over without the last minutes: the second batch, and the day.
  await db.query("DELETE FROM presence_day");
  await db.query("DELETE FROM ingest_ledger WHERE site_id = 1 AND stream = $1 AND seq_from = 2", [streamOf(1)]);
  await db.query("UPDATE stream_state SET acked_through = 1, rewind = true WHERE stream = $1", [streamOf(1)]);
  expect(await send(3)).toMatchObject({ rewindTo: 2, ackedThrough: 1 });
  expect(await days()).toBe(0);
  expect(await send(2)).toMatchObject({ result: "stored", accepted: 1, ackedThrough: 3 });
  expect(await days()).toBe(1);
});

it("after a flush that failed, days are written as if nothing were known: another server may have taken over", async () => {
  streams++;
  const ids = new RunIds();
  const each = () => ({ probe: "office-devices" as const, outcome: measured([{ metric: "device_up", value: 1, labels: { device: "d8", role: "printer" } }]) });
  const received = (from: number) => [receivedOf(batchOf({ stream: streamOf(1), from, count: 1, each }), { siteId: 1 })];
  const days = async () => (await db.query("SELECT 1 FROM presence_day WHERE device = 'd8'")).length;
  await writeGroup(tools(db, ids), received(1));
  await db.query("DELETE FROM presence_day WHERE device = 'd8'");
  await writeGroup(tools(db, ids), received(2));
  expect(await days()).toBe(0);
  const broken = failingDb(db, () => true);
  await expect(writeGroup(tools(broken, ids), received(3))).rejects.toThrow("failed in the middle");
  await writeGroup(tools(db, ids), received(3));
  expect(await days()).toBe(1);
});

it("after a flush that failed, runs are written under names that the database has: another server may have taken over", async () => {
  streams++;
  const ids = new RunIds();
  const each = () => ({ probe: "office-devices" as const, target: "d7", outcome: measured([{ metric: "device_up", value: 1 }]) });
  const received = (from: number) => [receivedOf(batchOf({ stream: streamOf(1), from, count: 1, each }), { siteId: 1 })];
  const told = async () => (await db.query("SELECT 1 FROM every_run WHERE target = 'd7'")).length;
  await writeGroup(tools(db, ids), received(1));
  expect(await told()).toBe(1);
  await db.query("DELETE FROM run_source WHERE target = 'd7'");
  await db.query("DELETE FROM series WHERE target = 'd7'");
  // Values that are refused come from the server that was there before.
  const refusing = failingDb(db, () => true, Object.assign(new Error("refused"), { code: "22003" }));
  await expect(writeGroup(tools(refusing, ids), received(2))).rejects.toThrow("refused");
  await writeGroup(tools(db, ids), received(2));
  expect(await told()).toBe(0);
  await expect(
    writeGroup(
      tools(
        failingDb(db, () => true),
        ids,
      ),
      received(3),
    ),
  ).rejects.toThrow("failed in the middle");
  await writeGroup(tools(db, ids), received(3));
  expect(await told()).toBe(1);
});

it.each([
  ["the next batch of its stream", 2],
  ["one out of its order", 5],
])("a server that took over between two flushes, with other ids, gets runs under its own: %s", async (_, from) => {
  streams++;
  const other = await openTestDb();
  try {
    await importCentres(other, [{ code: "xa-01", name: "xa-01", keyArea: false, devices: [] }], T0);
    const received = (target: string, first: number) => {
      const each = () => ({ probe: "office-devices" as const, target, outcome: measured([{ metric: "device_up", value: 1 }]) });
      return [receivedOf(batchOf({ stream: streamOf(1), from: first, count: 1, each }), { siteId: 1 })];
    };
    const own = (on: Db, ids: RunIds): Parameters<typeof writeGroup>[0] => ({ db: on, partitions: new Partitions(on), ids, calendar: workWeek });
    await writeGroup(own(other, new RunIds()), received("theirs", 1));
    let answering: Db = db;
    const address: Db = {
      ...db,
      query: (statement, values) => answering.query(statement, values),
      rows: (statement, values) => answering.rows(statement, values),
      transaction: (work) => answering.transaction(work),
    };
    const collector = own(address, new RunIds());
    await writeGroup(collector, received("ours", 1));
    answering = other;
    await writeGroup(collector, received("ours", from));
    expect(await other.query("SELECT target, seq::int AS seq FROM every_run ORDER BY seq")).toEqual([
      { target: "theirs", seq: 1 },
      { target: "ours", seq: from },
    ]);
  } finally {
    await other.close();
  }
});
