import { afterAll, beforeAll, expect, test } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import { Centre } from "#schemas/inventory.ts";
import { createAlerts } from "../../../collector/alert/alerts.ts";
import { findingsAsOf } from "../../../collector/jobs/past-findings.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { bytesOf, renderReport } from "../../../collector/report/render.ts";
import { readBook } from "../../../collector/store/alert-book.ts";
import { findingsOf } from "../../../collector/store/findings.ts";
import { pageStore } from "../../../collector/store/pages.ts";
import { addWaivers, waiversFrom, withdrawWaiver } from "../../../collector/store/waivers.ts";
import { measured } from "../../support/batches.ts";
import { calendar, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const notify = NotifyConfig.parse({ recipients: [{ owner: "*", channel: "webhook", to: "ioc", digests: false }] });
const waiver = {
  id: "w1",
  centre: "xa-hra",
  requirement: "R01",
  reason: "Chờ nhà mạng",
  document: "9/UBND",
  approver: "Sở A",
  from: "2026-11-20",
  until: "2026-12-31",
};
const NOVEMBER_CLOSED = vn("2026-12-04T08:00");
const BEFORE = vn("2026-12-07T09:30");
const WITHDRAWN = vn("2026-12-07T10:00");
const AFTER = vn("2026-12-07T10:05");
const withdrawal = { at: new Date(WITHDRAWN).toISOString(), by: "Thanh tra B", reason: "nhầm trung tâm" };

let province: JudgedProvince;
let alerts: ReturnType<typeof createAlerts>;
beforeAll(async () => {
  province = await openJudgedProvince({
    centres: [Centre.parse({ code: "xa-hra", name: "Xã Hra", officers: 2 })],
    nowMs: vn("2026-11-20T08:00"),
    policies: [plan],
    onJudged: (tx, judged) => alerts.onJudged(tx, judged),
  });
  alerts = createAlerts({ db: province.db, policyAt: () => ({ policy: plan, calendar }), notify, publicUrl: "http://hcc" });
  await addWaivers(province.db, [waiver], vn("2026-11-20T08:00"));
  for (const day of ["11-23", "11-24", "11-25", "11-26", "11-27", "11-30", "12-01", "12-02", "12-03", "12-04", "12-07"]) {
    const atMs = vn(`2026-${day}T09:00`);
    const server = Number(day.slice(3)) % 2 ? "s1" : "s2";
    await province.send("xa-hra", atMs, [
      { probe: "link-bandwidth", target: server, atMs, outcome: measured([{ metric: "download_mbps", value: 150, labels: { server } }]) },
    ]);
    await province.judge.tick(atMs);
    await alerts.tick(atMs + 20 * MINUTE);
  }
}, 180_000);
afterAll(() => province?.db.close());

const lettersOf = async () =>
  (await province.db.query<{ key: string }>("SELECT body ->> 'kind' AS key FROM outbox WHERE body ->> 'requirement' = 'R01'")).map(({ key }) => key);
const standing = async () => (await findingsOf(province.db, province.siteIdOf("xa-hra"))).find(({ requirement }) => requirement === "R01");
const isWaivedAt = async (atMs: number) => {
  const [found] = await findingsAsOf(province.db, province.policyAt, { limit: 1, centre: "xa-hra", requirement: "R01" }, atMs);
  return found?.waiver?.id;
};
const waiversTold = async (nowMs: number) => (await readBook(province.db, nowMs, () => true)).expiries.filter(({ kind }) => kind === "waiver").length;
const isWaivedOnPages = async () => {
  const store = pageStore(province.db);
  const [rows, centre] = [await store.province("2026-12-07", "2026-12-07"), await store.centre("xa-hra", "2026-12-01", "2026-12-07")];
  const isR01 = ({ requirement }: { requirement: string }) => requirement === "R01";
  return [rows.findings.get("xa-hra")?.find(isR01)?.waived, centre?.findings.find(isR01)?.waiver?.id];
};
/** The report of a month as it is made at an instant, without the help of its seal. */
async function reportOf(month: string, nowMs: number): Promise<string> {
  await province.db.query("DELETE FROM dossier");
  const dossier = await monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs }).dossier(month);
  if (!dossier) throw new Error("there is no dossier");
  return String(bytesOf(await renderReport(dossier, "csv", "vi")));
}

test("from its withdrawal on a waiver holds nothing back, and the past stays what it was", async () => {
  const november = await reportOf("2026-11", NOVEMBER_CLOSED);
  const decemberBefore = await reportOf("2026-12", BEFORE);
  expect(november).toContain("9/UBND");
  expect([await standing(), await lettersOf(), await waiversTold(BEFORE), await isWaivedOnPages()]).toMatchObject([
    { state: "fail", waiver: { id: "w1" } },
    [],
    1,
    [true, "w1"],
  ]);

  expect(await withdrawWaiver(province.db, "w1", "2026-12-07", withdrawal)).toEqual({ ...waiver, withdrawn: withdrawal });
  expect(await isWaivedOnPages()).toEqual([false, undefined]);
  await province.judge.judge(province.siteIdOf("xa-hra"), "all", WITHDRAWN, false);
  await alerts.tick(AFTER);
  const after = await standing();
  expect([after?.state, after?.waiver, await lettersOf(), await waiversTold(AFTER)]).toEqual(["fail", undefined, ["opened"], 0]);

  expect([await isWaivedAt(BEFORE), await isWaivedAt(WITHDRAWN - 1), await isWaivedAt(WITHDRAWN)]).toEqual(["w1", "w1", undefined]);
  expect(await reportOf("2026-11", NOVEMBER_CLOSED)).toBe(november);
  expect(await reportOf("2026-11", vn("2027-03-01T08:00"))).toBe(november);
  const december = await reportOf("2026-12", AFTER);
  expect(decemberBefore).not.toContain("thu hồi");
  expect(december).toContain("Chờ nhà mạng (đã thu hồi 07/12/2026 10:00: nhầm trung tâm)");
  expect(december).not.toContain("Thanh tra B");
  expect(await reportOf("2027-01", vn("2027-01-05T08:00"))).not.toContain("9/UBND");
});

test("it stays in the list below those that stand, is withdrawn once, and the same may be filed again under a name of its own", async () => {
  expect(await withdrawWaiver(province.db, "w1", "2026-12-07", { ...withdrawal, by: "ai khác" })).toBeUndefined();
  expect(await withdrawWaiver(province.db, "no-such", "2026-12-07", withdrawal)).toBeUndefined();
  expect(await addWaivers(province.db, [waiver], AFTER)).toEqual(["waiverWithdrawn"]);
  expect(await addWaivers(province.db, [{ ...waiver, id: "w2" }], AFTER)).toEqual([undefined]);
  expect((await waiversFrom(province.db, "2026-12-07")).map(({ id, withdrawn }) => [id, withdrawn?.by])).toEqual([
    ["w2", undefined],
    ["w1", "Thanh tra B"],
  ]);
  // One that has ended holds nothing back that could be released.
  expect(await withdrawWaiver(province.db, "w2", "2027-01-01", withdrawal)).toBeUndefined();
});

test("a second waiver that says the same is refused, and with it all that came along", async () => {
  const again = { ...waiver, id: "w3", reason: "khác", from: "2026-12-01" };
  const other = { ...waiver, id: "w4", document: "10/UBND" };
  expect(await addWaivers(province.db, [other, again], AFTER)).toEqual([undefined, "waiverTwice"]);
  expect((await waiversFrom(province.db, "2026-12-07")).map(({ id }) => id)).toEqual(["w2", "w1"]);
  for (const changed of [{ document: "10/UBND" }, { requirement: "R05" }, { until: "2026-12-30" }])
    expect(await addWaivers(province.db, [{ ...again, id: JSON.stringify(changed), ...changed }], AFTER)).toEqual([undefined]);
});
