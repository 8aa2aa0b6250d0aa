import { afterAll, beforeAll, expect, it } from "vitest";
import type { Finding, FindingState } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import { addRevisions, findingsAsOf } from "../../../collector/store/findings.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { DAY, NOW } from "../../support/facts.ts";
import { openPglite, type PgliteDb } from "../../support/pglite.ts";

let db: PgliteDb;
beforeAll(async () => {
  db = await openPglite();
  await migrate(db, NOW);
  await importCentres(db, [Centre.parse({ code: "xa-hra", name: "Xã Hra" })], NOW);
  await revise(0, "unknown");
  await revise(2, "pass", 9);
  await revise(20, "fail");
}, 60_000);
afterAll(() => db.close());

async function revise(day: number, state: FindingState, validUntilDay?: number): Promise<void> {
  const finding: Finding = {
    centre: "xa-hra",
    requirement: "R01",
    state,
    reason: state === "pass" ? "met" : state === "fail" ? "below_floor" : "no_data",
    evidenceClass: "measured",
    evidence: [],
    evaluatedAt: new Date(NOW + day * DAY).toISOString(),
    policy: "gia-lai-890@1",
    ...(validUntilDay !== undefined && { validUntil: new Date(NOW + validUntilDay * DAY).toISOString() }),
  };
  await addRevisions(db, 1, [{ before: undefined, finding, late: false }]);
}

it.each([
  ["before anything was judged", -1, []],
  ["at the first judgement", 0, ["unknown no_data"]],
  ["while the pass held", 5, ["pass met"]],
  ["when its evidence had run out and nobody came by", 12, ["unknown stale"]],
  ["after the breach", 21, ["fail below_floor"]],
] as const)("%s", async (_, day, expected) => {
  expect((await findingsAsOf(db, 1, NOW + day * DAY)).map(({ state, reason }) => `${state} ${reason}`)).toEqual(expected);
});
