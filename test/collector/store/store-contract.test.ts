import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addEnrolCode, enrolWithCode, findAgent, setAgentState } from "../../../collector/store/agents.ts";
import type { Db } from "../../../collector/store/db.ts";
import { forgetFoundBefore, foundDevices } from "../../../collector/store/found-devices.ts";
import { type IngestTools, writeGroup } from "../../../collector/store/ingest.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openStore } from "../../../collector/store/open.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { pagesSince } from "../../../collector/store/page-counters.ts";
import { dropPartitionsBefore, Partitions, partitionDaysAhead } from "../../../collector/store/partitions.ts";
import type { Received } from "../../../collector/store/received.ts";
import { rollUpDirtyDays, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { SITE_SERIES_MAX } from "../../../collector/store/series.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { memoryParent } from "../../support/memory-parent.ts";
import { openPglite } from "../../support/pglite.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { startStandIns } from "../../support/stand-ins.ts";
import { serverDatabase } from "../../support/test-database.ts";
import { withoutSync } from "../../support/without-sync.ts";

type Opened = { readonly db: Db; close(): Promise<void> };
type Database = { readonly name: string; readonly isHere: boolean; readonly isCut?: boolean; open(): Promise<Opened> };

/** The databases that a store must behave the same on. Each opens an empty one; `isCut` is false where `run` has no partitions of ours. */
const databases: readonly Database[] = [
  { name: "the embedded server", isHere: true, open: openEmbedded },
  { name: "PGlite", isHere: true, open: async () => ownerOf(await openPglite()) },
  { name: "Debian's PostgreSQL 15", isHere: requirePeer("postgres"), open: openDebian },
  { name: "hypertables of a stand-in for TimescaleDB", isHere: true, isCut: false, open: openHypertables },
];

describe.each(databases.filter(({ isHere }) => isHere))("the store on $name", ({ open, isCut = true }) => {
  let opened: Opened;
  let db: Db;
  let tools: IngestTools;
  let stream = 0;

  beforeAll(async () => {
    opened = await open();
    db = opened.db;
    await migrate(db, T0);
    await importCentres(db, [centre("mot"), centre("hai")], T0);
    tools = { db, partitions: new Partitions(db), ids: new RunIds(), calendar: workWeek };
  }, 180_000);
  afterAll(async () => {
    await opened?.close();
  });

  /** A stream that no other test of this database uses. */
  const freshStream = () => (++stream).toString(16).padStart(16, "0");
  const count = async (table: string, own: string) => (await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE stream = $1`, [own]))[0]?.n;
  const write = (...group: Received[]) => writeGroup(tools, group);

  it("is migrated once, and says so when a migration was changed or is unknown", async () => {
    expect(await migrate(db, T0)).toEqual([]);
    await db.query("UPDATE migration SET sha256 = 'other' WHERE name = '0001_init.sql'");
    await expect(migrate(db, T0)).rejects.toThrow("Migration 0001_init.sql was changed");
    await db.query("DELETE FROM migration WHERE name = '0001_init.sql'");
    await db.query("INSERT INTO migration SELECT '9999_later.sql', 'x', now()");
    await expect(migrate(db, T0)).rejects.toThrow();
    await db.query("DELETE FROM migration WHERE name = '9999_later.sql'");
    await restoreMigration(db);
    expect(await migrate(db, T0)).toEqual([]);
  });

  it("undoes the part of a transaction that failed, and keeps the rest of it together", async () => {
    const put = (on: Db, key: string) => on.query("INSERT INTO setting (key, value) VALUES ($1, '1')", [key]);
    const kept = async () => (await db.query<{ key: string }>("SELECT key FROM setting WHERE key LIKE 'part %' ORDER BY 1")).map(({ key }) => key);
    const failing = (end: (part: Db) => Promise<unknown>) => (tx: Db) =>
      tx
        .transaction(async (part) => {
          await put(part, "part of what fails");
          await end(part);
        })
        .catch(() => undefined);
    await db.transaction(async (tx) => {
      await put(tx, "part before");
      await failing((part) => put(part, "part before"))(tx);
      await failing(() => Promise.reject(new Error("of the program")))(tx);
      await tx.transaction((part) => part.transaction((deeper) => put(deeper, "part that is deep")));
      await put(tx, "part after");
    });
    expect(await kept()).toEqual(["part after", "part before", "part that is deep"]);
    await expect(
      db.transaction(async (tx) => {
        await tx.transaction((part) => put(part, "part of a whole"));
        throw new Error("the whole");
      }),
    ).rejects.toThrow("the whole");
    expect(await kept()).not.toContain("part of a whole");
    await db.query("DELETE FROM setting WHERE key LIKE 'part %'");
  });

  it("stores a batch whole: observations, samples, newest values, presence, peaks, hours", async () => {
    const own = freshStream();
    const batch = batchOf({
      stream: own,
      count: 2,
      each: (index) => ({
        probe: "wifi-clients",
        target: "floor-1",
        outcome: measured([
          { metric: "wifi_clients", value: 20 + index },
          { metric: "wifi_clients", value: 7, labels: { ssid: 'Khach "1" \\ {x}', ap: "ap-1" } },
          { metric: "device_up", value: 1, labels: { device: "printer-1", role: "printer" } },
          { metric: "printer_pages", value: 900 + index, labels: { device: "printer-1" } },
        ]),
      }),
    });
    const [written] = await write(receivedOf(batch));
    expect(written).toMatchObject({ result: "stored", accepted: 2, duplicates: 0, ackedThrough: 2, rewindTo: undefined });
    const rows = await db.query(
      "SELECT s.metric, s.labels, l.value FROM latest l JOIN series s USING (site_id, series_id) WHERE s.site_id = 1 AND s.target = 'floor-1' ORDER BY s.metric, s.labels::text",
    );
    expect(rows).toEqual([
      { metric: "device_up", labels: { device: "printer-1", role: "printer" }, value: 1 },
      { metric: "printer_pages", labels: { device: "printer-1" }, value: 901 },
      { metric: "wifi_clients", labels: { ap: "ap-1", ssid: 'Khach "1" \\ {x}' }, value: 7 },
      { metric: "wifi_clients", labels: {}, value: 21 },
    ]);
    expect(await db.query("SELECT device, role, day::text AS day FROM presence_day WHERE site_id = 1")).toEqual([
      { device: "printer-1", role: "printer", day: "2026-11-28" },
    ]);
    expect(await db.query("SELECT metric, day::text AS day, value FROM peak_day WHERE site_id = 1")).toEqual([
      { metric: "wifi_clients", day: "2026-11-28", value: 21 },
    ]);
    const later = { atMs: T0 + 60 * 86_400_000 };
    expect(await pagesSince(db, 1, T0 - 86_400_000, later)).toEqual([{ device: "printer-1", day: "2026-11-28", pages: 900 }]);
    expect(await pagesSince(db, 1, T0 - 86_400_000, { ...later, knownMs: T0 - 1 }, "printer-1")).toEqual([]);
    const [{ first, last } = {}] = await db.query<{ first: string; last: string }>(
      "SELECT first_at::text AS first, last_at::text AS last FROM centre_contact WHERE site_id = 1",
    );
    expect([first, last]).toEqual(["2026-11-28 02:01:00+00", "2026-11-28 02:01:00+00"]);
  });

  it("remembers what searches of the LAN met: first day, last day, and what the newest one said", async () => {
    const evidence = (model: string) => ({
      networks: ["10.0.0.0/24"],
      found: [{ identity: "hash aaaaaaaa 01", roles: ["printer"], address: "10.0.0.20", model }],
      unknownComputers: 2,
    });
    const search = (model: string, startMs: number) =>
      receivedOf(
        batchOf({
          stream: freshStream(),
          count: 1,
          startMs,
          each: () => ({ probe: "device-discovery", outcome: measured([{ metric: "devices_found", value: 1 }], evidence(model)) }),
        }),
      );
    const DAY_MS = 86_400_000;
    await write(search("MFP 430", T0), search("MFP 400", T0 - 3 * DAY_MS));
    await write(search("MFP 410", T0 - DAY_MS));
    const since = T0 - 20 * DAY_MS;
    const [known, ...more] = await foundDevices(db, 1, since, { atMs: T0 });
    expect(more).toEqual([]);
    expect(known).toMatchObject({ identity: "hash aaaaaaaa 01", model: "MFP 430", firstDay: "2026-11-25", lastDay: "2026-11-28" });
    expect(await foundDevices(db, 1, since, { atMs: T0 - 4 * DAY_MS })).toEqual([]);
    await forgetFoundBefore(db, "2026-11-29");
    expect(await foundDevices(db, 1, since, { atMs: T0 })).toEqual([]);
    // A past moment is read from the searches themselves: only what had arrived by then.
    expect(await foundDevices(db, 1, since, { atMs: T0, knownMs: T0 + 60_000 })).toEqual([known]);
    expect(await foundDevices(db, 1, since, { atMs: T0 - DAY_MS, knownMs: T0 + 60_000 })).toMatchObject([{ model: "MFP 410", lastDay: "2026-11-27" }]);
    expect(await foundDevices(db, 1, since, { atMs: T0, knownMs: T0 - DAY_MS })).toEqual([]);
  });

  describe("stores each number of a stream once", () => {
    it("when the same bytes come again", async () => {
      const received = receivedOf(batchOf({ stream: freshStream() }));
      await write(received);
      expect(await write(received)).toEqual([expect.objectContaining({ result: "stored", accepted: 0, duplicates: 3, ackedThrough: 3 })]);
      expect(await count("observation", received.batch.stream)).toBe(3);
    });

    it("when the same bytes come twice in one group", async () => {
      const received = receivedOf(batchOf({ stream: freshStream() }));
      expect((await write(received, received)).map(({ accepted }) => accepted)).toEqual([3, 0]);
      expect(await count("observation", received.batch.stream)).toBe(3);
    });

    it("when writers bring the same bytes at the same time", async () => {
      const received = receivedOf(batchOf({ stream: freshStream(), count: 40, stepMs: 1_000 }));
      const written = await Promise.all(Array.from({ length: 8 }, () => write(received)));
      expect(
        written
          .flat()
          .map(({ accepted }) => accepted)
          .sort(),
      ).toEqual([0, 0, 0, 0, 0, 0, 0, 40]);
      expect(await count("observation", received.batch.stream)).toBe(40);
    });

    it("when writers bring the next batch of a stream at the same time, each as one statement", async () => {
      const own = freshStream();
      await write(receivedOf(batchOf({ stream: own, count: 2 })));
      const next = receivedOf(batchOf({ stream: own, from: 3, count: 5, startMs: T0 + 120_000 }));
      let transactions = 0;
      const counting: IngestTools = {
        ...tools,
        db: {
          ...db,
          transaction: (work) => {
            transactions++;
            return db.transaction(work);
          },
        },
      };
      const written = (await Promise.all(Array.from({ length: 8 }, () => writeGroup(counting, [next])))).flat();
      expect(written.map(({ accepted }) => accepted).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 5]);
      expect(written.map(({ ackedThrough }) => ackedThrough)).toEqual(Array(8).fill(7));
      expect([await count("observation", own), await count("ingest_ledger", own), transactions]).toEqual([7, 2, 7]);
    });

    it("in whatever ranges and groups they come, and acknowledges the unbroken beginning", async () => {
      const range = fc.record({
        stream: fc.nat({ max: 1 }),
        from: fc.integer({ min: 1, max: 9 }),
        count: fc.integer({ min: 1, max: 4 }),
        isNext: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(range, { minLength: 1, maxLength: 3 }), { maxLength: 6 }), async (groups) => {
          const streams = [freshStream(), freshStream()];
          const told = streams.map(() => new Set<number>());
          const ended = (place: number) => {
            let last = 0;
            while (told[place]?.has(last + 1)) last++;
            return last;
          };
          for (const ranges of groups) {
            const group = ranges.map(({ stream: place, from, count: length, isNext }) => {
              const first = isNext ? ended(place) + 1 : from;
              return { place, numbers: Array.from({ length }, (_, index) => first + index) };
            });
            const written = await write(
              ...group.map(({ place, numbers }) =>
                receivedOf(batchOf({ stream: streams[place] ?? "", from: numbers[0] ?? 1, count: numbers.length, startMs: T0 })),
              ),
            );
            const due = group.map(({ place, numbers }) => {
              const fresh = numbers.filter((number) => !told[place]?.has(number));
              for (const number of fresh) told[place]?.add(number);
              return fresh.length;
            });
            expect(written.map(({ accepted }) => accepted)).toEqual(due);
            expect(written.map(({ ackedThrough }) => ackedThrough)).toEqual(group.map(({ place }) => ended(place)));
          }
          for (const [place, own] of streams.entries()) expect(await count("observation", own)).toBe(told[place]?.size);
        }),
        { numRuns: 40 },
      );
    });

    it("when a range overlaps an earlier one: only what is missing", async () => {
      const own = freshStream();
      await write(receivedOf(batchOf({ stream: own, from: 1, count: 4 })));
      const [written] = await write(receivedOf(batchOf({ stream: own, from: 3, count: 4, startMs: T0 + 120_000 })));
      expect(written).toMatchObject({ accepted: 2, duplicates: 2, ackedThrough: 6 });
      expect(await count("observation", own)).toBe(6);
    });
  });

  it("refuses other bytes under a range that is stored, and stores its neighbours of the group", async () => {
    const own = freshStream();
    await write(receivedOf(batchOf({ stream: own })));
    const other = receivedOf(batchOf({ stream: own, each: () => ({ elapsedMs: 13 }) }));
    const neighbour = receivedOf(batchOf({ stream: freshStream() }), { siteId: 2 });
    expect((await write(other, neighbour)).map(({ result, accepted }) => [result, accepted])).toEqual([
      ["conflict", 0],
      ["stored", 3],
    ]);
    expect(await db.query("SELECT DISTINCT elapsed_ms FROM observation WHERE stream = $1", [own])).toEqual([{ elapsed_ms: 12.5 }]);
  });

  it("acknowledges the unbroken beginning of a stream, with gaps that were said", async () => {
    const own = freshStream();
    const acked = async (shape: Parameters<typeof batchOf>[0]) => (await write(receivedOf(batchOf({ stream: own, ...shape }))))[0]?.ackedThrough;
    expect(await acked({ from: 11, count: 5 })).toBe(0);
    expect(await acked({ from: 1, count: 5 })).toBe(5);
    expect(await acked({ from: 6, count: 2, gaps: [{ from: 8, to: 10, reason: "evicted_disk_full" }] })).toBe(15);
    expect(await db.query("SELECT seq_from::int AS f, seq_to::int AS t, reason FROM stream_gap WHERE stream = $1", [own])).toEqual([
      { f: 8, t: 10, reason: "evicted_disk_full" },
    ]);
  });

  it("tells a stream to go back, after a restore, until its sender has heard it", async () => {
    const own = freshStream();
    await write(receivedOf(batchOf({ stream: own })));
    await db.query("UPDATE stream_state SET rewind = true WHERE stream = $1", [own]);
    const send = async (from: number, lane: "live" | "backlog" = "live") =>
      (await write(receivedOf(batchOf({ stream: own, lane, from, startMs: T0 + from * 60_000 }))))[0];
    expect(await send(7)).toMatchObject({ ackedThrough: 3, rewindTo: 4 });
    // The answer was lost: the same bytes again.
    expect(await send(7)).toMatchObject({ accepted: 0, duplicates: 3, rewindTo: 4 });
    // What another lane sends shows nothing of it, even where it moves the mark.
    expect(await send(4, "backlog")).toMatchObject({ ackedThrough: 9, rewindTo: 4 });
    expect(await send(7)).toMatchObject({ duplicates: 3, rewindTo: 4 });
    expect(await send(10)).toMatchObject({ accepted: 3, ackedThrough: 12, rewindTo: undefined });
    expect(await send(13)).toMatchObject({ accepted: 3, rewindTo: undefined });
  });

  it("keeps how far off an agent's clock was, until it tells anew", async () => {
    const { siteId, agentId } = receivedOf(batchOf());
    const offset = async () => (await db.query("SELECT clock_offset_ms AS ms FROM contact WHERE site_id = $1 AND agent_id = $2", [siteId, agentId]))[0]?.ms;
    const tell = (clockOffsetMs?: number) =>
      write({ ...receivedOf(batchOf({ stream: freshStream() })), ...(clockOffsetMs !== undefined && { clockOffsetMs }) });
    await tell(-25_200_000);
    expect(await offset()).toBe(-25_200_000);
    await tell();
    expect(await offset()).toBe(-25_200_000);
    await tell(12);
    expect(await offset()).toBe(12);
  });

  it("puts an impossible time aside and counts its number as done", async () => {
    const own = freshStream();
    const batch = batchOf({ stream: own, each: (index) => (index === 1 ? { takenAt: "1970-01-01T00:00:00.000Z" } : {}) });
    expect(await write(receivedOf(batch))).toEqual([expect.objectContaining({ ackedThrough: 3, accepted: 3 })]);
    expect(await count("observation", own)).toBe(2);
    expect(await db.query("SELECT seq::int AS seq, code FROM dead_letter WHERE stream = $1", [own])).toEqual([{ seq: 2, code: "time_out_of_bounds" }]);
  });

  it.each([
    ["NUL and halves of pairs in values", { note: "a\u0000b \ud800 \udc00" }],
    ["NUL and halves of pairs in names", { "a\u0000b": { "\ud800": 1 } }],
    ["backslashes before what looks like an escape", { note: "\\u0000 \\\\u0000 \\ud800" }],
    ["a name that objects know", JSON.parse('{"inner":{"__proto__":{"x":1},"constructor":1}}') as Record<string, unknown>],
    ["the largest and smallest numbers", { big: 1.7976931348623157e308, small: 5e-324 }],
  ])("takes evidence with %s", async (_, evidence) => {
    const own = freshStream();
    const [written] = await write(
      receivedOf(batchOf({ stream: own, count: 1, each: () => ({ outcome: measured([{ metric: "loss_percent", value: 1 }], evidence) }) })),
    );
    expect(written).toMatchObject({ accepted: 1 });
    expect(await count("observation", own)).toBe(1);
  });

  it("keeps a backslash of evidence as it was", async () => {
    const own = freshStream();
    const evidence = { path: "C:\\u0000\\new" };
    await write(receivedOf(batchOf({ stream: own, count: 1, each: () => ({ outcome: measured([{ metric: "loss_percent", value: 1 }], evidence) }) })));
    const [row] = await db.query<{ path: string }>("SELECT outcome->'evidence'->>'path' AS path FROM observation WHERE stream = $1", [own]);
    expect(row?.path).toBe("C:\\u0000\\new");
  });

  it("takes a duration that no clock can show", async () => {
    const [written] = await write(receivedOf(batchOf({ stream: freshStream(), count: 1, each: () => ({ elapsedMs: 1e300 }) })));
    expect(written).toMatchObject({ accepted: 1 });
  });

  it("writes the same samples one by one and as a block", async () => {
    // 5,000 samples are the border between the two ways.
    const many = batchOf({ stream: freshStream(), count: 500, stepMs: 7, each: (index) => ({ target: "block", outcome: measured(hops(12, index)) }) });
    const few = batchOf({ stream: freshStream(), count: 500, stepMs: 7, each: (index) => ({ target: "single", outcome: measured(hops(1, index)) }) });
    await write(receivedOf(many));
    await write(receivedOf(few));
    const sums = (target: string) =>
      db.query(
        `SELECT count(*)::int AS n, sum(value)::float8 AS sum, min(s.ts)::text AS first, max(s.ts)::text AS last FROM sample s JOIN series r USING (site_id, series_id) WHERE r.target = $1 AND r.labels = '{"hop":"h0"}'`,
        [target],
      );
    expect(await sums("block")).toEqual(await sums("single"));
    expect(await sums("single")).toEqual([{ n: 500, sum: 12_475, first: "2026-11-28 02:00:00+00", last: "2026-11-28 02:00:03.493+00" }]);
  });

  it("keeps the newest value when older ones come later", async () => {
    const newest = async () => (await db.query("SELECT l.value FROM latest l JOIN series s USING (site_id, series_id) WHERE s.target = 'order'"))[0];
    const one = (from: number, startMs: number) =>
      write(
        receivedOf(
          batchOf({
            stream: `00000000000000f${from}`,
            count: 1,
            from: 1,
            startMs,
            each: () => ({ target: "order", outcome: measured([{ metric: "loss_percent", value: from }]) }),
          }),
        ),
      );
    await one(1, T0 + 60_000);
    await one(2, T0);
    expect(await newest()).toEqual({ value: 1 });
    await one(3, T0 + 61_000);
    expect(await newest()).toEqual({ value: 3 });
  });

  it("rolls up the hours that got samples, and again when late ones come", async () => {
    const startMs = T0 - 86_400_000;
    const values = (from: number, count: number, at: number) =>
      batchOf({
        stream: freshStream(),
        count,
        startMs: at,
        stepMs: 1_000,
        each: (index) => ({ target: "rollup", outcome: measured([{ metric: "rtt_avg_ms", value: from + index }]) }),
      });
    const rollup = () =>
      db.query(
        "SELECT r.hour::text AS hour, r.n, r.vmin, r.vmax, r.vsum FROM rollup_1h r JOIN series s USING (site_id, series_id) WHERE s.target = 'rollup' ORDER BY r.hour",
      );
    await write(receivedOf(values(1, 99, startMs)));
    expect(await rollUpDirtyHours(db, T0)).toBeGreaterThan(0);
    expect(await rollup()).toEqual([{ hour: "2026-11-27 02:00:00+00", n: 99, vmin: 1, vmax: 99, vsum: 4950 }]);
    await write(receivedOf(values(200, 1, startMs + 1_800_000)));
    await rollUpDirtyHours(db, T0);
    expect(await rollup()).toEqual([expect.objectContaining({ n: 100, vmax: 200 })]);
    expect(await rollUpDirtyHours(db, T0)).toBe(0);
  });

  it.runIf(isCut)("has partitions for the days ahead and drops those past their time", async () => {
    await tools.partitions.ensureAhead(T0);
    expect(await partitionDaysAhead(db, T0)).toBe(7);
    const oldMs = Date.parse("2025-01-31T23:59:59.999Z");
    await tools.partitions.ensure([oldMs, oldMs + 1]);
    expect((await dropPartitionsBefore(db, "run", oldMs + 1)).dropped).toEqual(["run_20250131"]);
    expect((await dropPartitionsBefore(db, "run", oldMs + 1)).dropped).toEqual([]);
  });

  it.runIf(isCut)("does not drop a day whose hours wait for their rollup, and makes a dropped day again for late observations", async () => {
    const dayMs = T0 - 20 * 86_400_000;
    const late = (first: number) => {
      const batch = batchOf({
        stream: freshStream(),
        count: 1,
        startMs: dayMs,
        each: () => ({ target: "late", outcome: measured([{ metric: "loss_percent", value: first }]) }),
      });
      return write(receivedOf(batch));
    };
    const beforeMs = T0 - 14 * 86_400_000;
    await late(1);
    await packDaysBefore(db, beforeMs);
    expect((await dropPartitionsBefore(db, "run", beforeMs)).dropped).not.toContain("run_20261108");
    await rollUpDirtyHours(db, T0);
    await rollUpDirtyDays(db, "2026-11-28");
    expect((await dropPartitionsBefore(db, "run", beforeMs)).dropped).toContain("run_20261108");
    expect(await late(2)).toEqual([expect.objectContaining({ result: "stored", accepted: 1 })]);
  });

  it("gives a site no more series than any centre can have, and keeps its observations", async () => {
    await db.query(
      `INSERT INTO series (site_id, metric, target, labels) SELECT 2, 'loss_percent', 'invented-' || n, '{}' FROM generate_series(1, ${SITE_SERIES_MAX}) AS n`,
    );
    const own = freshStream();
    const batch = batchOf({ stream: own, count: 2, each: (index) => ({ target: `new-${index}` }) });
    expect(await write(receivedOf(batch, { siteId: 2 }))).toEqual([expect.objectContaining({ accepted: 2 })]);
    expect(await count("observation", own)).toBe(2);
    expect(await db.query("SELECT 1 FROM series WHERE site_id = 2 AND target LIKE 'new-%'")).toEqual([]);
  });

  it("enrols with a code once; the same key again gets the same agent, another key nothing", async () => {
    const agent = (name: string, publicKey: string) => ({ agentId: `agt-${name.padEnd(16, "0")}`, publicKey, hostName: undefined, version: "1" });
    expect(await addEnrolCode(db, "mot", "code-1", T0, T0 + 1_000)).toBe(true);
    expect(await enrolWithCode(db, "code-1", agent("late", "key-a"), T0 + 1_001)).toBeUndefined();
    expect(await enrolWithCode(db, "code-1", agent("first", "key-a"), T0)).toEqual({ agentId: "agt-first00000000000", centre: "mot", point: "main" });
    expect(await enrolWithCode(db, "code-1", agent("again", "key-a"), T0)).toEqual({ agentId: "agt-first00000000000", centre: "mot", point: "main" });
    expect(await enrolWithCode(db, "code-1", agent("thief", "key-b"), T0)).toBeUndefined();
    expect(await enrolWithCode(db, "code-none", agent("guess", "key-b"), T0)).toBeUndefined();
    await setAgentState(db, "agt-first00000000000", "revoked", { nowMs: T0, reason: "test" });
    expect(await findAgent(db, "agt-first00000000000")).toMatchObject({ siteId: 1, centre: "mot", state: "revoked" });
  });

  it("gives a reception point three open codes at most, and none to a centre that is not known", async () => {
    const given = [];
    for (const name of ["a", "b", "c", "d"]) given.push(await addEnrolCode(db, "hai", `code-${name}`, T0, T0 + 1_000));
    expect(given).toEqual([true, true, true, false]);
    expect(await addEnrolCode(db, "hai", "code-p", T0, T0 + 1_000, "ia-ly")).toBe(true);
    expect(await addEnrolCode(db, "hai", "code-e", T0 + 2_000, T0 + 3_000)).toBe(true);
    expect(await addEnrolCode(db, "nowhere", "code-f", T0, T0 + 1_000)).toBe(false);
  });

  it("knows a centre that was imported again only when it differs", async () => {
    expect(await importCentres(db, [centre("mot"), { ...centre("ba"), officers: 4 }], T0)).toEqual({ added: 1, changed: 0 });
    expect(await importCentres(db, [centre("mot"), { ...centre("ba"), officers: 5 }], T0)).toEqual({ added: 0, changed: 1 });
  });

  it("a centre that names no devices keeps those that were told in the same moment, and is no news when nothing else differs", async () => {
    const devices = [{ id: "p-1", role: "printer" as const }];
    const { devices: _, ...bare } = centre("bon");
    expect(await importCentres(db, [{ ...bare, devices }], T0)).toEqual({ added: 1, changed: 0 });
    expect(await importCentres(db, [bare], T0 + 1)).toEqual({ added: 0, changed: 0 });
    expect(await importCentres(db, [{ ...bare, officers: 2 }], T0)).toEqual({ added: 0, changed: 1 });
    expect((await findSite(db, "bon"))?.centre).toMatchObject({ officers: 2, devices });
    expect(await importCentres(db, [{ ...bare, officers: 2, devices }], T0 + 2)).toEqual({ added: 0, changed: 0 });
    expect(await importCentres(db, [{ ...bare, officers: 2, devices: [] }], T0 + 3)).toEqual({ added: 0, changed: 1 });
    expect((await findSite(db, "bon"))?.centre.devices).toEqual([]);
  });
});

function centre(code: string) {
  return { code, name: `Xã ${code}`, keyArea: false, devices: [] };
}

function hops(count: number, value: number) {
  return Array.from({ length: count }, (_, hop) => ({
    metric: "rtt_avg_ms" as const,
    value: value % 50 === 0 ? value / 10 : (value % 50) + hop,
    labels: { hop: `h${hop}` },
  }));
}

/** Enters the first migration again as it is on disk: its tables stand already. */
async function restoreMigration(db: Db): Promise<void> {
  const { readFile } = await import("node:fs/promises");
  const { createHash } = await import("node:crypto");
  const text = await readFile(new URL("../../../collector/store/migrations/0001_init.sql", import.meta.url), "utf8");
  await db.query("INSERT INTO migration (name, sha256, applied_at) VALUES ('0001_init.sql', $1, now())", [createHash("sha256").update(text).digest("hex")]);
}

async function openEmbedded(): Promise<Opened> {
  const folder = await mkdtemp(join(memoryParent(), "hcc-embedded-"));
  const store = await openStore({ databaseUrl: undefined, dataDir: folder });
  await withoutSync(store.db);
  return {
    db: store.db,
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openHypertables(): Promise<Opened> {
  const server = await startStandIns();
  const db = await server.database({ extension: "timescaledb", version: "2.28.3", license: "timescale" });
  return {
    db,
    close: async () => {
      await db.close();
      await server.stop();
    },
  };
}

async function openDebian(): Promise<Opened> {
  const server = await serverDatabase();
  const store = await openStore({ databaseUrl: server.url, dataDir: "unused" });
  return {
    db: store.db,
    close: async () => {
      await store.close();
      await server.drop();
    },
  };
}

function ownerOf(db: Db & { close(): Promise<void> }): Opened {
  return { db, close: () => db.close() };
}
