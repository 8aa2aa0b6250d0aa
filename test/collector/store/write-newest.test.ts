import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeParts } from "../../../collector/store/flush-part.ts";
import { newestOf, newestPart } from "../../../collector/store/write-newest.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db?.close());

const T0 = Date.parse("2026-11-28T02:00:00Z");
/** Series 5, 10, 15 and 20 were told first by source 9. */
const homes = { homeOf: (seriesId: number, sourceId: number) => (seriesId % 5 === 0 ? 9 : sourceId) };
const run = fc
  .record({
    // A series belongs to one source, or to two.
    sourceId: fc.integer({ min: 1, max: 3 }),
    takenMs: fc.integer({ min: 0, max: 5 }).map((s) => T0 + s * 1_000),
    told: fc.array(fc.record({ series: fc.integer({ min: 0, max: 6 }), value: fc.integer({ min: 0, max: 1_000 }) }), { maxLength: 5 }),
  })
  .map(({ sourceId, takenMs, told }) => ({
    siteId: 1,
    sourceId,
    takenMs,
    seriesIds: told.map(({ series }) => (series >= 5 ? (series - 4) * 5 : sourceId * 20 + series + 1)),
    vals: told.map(({ value }) => value),
  }));

it("are, flush by flush, what series by series is the newest value told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(run, { maxLength: 6 }), { minLength: 1, maxLength: 5 }), async (flushes) => {
      await db.query("DELETE FROM newest_values");
      const due = new Map<number, { ms: number; value: number }>();
      for (const runs of flushes) {
        await writeParts(db, [newestPart(homes, runs)]);
        for (const { takenMs, seriesIds, vals } of runs)
          seriesIds.forEach((id, place) => {
            if (takenMs >= (due.get(id)?.ms ?? 0)) due.set(id, { ms: takenMs, value: vals[place] ?? 0 });
          });
      }
      const rows = await db.query<{ id: number; value: number; ms: number }>(
        `SELECT u.id, u.value, (extract(epoch FROM coalesce(u.ts, n.ts)) * 1000)::float8 AS ms FROM newest_values AS n, unnest(n.series_ids, n.vals, n.each_ts) AS u(id, value, ts) ORDER BY u.id`,
      );
      expect(rows).toEqual([...due].sort(([a], [b]) => a - b).map(([id, { ms, value }]) => ({ id, value, ms })));
    }),
    { numRuns: 150 },
  );
}, 120_000);

it("is one row for each source, without times of its own where all were taken at once", () => {
  const told = (takenMs: number, value: number) => ({ siteId: 1, sourceId: 7, takenMs, seriesIds: [1, 2], vals: [value, value + 1] });
  expect(newestOf([told(2, 20), told(1, 10), told(3, 30)], homes)).toEqual([{ ...told(3, 30), eachMs: null }]);
  expect(newestOf([told(2, 20), { ...told(3, 30), seriesIds: [2], vals: [5] }], homes)).toEqual([{ ...told(3, 20), vals: [20, 5], eachMs: [2, 3] }]);
});
