import { afterAll, beforeAll, expect, test } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { trustClock } from "../../../collector/store/clock-proof.ts";
import { closeSite } from "../../../collector/store/closings.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { measured } from "../../support/batches.ts";
import { DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";
import { sealedText } from "../../support/sealed-text.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const SEALED = vn("2026-12-05T08:00");

let province: JudgedProvince;
/** A speed test that was taken at an instant and comes at a later one. */
const line = (code: string, takenMs: number, mbps: number, comesMs = takenMs + MINUTE) => {
  const outcome = measured([{ metric: "download_mbps", value: mbps, labels: { server: "s1" } }]);
  return province.send(code, comesMs, [{ probe: "link-bandwidth", target: "s1", atMs: takenMs, outcome }], comesMs - takenMs > HOUR ? "backlog" : "live");
};
const deskAt = (nowMs: number) => monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs });
/** What the report of November says of the line of a centre, and of how many days it says so. */
async function lineIn(code: string, nowMs: number) {
  const [centre] = (await deskAt(nowMs).dossier("2026-11", code))?.centres ?? [];
  const row = centre?.rows.find(({ requirement }) => requirement === "R01");
  return { state: row?.state, measured: row?.measured, evidence: row?.evidence.length, days: Object.values(row?.days ?? {}).reduce((sum, n) => sum + n, 0) };
}
const bytesOf = async (nowMs: number) => JSON.stringify(await deskAt(nowMs).dossier("2026-11"));

beforeAll(async () => {
  const centres = ["xa-a", "xa-b", "xa-c"].map((code) => Centre.parse({ code, name: code }));
  province = await openJudgedProvince({ centres, nowMs: vn("2026-11-02T08:00"), policies: [plan] });
  for (const code of ["xa-a", "xa-b", "xa-c"]) await line(code, vn("2026-11-18T09:00"), 150);
  await province.judge.tick(vn("2026-11-19T23:00"));
  await closeSite(province.db, province.siteIdOf("xa-a"), { on: "2026-11-20", into: "xa-c" }, { reason: "NQ 1", nowMs: vn("2026-11-19T10:00") });
  await closeSite(province.db, province.siteIdOf("xa-b"), { on: "2026-12-01", into: "xa-c" }, { reason: "NQ 1", nowMs: vn("2026-11-19T10:00") });
  await province.judge.tick(vn("2026-11-20T00:01"));
}, 180_000);
afterAll(() => province?.db.close());

test("what the agent of a closed centre sends late changes the report of its last month while that is not sealed", async () => {
  const before = vn("2026-11-25T08:00");
  expect(await lineIn("xa-a", before)).toEqual({ state: "pending", measured: 150, evidence: 1, days: 19 });
  await line("xa-a", vn("2026-11-19T15:00"), 250, before + HOUR);
  expect(await lineIn("xa-a", before + 2 * HOUR)).toMatchObject({ state: "pass", evidence: 2, days: 19 });
  // It is no present of a centre that is no more.
  expect(await findingsOf(province.db, province.siteIdOf("xa-a"))).toEqual([]);
  expect((await deskAt(before + 2 * HOUR).dossier("2026-11"))?.centresTally.total).toBe(2);
});

test("also within the days after the month, and of a centre that ended with it", async () => {
  const open = vn("2026-12-03T08:00");
  await province.judge.tick(vn("2026-12-01T00:01"));
  expect(await lineIn("xa-b", open)).toMatchObject({ state: "unknown", days: 30 });
  await line("xa-b", vn("2026-11-30T15:00"), 260, open + HOUR);
  expect(await lineIn("xa-b", open + 2 * HOUR)).toMatchObject({ state: "pass", measured: 205, evidence: 2, days: 30 });
  await line("xa-a", vn("2026-11-19T16:00"), 270, open + HOUR);
  expect(await lineIn("xa-a", open + 2 * HOUR)).toMatchObject({ state: "pass", evidence: 3 });
});

test("and not one that is sealed, whether or not it is made anew: what came later was not known when the month closed", async () => {
  await trustClock(province.db, SEALED, false);
  await deskAt(SEALED).sealNewest();
  const sealed = await sealedText(province.db, "2026-11");
  expect(sealed).toContain('"provisional":false');
  // 30 days after its centre's end an agent is still let in.
  await line("xa-a", vn("2026-11-19T23:00"), 90, SEALED + 15 * DAY);
  await line("xa-b", vn("2026-11-30T23:00"), 90, SEALED + 15 * DAY);
  const later = SEALED + 16 * DAY;
  await trustClock(province.db, later, false);
  expect(await bytesOf(later)).toBe(sealed);
  await province.db.query("DELETE FROM dossier");
  expect(await bytesOf(later)).toBe(sealed);
  // It is kept all the same: it is evidence of that day.
  const [kept] = await province.db.query<{ n: number }>("SELECT count(*)::int AS n FROM observation WHERE site_id = $1 AND probe = 'link-bandwidth'", [
    province.siteIdOf("xa-a"),
  ]);
  expect(kept?.n).toBe(4);
});
