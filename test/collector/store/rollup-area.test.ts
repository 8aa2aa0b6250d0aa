import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { costOf, type Plans, rowsRead } from "../../support/plan-cost.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

/** 96,000 rollups, and 1,920 sums of 4 districts. */
const [CENTRES, SERIES, HOURS] = [20, 10, 480];
const LAST = "2026-11-20T23:00:00Z";
/** Rows of one hour. */
const HOUR_ROWS = CENTRES * SERIES;

const places = `INSERT INTO site (centre_code, name, district, changed_at) SELECT 'xa-' || n, 'Xã', 'Huyện ' || n % 4, now() FROM generate_series(1, ${CENTRES}) AS n;
  INSERT INTO series (site_id, metric, target, labels) SELECT site_id, 'portal_up', 'target-' || n, '{}' FROM site, generate_series(1, ${SERIES}) AS n`;
const rollups = `INSERT INTO rollup_1h (site_id, series_id, hour, n, vmin, vmax, vsum)
  SELECT site_id, series_id, timestamptz '${LAST}' - back * interval '1 h', 12, 0, 1, 6 FROM series, generate_series(0, ${HOURS - 1}) AS back ORDER BY back DESC`;

describe.skipIf(!requirePeer("postgres"))("the sums of districts", () => {
  let db: TestDb;

  beforeAll(async () => {
    db = await openTestDb();
  }, 60_000);
  afterAll(() => db?.close());

  /** What `rollup_area` reads for one hour. */
  async function costOfHour(tx: Db): Promise<{ rollups: number; sums: number; pages: number }> {
    const before = { rollups: await rowsRead(tx, "rollup_1h"), sums: await rowsRead(tx, "rollup_area_1h") };
    const [row] = await tx.query<Record<string, Plans>>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT rollup_area(ARRAY[timestamptz '${LAST}'])`);
    const { pages } = costOf(Object.values(row ?? {})[0] as Plans, /^$/);
    return { rollups: (await rowsRead(tx, "rollup_1h")) - before.rollups, sums: (await rowsRead(tx, "rollup_area_1h")) - before.sums, pages };
  }

  it("of an hour read its rollups and no others, however they were planned", async () => {
    await db.transaction(async (tx) => {
      // A collector that starts on an empty database keeps the plans of its first hour, until somebody counts the rows.
      await tx.script(
        `SELECT rollup_area(ARRAY[timestamptz '${LAST}']); ${places}; ${rollups}; SELECT rollup_area(ARRAY(SELECT DISTINCT hour FROM rollup_1h))`,
      );
      const empty = await costOfHour(tx);
      // Plans that are lost are made anew with the tables as large as they are, and of none the rows counted.
      await tx.script("DISCARD PLANS");
      const uncounted = await costOfHour(tx);
      await tx.script("ANALYZE");
      for (const cost of [empty, uncounted, await costOfHour(tx)]) {
        expect(cost.rollups).toBeGreaterThanOrEqual(HOUR_ROWS);
        expect(cost.rollups).toBeLessThanOrEqual(2 * HOUR_ROWS);
        expect(cost.sums).toBeLessThan(HOUR_ROWS / 2);
        expect(cost.pages).toBeLessThan(10 * HOUR_ROWS);
      }
      const [sum] = await tx.query<{ series: number; zeros: number; n: number }>(
        `SELECT sum(series)::int AS series, sum(zeros)::int AS zeros, sum(n)::int AS n FROM rollup_area_1h WHERE hour = '${LAST}'`,
      );
      expect(sum).toEqual({ series: HOUR_ROWS, zeros: 0, n: 12 * HOUR_ROWS });
    });
  });
});
