import { afterAll, beforeAll, expect, it } from "vitest";
import { Inventory } from "#schemas/inventory.ts";
import { configSeal, keepConfigSeal } from "../../../collector/store/config-seals.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const nowMs = Date.parse("2026-11-28T03:00:00Z");
const { centres } = Inventory.parse({ centres: [{ code: "xa-01", name: "Xã Ia Grai" }] });
let db: TestDb;
let siteId: number;
beforeAll(async () => {
  db = await openTestDb();
  await importCentres(db, centres, nowMs);
  siteId = (await findSite(db, "xa-01"))?.siteId ?? 0;
}, 180_000);
afterAll(() => db?.close());

const seal = (day: number, signature: string) => ({ payload: JSON.stringify({ issuedAt: `2026-11-${day}T03:00:00.000Z` }), signature });

it("a signed configuration is taken once, and only in place of an older one or of one that another key has signed", async () => {
  const kept: boolean[] = [];
  const steps = [
    [1_000_002, seal(20, "a")],
    [1_000_002, seal(20, "a")],
    [1_000_001, seal(25, "b")],
    [1_000_002, seal(19, "c")],
    [1_000_002, seal(21, "d")],
    [1_000_002, seal(21, "e")],
    [1_000_003, seal(10, "f")],
  ] as const;
  for (const [version, one] of steps) kept.push(await keepConfigSeal(db, { siteId, point: "main" }, one, version, nowMs));
  expect(kept).toEqual([true, false, false, false, true, true, true]);
  expect(await configSeal(db, { siteId, point: "main" })).toEqual(seal(10, "f"));
});

it("each reception point has one of its own", async () => {
  const elsewhere = { siteId, point: "ia-ly" };
  expect(await configSeal(db, elsewhere)).toBeUndefined();
  expect(await keepConfigSeal(db, elsewhere, seal(20, "g"), 1_000_001, nowMs)).toBe(true);
  expect(await configSeal(db, elsewhere)).toEqual(seal(20, "g"));
  expect(await configSeal(db, { siteId, point: "main" })).not.toEqual(seal(20, "g"));
});
