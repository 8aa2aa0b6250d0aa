import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../../collector/config.ts";
import { makeDemo } from "../../../collector/demo/demo.ts";
import type { Made } from "../../../collector/demo/history.ts";
import { createLog } from "../../../collector/log.ts";
import { readDemoState } from "../../../collector/store/demo-state.ts";
import { setting } from "../../../collector/store/settings.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const HOUR_MS = 3_600_000;
// Friday 20 November 2026, 10:30 in Vietnam.
const nowMs = Date.parse("2026-11-20T03:30:00.000Z");
const make = (db: TestDb, stop = new AbortController(), onStep: (made: Made) => void = () => undefined, atMs = nowMs) =>
  makeDemo({
    config: readConfig({}),
    store: { db, url: "", close: db.close },
    log: createLog("silent"),
    size: { seed: 890, centres: 5, days: 1 },
    nowMs: atMs,
    stop: stop.signal,
    onStep,
  });

describe("a demo of five centres and one day, two of them silent", () => {
  let db: TestDb;
  let before: Made | undefined;
  beforeAll(async () => {
    db = await openTestDb();
    // The first start is cut off after its third step, as by Ctrl-C.
    const stop = new AbortController();
    let steps = 0;
    const first = await make(db, stop, (made) => {
      before = made;
      steps += 1;
      if (steps === 3) stop.abort();
    });
    expect(first.complete).toBe(false);
  }, 180_000);
  afterAll(() => db?.close());

  it("goes on where it was cut off and stores each number of each stream once, without a hole", async () => {
    expect(before?.observations).toBeGreaterThan(0);
    const again = await make(db, undefined, undefined, nowMs + HOUR_MS);
    expect(again).toMatchObject({ complete: true, resumed: true });
    const streams = await db.query<{ n: number; first: number; last: number; twice: number }>(
      "SELECT count(*)::int AS n, min(seq)::int AS first, max(seq)::int AS last, (count(*) - count(DISTINCT seq))::int AS twice FROM observation GROUP BY stream",
    );
    expect(streams).toHaveLength(3);
    for (const { n, first, last, twice } of streams) expect({ first, last, twice }).toEqual({ first: 1, last: n, twice: 0 });
    expect((await readDemoState(db))?.throughMs).toBe(nowMs);
  }, 180_000);

  it("marks the database, so that every page can say so", async () => {
    expect(await setting(db, "demo")).toBe(true);
  });

  it("has a finding for every centre and requirement, judged at the moment of the demo at the latest", async () => {
    const [row] = await db.query<{ sites: number; requirements: number; n: number; late: number }>(
      `SELECT count(DISTINCT site_id)::int AS sites, count(DISTINCT requirement)::int AS requirements, count(*)::int AS n,
         count(*) FILTER (WHERE evaluated_at > to_timestamp(${nowMs / 1000}))::int AS late FROM finding`,
    );
    expect(row).toMatchObject({ sites: 5, late: 0 });
    expect(row?.n).toBe((row?.sites ?? 0) * (row?.requirements ?? 0));
    expect(row?.requirements).toBeGreaterThan(15);
  });
});

describe("a database with real centres", () => {
  it("is refused and left as it is", async () => {
    const db = await openTestDb();
    await importCentres(db, [{ code: "xa-that", name: "Xã Thật", keyArea: false, devices: [] }], nowMs);
    await expect(make(db)).rejects.toThrow(/real centres/);
    expect(await setting(db, "demo")).toBeUndefined();
    await db.close();
  }, 180_000);
});
