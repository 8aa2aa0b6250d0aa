import { afterAll, beforeAll, expect, it } from "vitest";
import type { Finding } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import { ConfigError } from "../../../collector/config.ts";
import { type Afterwards, unjudgedDays } from "../../../collector/jobs/unjudged-days.ts";
import { linkEvidenceOf } from "../../../collector/report/link-evidence-desk.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { addAttestations } from "../../../collector/store/attestations.ts";
import { forgetJudgedBefore } from "../../../collector/store/judged-days.ts";
import { changesWithin } from "../../../collector/store/report.ts";
import { measured } from "../../support/batches.ts";
import { DAY, HOUR, MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const START = vn("2026-11-09T08:00");
/** The collector is back in the afternoon of the fourth day. */
const BACK = vn("2026-11-15T15:00");

let province: JudgedProvince;
const line = (atMs: number, mbps = 250): Said => ({
  probe: "link-bandwidth",
  target: "s1",
  atMs,
  outcome: measured([{ metric: "download_mbps", value: mbps, labels: { server: "s1" } }]),
});
const host = (atMs: number): Said => ({ probe: "host", atMs, outcome: measured([{ metric: "host_uptime_s", value: 100 }]) });
const cameras = (atMs: number, up: number): Said => ({
  probe: "camera-presence",
  atMs,
  outcome: measured([{ metric: "camera_up", value: up, labels: { camera: "c1" } }]),
});
const inHalfHours = (fromMs: number, said: (atMs: number) => Said) => Array.from({ length: 47 }, (_, place) => said(fromMs + (place + 1) * 30 * MINUTE));
async function monthOf(code: string, nowMs: number) {
  const desk = monthDesk({ db: province.db, policyAt: province.policyAt, demo: false, now: () => nowMs });
  const [centre] = (await desk.dossier("2026-11", code))?.centres ?? [];
  if (!centre) throw new Error(`there is no dossier of ${code}`);
  const rows = new Map(centre.rows.map((row) => [row.requirement, row]));
  return { excuses: centre.excuses ?? [], row: (id: string) => ({ ...rows.get(id)?.days, notJudged: rows.get(id)?.notJudged }) };
}
const stateOf = async (code: string, id: string): Promise<Finding["state"] | undefined> =>
  (await province.db.query<{ state: Finding["state"] }>("SELECT state FROM finding WHERE site_id = $1 AND requirement = $2", [province.siteIdOf(code), id]))[0]
    ?.state;

beforeAll(async () => {
  const centres = ["xa-a", "xa-b"].map((code) => Centre.parse({ code, name: code, officers: 2 }));
  province = await openJudgedProvince({ centres, nowMs: START - HOUR, policies: [plan] });
  const holds = { centre: "xa-a", requirement: "R06", item: "floor-area", holds: true, by: "A", inspector: true, at: new Date(START).toISOString() };
  await addAttestations(province.db, [{ ...holds, id: "t1" }], START - HOUR);
  // Three days of work, three without a collector.
  for (const atMs of [START, START + DAY, START + 2 * DAY]) {
    for (const code of ["xa-a", "xa-b"])
      await province.send(code, atMs, [line(atMs - 2 * MINUTE), ...[12, 8, 1].map((minutes) => cameras(atMs - minutes * MINUTE, 1))]);
    await province.judge.tick(atMs);
  }
  await province.judge.tick(BACK);
}, 180_000);
afterAll(() => province?.db.close());

it("a day on which no collector ran is unknown, and says so; the state before goes on with the first judgement after it", async () => {
  for (const code of ["xa-a", "xa-b"]) {
    expect(await stateOf(code, "R01")).toBe("pass");
    const { row, excuses } = await monthOf(code, BACK);
    expect(row("R01")).toMatchObject({ none: 8, pass: 4, unknown: 3, fail: 0, notJudged: 3 });
    expect(excuses.filter(({ requirement }) => requirement === "R01")).toEqual([
      { requirement: "R01", reason: "not_judged", from: "2026-11-11T17:00:00.000Z", to: "2026-11-14T17:00:00.000Z" },
    ]);
  }
});

it("what was declared for such a day, and what does not apply, is known without any machine", async () => {
  const { row } = await monthOf("xa-a", BACK);
  expect(row("R06")).toMatchObject({ pass: 7, unknown: 0, notJudged: undefined });
  expect(row("R15")).toMatchObject({ not_applicable: 7, unknown: 0, notJudged: undefined });
});

it("what the agent kept and told later of such a day is what the day counts as: met, not met, or unknown for a reason of its own", async () => {
  const [first, second] = [vn("2026-11-12T00:00"), vn("2026-11-13T00:00")];
  await province.send("xa-a", BACK + HOUR, [...inHalfHours(first, (atMs) => cameras(atMs, 0)), ...inHalfHours(second, host)], "backlog");
  const { row, excuses } = await monthOf("xa-a", BACK + 2 * HOUR);
  expect(row("R01")).toMatchObject({ pass: 6, unknown: 1, notJudged: 1 });
  expect(row("R03")).toMatchObject({ fail: 1, notJudged: 1 });
  expect(excuses.filter(({ requirement, reason }) => requirement === "R01" && reason === "not_judged")).toEqual([
    { requirement: "R01", reason: "not_judged", from: "2026-11-13T17:00:00.000Z", to: "2026-11-14T17:00:00.000Z" },
  ]);
  // Nobody has heard of the other centre.
  expect((await monthOf("xa-b", BACK + 2 * HOUR)).row("R01")).toMatchObject({ pass: 4, unknown: 3, notJudged: 3 });
});

it("a page does not judge the same past at each look, and sees what came late some minutes after", async () => {
  const changes = await changesWithin(province.db, { from: "2026-11-01T00:00:00Z", to: "2026-11-16T00:00:00Z" }, BACK + 2 * HOUR, ["xa-b"]);
  const afterwards: Afterwards = new Map();
  const daysAt = async (nowMs: number) => {
    const span = { firstDay: "2026-11-01", lastDay: "2026-11-15", nowMs, knownMs: nowMs, only: ["xa-b"] };
    const fills = await unjudgedDays({ db: province.db, policyAt: province.policyAt, afterwards }, changes, span);
    return fills.filter(({ requirement, reason }) => requirement === "R01" && reason === "not_judged").map(({ at }) => at);
  };
  const whole = await daysAt(BACK + 2 * HOUR);
  expect(whole).toEqual(["2026-11-11T17:00:00.000Z"]);
  await province.send("xa-b", BACK + 2 * HOUR, inHalfHours(vn("2026-11-12T00:00"), host), "backlog");
  expect(await daysAt(BACK + 2 * HOUR + 9 * MINUTE)).toEqual(whole);
  expect(await daysAt(BACK + 2 * HOUR + 10 * MINUTE)).toEqual(["2026-11-12T17:00:00.000Z"]);
});

it("a day of a policy that can no longer be read stays one on which nobody judged, and keeps nothing else from being shown", async () => {
  const changes = await changesWithin(province.db, { from: "2026-11-01T00:00:00Z", to: "2026-11-16T00:00:00Z" }, BACK, ["xa-a"]);
  const policyAt = () => {
    throw new ConfigError(() => "policy x@1 was recorded by an older program and cannot be read");
  };
  const span = { firstDay: "2026-11-01", lastDay: "2026-11-15", nowMs: BACK + 2 * HOUR, knownMs: BACK + 2 * HOUR, only: ["xa-a"] };
  const fills = await unjudgedDays({ db: province.db, policyAt }, changes, span);
  expect(fills.filter(({ requirement }) => requirement === "R06").map(({ reason }) => reason)).toEqual(["not_judged", expect.any(String)]);
});

it("the sheet of the line names the days", async () => {
  const sheetOf = (code: string) =>
    linkEvidenceOf({ db: province.db, demo: false, policyAt: province.policyAt, now: () => BACK + 2 * HOUR }, code, "2026-11-01", "2026-11-30");
  expect((await sheetOf("xa-a"))?.notJudged).toEqual(["2026-11-14"]);
  expect((await sheetOf("xa-b"))?.notJudged).toEqual(["2026-11-13", "2026-11-14"]);
});

it("a day that is not over and was not judged yet is unknown too, until it is", async () => {
  const NEXT = vn("2026-11-16T09:00");
  expect((await monthOf("xa-b", NEXT)).row("R01")).toMatchObject({ unknown: 3, notJudged: 3 });
  await province.judge.tick(NEXT);
  expect((await monthOf("xa-b", NEXT)).row("R01")).toMatchObject({ pass: 6, unknown: 2, notJudged: 2 });
});

it("of days before the first one that was noted nothing is said: they are as their history has them", async () => {
  await forgetJudgedBefore(province.db, "2026-11-15");
  expect((await monthOf("xa-b", vn("2026-11-16T10:00"))).row("R01")).toMatchObject({ none: 8, pass: 8, unknown: 0, notJudged: undefined });
});
