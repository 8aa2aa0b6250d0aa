import { afterAll, beforeAll, expect, it } from "vitest";
import { type Message, NotifyConfig } from "#schemas/alert.ts";
import { Centre } from "#schemas/inventory.ts";
import { type Alerts, createAlerts } from "../../../collector/alert/alerts.ts";
import type { Dossier } from "../../../collector/report/dossier.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { bytesOf, renderReport } from "../../../collector/report/render.ts";
import { addEnrolCode } from "../../../collector/store/agents.ts";
import { closeSite, reopenSite } from "../../../collector/store/closings.ts";
import { findingsOf, sitesToJudge } from "../../../collector/store/findings.ts";
import { pageStore } from "../../../collector/store/pages.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { measured } from "../../support/batches.ts";
import { MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const centres = ["xa-a", "xa-b"].map((code) => Centre.parse({ code, name: code }));
const notify = NotifyConfig.parse({ recipients: [{ owner: "province-it", channel: "smtp", to: "cntt", hours: "always" }] });
const LAST = vn("2026-11-30T16:00");
const FIRST = vn("2026-12-01T00:01");

let province: JudgedProvince;
let alerts: Alerts;
/** Lets the clock of the alerts run by minutes. */
const tick = async (from: string, to: string) => {
  for (let nowMs = vn(from); nowMs <= vn(to); nowMs += MINUTE) await alerts.tick(nowMs);
};
const dark = (atMs: number) => ({ probe: "camera-presence" as const, atMs, outcome: measured([{ metric: "camera_up", value: 0, labels: { camera: "c1" } }]) });
/** A report as it is made at an instant, without the help of its seal. */
async function report(month: string, nowMs: number): Promise<string> {
  await province.db.query("DELETE FROM dossier");
  const dossier = await monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs }).dossier(month);
  if (!dossier) throw new Error("there is no dossier");
  return String(bytesOf(await renderReport(dossier, "json", "vi")));
}
const centresOf = async (month: string, nowMs: number) =>
  (JSON.parse(await report(month, nowMs)) as { dossier: { centres: { code: string }[] } }).dossier.centres.map(({ code }) => code);
/** The part of one centre in such a report. */
const ownDossier = async (code: string, month: string, nowMs: number) => {
  await province.db.query("DELETE FROM dossier");
  return monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs }).dossier(month, code);
};
const codes = async (view: string) =>
  (await province.db.query<{ centre: string }>(`SELECT DISTINCT centre FROM grafana.${view} ORDER BY 1`)).map(({ centre }) => centre);
const problemsOf = async (code: string) =>
  province.db.query<{ requirement: string; state: string; end: string | null }>(
    `SELECT requirement, state, body ->> 'end' AS "end" FROM incident WHERE site_id = $1 ORDER BY requirement, incident_id`,
    [province.siteIdOf(code)],
  );
const isDue = async (code: string, nowMs: number) => (await sitesToJudge(province.db, nowMs, 30 * MINUTE, 100)).includes(province.siteIdOf(code));

beforeAll(async () => {
  province = await openJudgedProvince({ centres, nowMs: LAST - 60 * MINUTE, policies: [plan], onJudged: (tx, judged) => alerts.onJudged(tx, judged) });
  alerts = createAlerts({ db: province.db, policyAt: province.policyAt, notify, publicUrl: "http://hcc" });
  await alerts.tick(LAST - 60 * MINUTE);
  await province.judge.tick(LAST - 60 * MINUTE);
  for (const code of ["xa-a", "xa-b"])
    await province.send(
      code,
      LAST,
      [30, 20, 10, 1].map((minutes) => dark(LAST - minutes * MINUTE)),
    );
  await tick("2026-11-30T16:00", "2026-11-30T16:15");
}, 180_000);
afterAll(() => province?.db.close());

it("counts until its day, and its past stays as it was to the byte", async () => {
  const before = await report("2026-11", vn("2026-12-05T08:00"));
  await closeSite(province.db, province.siteIdOf("xa-a"), { on: "2026-12-01", into: "xa-b" }, { reason: "NQ 1/NQ-UBTVQH", nowMs: LAST + MINUTE });
  expect(await findingsOf(province.db, province.siteIdOf("xa-a"))).toHaveLength(plan.requirements.length);
  expect((await problemsOf("xa-a")).filter(({ state }) => state === "open").map(({ requirement }) => requirement)).toEqual(["R03", "agent"]);
  expect((await pageStore(province.db).province("2026-11-30T00:00:00Z", "2026-11-30")).centres.map(({ code }) => code)).toEqual(["xa-a", "xa-b"]);
  expect(await report("2026-11", vn("2026-12-05T08:00"))).toBe(before);
  expect(await centresOf("2026-11", LAST + 2 * MINUTE)).toEqual(["xa-a", "xa-b"]);
});

it("is judged no more from its first moment on, whatever still comes", async () => {
  expect(await isDue("xa-a", LAST + 8 * 60 * MINUTE)).toBe(false);
  expect(await isDue("xa-b", LAST + 8 * 60 * MINUTE + MINUTE)).toBe(true);
  await province.judge.tick(FIRST);
  expect(await findingsOf(province.db, province.siteIdOf("xa-a"))).toEqual([]);
  expect(await findingsOf(province.db, province.siteIdOf("xa-b"))).toHaveLength(plan.requirements.length);
  await province.send("xa-a", FIRST + MINUTE, [dark(FIRST)]);
  await province.judge.judge(province.siteIdOf("xa-a"), "all", FIRST + MINUTE, false);
  await province.judge.lookAtAll(FIRST + MINUTE);
  await province.judge.drain();
  expect(await findingsOf(province.db, province.siteIdOf("xa-a"))).toEqual([]);
});

it("ends its problems with the cause, tells those who heard of them, and is not silent", async () => {
  await tick("2026-12-01T00:05", "2026-12-01T00:06");
  const ended = ["R03", "agent"].map((requirement) => ({ requirement, state: "closed", end: "centre_closed" }));
  expect(await problemsOf("xa-a")).toEqual(ended);
  const ends = (await province.db.query<{ body: Message }>("SELECT body FROM outbox ORDER BY outbox_id"))
    .map(({ body }) => body)
    .filter(({ kind }) => kind === "centre_closed");
  expect(ends.map(({ requirement, centre }) => [requirement, centre])).toEqual([
    ["R03", "xa-a"],
    ["agent", "xa-a"],
  ]);
  await tick("2026-12-01T08:00", "2026-12-01T09:30");
  expect((await problemsOf("xa-b")).filter(({ state }) => state === "open").map(({ requirement }) => requirement)).toEqual(["R03", "agent"]);
  expect(await problemsOf("xa-a")).toEqual(ended);
});

it("stands in no figure of the present and in no report of the months after", async () => {
  const page = await pageStore(province.db).province("2026-11-30T00:00:00Z", "2026-12-01");
  expect(page.centres.map(({ code }) => code)).toEqual(["xa-b"]);
  expect(page.closed).toEqual([{ code: "xa-a", name: "xa-a", closed: { on: "2026-12-01", into: "xa-b" } }]);
  expect(page.changes.flatMap(({ newest }) => newest)).not.toContain("xa-a");
  expect((await pageStore(province.db).centre("xa-a", "2026-11-30T00:00:00Z", "2026-12-01"))?.successor).toEqual({ code: "xa-b", name: "xa-b" });
  expect(await centresOf("2026-12", vn("2026-12-02T08:00"))).toEqual(["xa-b"]);
  expect(await centresOf("2026-12", vn("2027-01-05T08:00"))).toEqual(["xa-b"]);
  expect(await centresOf("2026-11", vn("2026-12-05T08:00"))).toHaveLength(2);
});

it("gets no code for a new agent, and a new list of centres does not open it", async () => {
  const nowMs = FIRST + 60 * MINUTE;
  expect(await addEnrolCode(province.db, "xa-a", "a".repeat(64), nowMs, nowMs + MINUTE)).toBe(false);
  expect(await addEnrolCode(province.db, "xa-b", "b".repeat(64), nowMs, nowMs + MINUTE)).toBe(true);
  await importCentres(province.db, [Centre.parse({ code: "xa-a", name: "Xã A", officers: 3 })], nowMs);
  expect(await isDue("xa-a", nowMs + MINUTE)).toBe(false);
});

it("is in no view of the present, by the day of the database, and in those of the past", async () => {
  await closeSite(province.db, province.siteIdOf("xa-a"), { on: "2020-01-01" }, { reason: "x", nowMs: vn("2026-12-20T08:00") });
  for (const view of ["centre", "centre_now", "line_now", "wifi_now", "camera_now"]) expect([view, await codes(view)]).toEqual([view, ["xa-b"]]);
  expect(await province.db.query("SELECT centres::int AS n FROM grafana.collector_now")).toEqual([{ n: 1 }]);
  expect(await codes("incident")).toEqual(["xa-a", "xa-b"]);
  // What is learnt after a month is closed changes nothing in it.
  expect(await centresOf("2026-11", vn("2026-12-21T08:00"))).toHaveLength(2);
});

it("comes back when the closing is withdrawn", async () => {
  const nowMs = vn("2026-12-22T08:00");
  await reopenSite(province.db, province.siteIdOf("xa-a"), { reason: "nhầm", nowMs });
  await province.judge.tick(nowMs + MINUTE);
  expect(await findingsOf(province.db, province.siteIdOf("xa-a"))).toHaveLength(plan.requirements.length);
  expect(await codes("centre_now")).toEqual(["xa-a", "xa-b"]);
});

it("stands in the report of the month in which it closes, up to its last day and beside the sums", { timeout: 60_000 }, async () => {
  const MORNING = vn("2026-12-24T08:00");
  for (const code of ["xa-a", "xa-b"])
    await province.send(
      code,
      MORNING,
      [30, 20, 10, 1].map((minutes) => dark(MORNING - minutes * MINUTE)),
    );
  await closeSite(province.db, province.siteIdOf("xa-a"), { on: "2026-12-25", into: "xa-b" }, { reason: "NQ 1", nowMs: MORNING + MINUTE });
  expect(await centresOf("2026-12", MORNING + 2 * MINUTE)).toEqual(["xa-a", "xa-b"]);
  await province.judge.tick(vn("2026-12-25T00:01"));
  for (const nowMs of [vn("2026-12-26T08:00"), vn("2027-01-05T08:00")]) {
    const { dossier } = JSON.parse(await report("2026-12", nowMs)) as { dossier: Dossier };
    expect(dossier.centres.map(({ code }) => code)).toEqual(["xa-b"]);
    expect(dossier.centresTally.total).toBe(1);
    expect(dossier.findingsTally.total).toBe(plan.requirements.length);
    const [gone, ...others] = dossier.closedCentres ?? [];
    expect(others).toEqual([]);
    expect(gone).toMatchObject({ code: "xa-a", closed: { on: "2026-12-25", into: "xa-b" } });
    const days = Object.values(gone?.rows.find(({ requirement }) => requirement === "R03")?.days ?? {});
    expect(days.reduce((sum, count) => sum + count, 0)).toBe(24);
    const own = await ownDossier("xa-a", "2026-12", nowMs);
    expect(own?.centres).toEqual([gone]);
    expect(own?.findingsTally.total).toBe(plan.requirements.length);
    expect(own).not.toHaveProperty("closedCentres");
    expect(await ownDossier("xa-b", "2026-12", nowMs)).not.toHaveProperty("closedCentres");
  }
  // In the month after it is in none, and in the one before it is open.
  expect(await ownDossier("xa-a", "2027-01", vn("2027-01-05T08:00"))).toBeUndefined();
  expect(await centresOf("2026-11", vn("2026-12-26T08:00"))).toEqual(["xa-a", "xa-b"]);
});

it("a centre that is closed from the first day of a month is in the one before alone", async () => {
  await closeSite(province.db, province.siteIdOf("xa-a"), { on: "2026-12-01" }, { reason: "x", nowMs: vn("2026-12-27T08:00") });
  const { dossier } = JSON.parse(await report("2026-12", vn("2026-12-27T09:00"))) as { dossier: Dossier };
  expect(dossier.centres.map(({ code }) => code)).toEqual(["xa-b"]);
  expect(dossier).not.toHaveProperty("closedCentres");
});
