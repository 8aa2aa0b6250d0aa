import { afterAll, beforeAll, expect, it } from "vitest";
import { createUpkeep } from "../../../collector/jobs/upkeep.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const [MINUTE, HOUR] = [60_000, 3_600_000];
const BEGIN = Math.floor(T0 / HOUR) * HOUR;

const trusted = { look: async () => true };

let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
  await migrate(db, BEGIN);
}, 60_000);
afterAll(() => db?.close());

it("the present hour is rolled up again after twenty times what it has cost, an hour that ended always", async () => {
  const partitions = new Partitions(db);
  const tools = { db, partitions, ids: new RunIds(), calendar: workWeek };
  let seq = 0;
  const flush = (atMs: number) =>
    writeGroup(tools, [
      receivedOf(batchOf({ from: ++seq, count: 1, startMs: atMs, each: () => ({ outcome: measured([{ metric: "loss_percent", value: seq }]) }) })),
    ]);
  let steadyMs = 0;
  // Each look at the clock takes a minute, and so does the rollup between two of them.
  const keep = createUpkeep(db, partitions, { clock: trusted, auditMonths: 12, steadyMs: () => (steadyMs += MINUTE) });
  const rolledUpAt = async (nowMs: number) => (await keep(nowMs)).rolledUp;
  await flush(BEGIN);
  expect(await rolledUpAt(BEGIN + 5 * MINUTE)).toBe(1);
  await flush(BEGIN + 6 * MINUTE);
  expect(await rolledUpAt(BEGIN + 10 * MINUTE)).toBe(0);
  steadyMs += 20 * MINUTE;
  expect(await rolledUpAt(BEGIN + 30 * MINUTE)).toBe(1);
  await flush(BEGIN + 7 * MINUTE);
  expect(await rolledUpAt(BEGIN + 35 * MINUTE)).toBe(0);
  expect(await rolledUpAt(BEGIN + HOUR + MINUTE)).toBe(1);
  expect(await db.query("SELECT n, vsum FROM rollup_1h")).toEqual([{ n: 3, vsum: 6 }]);
});

it("forgets after 400 days on which days centres were judged", async () => {
  const nowMs = Date.parse("2026-11-30T12:00:00+07:00");
  await db.query("INSERT INTO judged_day (site_id, day, first_at) VALUES (1, '2025-10-25', now()), (1, '2025-10-26', now())");
  await createUpkeep(db, new Partitions(db), { clock: { look: async () => false }, auditMonths: 12 })(nowMs);
  expect(await db.query("SELECT day::text AS day FROM judged_day ORDER BY 1")).toHaveLength(2);
  await createUpkeep(db, new Partitions(db), { clock: trusted, auditMonths: 12 })(nowMs);
  expect(await db.query("SELECT day::text AS day FROM judged_day")).toEqual([{ day: "2025-10-26" }]);
});
