import { afterAll, beforeAll, expect, test } from "vitest";
import { Inventory } from "#schemas/inventory.ts";
import { linkEvidenceOf } from "../../../collector/report/link-evidence-desk.ts";
import { configFor } from "../../../collector/served-config.ts";
import { problemsSince } from "../../../collector/store/alert-book.ts";
import { beginIncident } from "../../../collector/store/incidents.ts";
import { pageStore } from "../../../collector/store/pages.ts";
import { findSite, importCentres, type Site } from "../../../collector/store/sites.ts";
import { calendar, plan } from "../../support/facts.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const dayMs = Date.parse("2026-11-28T03:00:00Z");
const declared = { code: "xa-01", name: "Xã Chư Păh", isp: "VNPT", contractNumber: " GLI-HĐ/00123 " };
const { centres } = Inventory.parse({ centres: [declared] });
const [centre] = centres as [(typeof centres)[number]];
let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
  await importCentres(db, [centre], dayMs);
}, 180_000);
afterAll(() => db?.close());

const site = async () => (await findSite(db, "xa-01")) as Site;
const sheet = async (lastDay: string) =>
  (await linkEvidenceOf({ db, demo: false, policyAt: () => ({ policy: plan, calendar }), now: () => dayMs }, "xa-01", "2026-11-28", lastDay))?.centre;

test("the number of a line's contract that a list of centres declares stands on the centre's page, on the provider's sheet and in letters", async () => {
  const { siteId } = await site();
  await beginIncident(db, { siteId, requirement: "R01", subject: "", beganMs: dayMs });
  expect((await problemsSince(db, dayMs)).places.get(siteId)).toMatchObject({ isp: "VNPT", contractNumber: "GLI-HĐ/00123" });
  expect((await site()).centre.contractNumber).toBe("GLI-HĐ/00123");
  expect((await pageStore(db).province(new Date(dayMs).toISOString(), "2026-11-28")).centres[0]?.contractNumber).toBe("GLI-HĐ/00123");
  expect(await sheet("2026-11-28")).toMatchObject({ isp: "VNPT", contractNumber: "GLI-HĐ/00123" });
});

test("agents are not told of it: an older one takes no centre with a key that it does not know", async () => {
  const told = configFor(await site(), undefined, { policy: plan, calendar, measureServers: [], phones: [] }, { point: "main", points: ["main"] }, dayMs);
  expect(told.centre).toMatchObject({ code: "xa-01", isp: "VNPT" });
  expect(told.centre).not.toHaveProperty("contractNumber");
});

test("another number alone is a change, and one that is left out is taken away", async () => {
  expect(await importCentres(db, [{ ...centre, contractNumber: "GLI-HĐ/00999" }], dayMs + 1_000)).toEqual({ added: 0, changed: 1 });
  expect((await site()).centre.contractNumber).toBe("GLI-HĐ/00999");
  const { contractNumber: _, ...without } = centre;
  expect(await importCentres(db, [without], dayMs + 2_000)).toEqual({ added: 0, changed: 1 });
  expect((await site()).centre).not.toHaveProperty("contractNumber");
  expect((await pageStore(db).province(new Date(dayMs).toISOString(), "2026-11-28")).centres[0]).not.toHaveProperty("contractNumber");
});

test.each([[""], ["  "], ["a\nb"], ["x".repeat(65)], [123]])("%j is no number of a contract", (contractNumber) => {
  expect(Inventory.safeParse({ centres: [{ ...declared, contractNumber }] }).success).toBe(false);
});
