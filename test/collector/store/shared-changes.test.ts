import { afterAll, beforeAll, expect, test } from "vitest";
import type { Finding, FindingState } from "#schemas/finding.ts";
import { closeSite } from "../../../collector/store/closings.ts";
import { addRevisions } from "../../../collector/store/findings.ts";
import { pageStore } from "../../../collector/store/pages.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { sampleFindings } from "../../support/sample-province.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const dayMs = Date.parse("2026-11-28T00:00:00Z");
const codes = ["xa-01", "xa-02", "xa-03", "xa-04", "xa-05"];
let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
  await importCentres(
    db,
    codes.map((code) => ({ code, name: code, keyArea: false, devices: [] })),
    dayMs,
  );
}, 180_000);
afterAll(() => db?.close());

async function move(code: string, hour: number, before: FindingState, state: FindingState, late = false): Promise<void> {
  const siteId = (await findSite(db, code))?.siteId ?? 0;
  const finding = {
    ...sampleFindings(0)[0],
    centre: code,
    requirement: "R16",
    state,
    evaluatedAt: new Date(dayMs + hour * 3_600_000).toISOString(),
  } as Finding;
  await addRevisions(db, [{ siteId, before: { ...finding, state: before }, finding, late }]);
}

test("the same change at several centres is one entry that counts all of them and names the last, without closed centres and what came late", async () => {
  for (const [index, code] of codes.entries()) await move(code, index, "pass", "fail");
  await move("xa-01", 6, "fail", "pass");
  await move("xa-01", 7, "pass", "fail");
  await move("xa-02", 8, "fail", "pass", true);
  await move("xa-02", -1, "unknown", "pass");
  await closeSite(db, (await findSite(db, "xa-04"))?.siteId ?? 0, { on: "2026-11-20" }, { reason: "sáp nhập", nowMs: dayMs });
  const { changes, closed } = await pageStore(db).province(new Date(dayMs).toISOString(), "2026-11-28");
  expect(closed.map(({ code }) => code)).toEqual(["xa-04"]);
  expect(changes).toEqual([
    { requirement: "R16", from: "pass", to: "fail", at: "2026-11-28T07:00:00.000Z", centres: 4, times: 5, newest: ["xa-01", "xa-05", "xa-03"] },
    { requirement: "R16", from: "fail", to: "pass", at: "2026-11-28T06:00:00.000Z", centres: 1, times: 1, newest: ["xa-01"] },
  ]);
});
