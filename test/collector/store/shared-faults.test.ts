import { afterAll, beforeAll, expect, it } from "vitest";
import type { Observation, Reading } from "#schemas/observation.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { sharedFaultsWithin, targetShares } from "../../../collector/store/shared-faults.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0 } from "../../support/batches.ts";
import { toolsOn } from "../../support/filled-store.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const question = { probe: "portal-http", metric: "portal_up", overPercent: 50, windowMs: 15 * MINUTE_MS, centresMin: 1 } as const;

const up = (value: number, portal?: string): Reading => ({ metric: "portal_up", value, ...(portal && { labels: { portal } }) });
const failed: Observation["outcome"] = { kind: "failed", reason: "timeout" };

/** What one centre says of one target, a run a second from T0 on: whether it counts as asked and failed, in the window and by its newest run. */
const cases: readonly { name: string; runs: readonly Observation["outcome"][]; atOnce?: true; window: string; newest: string }[] = [
  { name: "it answered", runs: [measured([up(1)])], window: "well", newest: "well" },
  { name: "it did not", runs: [measured([up(0)])], window: "down", newest: "down" },
  { name: "a 0 of another metric is none of it", runs: [measured([{ metric: "portal_dns_ms", value: 0 }, up(1)])], window: "well", newest: "well" },
  { name: "a run that says nothing of the metric has asked", runs: [measured([{ metric: "portal_dns_ms", value: 0 }])], window: "well", newest: "well" },
  { name: "one of several labels is enough", runs: [measured([up(1, "a"), up(1), up(0, "b")])], window: "down", newest: "down" },
  { name: "what is told twice in a run failed once", runs: [measured([up(1), up(0)])], window: "down", newest: "down" },
  { name: "a run that could not ask is none", runs: [failed, failed], window: "none", newest: "none" },
  { name: "once in a window is enough, the newest run says how it is", runs: [measured([up(0)]), measured([up(1)]), failed], window: "down", newest: "well" },
  { name: "of one instant the later number is the newest", runs: [measured([up(1)]), measured([up(0)])], atOnce: true, window: "down", newest: "down" },
];

const targetOf = (place: number) => `target-${place}`;

let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
  await importCentres(db, [{ code: "mot", name: "Một", keyArea: false, devices: [] }], T0);
  const batches = cases.map(({ runs, atOnce }, place) =>
    batchOf({
      stream: (place + 1).toString(16).padStart(16, "0"),
      count: runs.length,
      stepMs: atOnce ? 0 : 1_000,
      each: (index) => ({ probe: "portal-http", target: targetOf(place), outcome: runs[index] as Observation["outcome"] }),
    }),
  );
  await writeGroup(
    toolsOn(db),
    batches.map((batch) => receivedOf(batch)),
  );
});
afterAll(() => db?.close());

const atMs = T0 + 2 * MINUTE_MS;
async function said(knownMs?: number): Promise<{ name: string; window: string; newest: string }[]> {
  const moment = { atMs, ...(knownMs !== undefined && { knownMs }) };
  const faults = await sharedFaultsWithin(db, question, [{ fromMs: T0, toMs: atMs }], moment);
  const shares = new Map((await targetShares(db, question, moment)).map(({ target, asked, down }) => [target, down === asked ? "down" : "well"]));
  const windows = new Map(faults.map(({ target }) => [target, "down"]));
  return cases.map(({ name }, place) => {
    const newest = shares.get(targetOf(place)) ?? "none";
    return { name, window: windows.get(targetOf(place)) ?? (newest === "none" ? "none" : "well"), newest };
  });
}
const expected = cases.map(({ name, window, newest }) => ({ name, window, newest }));

it("a fault is told of the runs as they came", async () => {
  expect(await said()).toEqual(expected);
});

it("is a whole window, of which nothing was known before the first runs arrived", async () => {
  const faults = await sharedFaultsWithin(db, question, [{ fromMs: T0, toMs: atMs }], { atMs });
  expect(new Set(faults.map(({ fromMs, toMs }) => `${fromMs - T0} ${toMs - T0}`))).toEqual(new Set([`0 ${question.windowMs}`]));
  expect(new Set((await said(T0 + 59_999)).map(({ newest }) => newest))).toEqual(new Set(["none"]));
  expect(await said(T0 + MINUTE_MS)).toEqual(expected);
});

it("says the same of a packed day", async () => {
  expect(await packDaysBefore(db, T0 + DAY_MS)).toBe(cases.reduce((sum, { runs }) => sum + runs.length, 0));
  expect(await said()).toEqual(expected);
});
