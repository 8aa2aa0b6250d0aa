import { afterAll, beforeAll, expect, it } from "vitest";
import { type Message, NotifyConfig } from "#schemas/alert.ts";
import type { Finding } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { type Alerts, createAlerts } from "../../../collector/alert/alerts.ts";
import { writeFindings } from "../../../collector/store/findings.ts";
import { MINUTE, plan } from "../../support/facts.ts";
import { type JudgedProvince, openJudgedProvince } from "../../support/judged-province.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const CODES = Array.from({ length: 13 }, (_, at) => `xa-${at + 1}`);
const dropped: ReadonlySet<string> = new Set(["R03", "R06", "R14"]);
const [OLD, KEPT] = ["vnpt-igate", "dvc-quoc-gia"] as const;
const withoutOld = (one: Requirement): Requirement =>
  one.rule.kind === "reachable" && one.id === "R16" ? { ...one, rule: { ...one.rule, targets: [KEPT] } } : one;
// A Thursday.
const next: PolicyProfile = {
  ...plan,
  version: plan.version + 1,
  effectiveFrom: "2026-11-26",
  requirements: plan.requirements.filter(({ id }) => !dropped.has(id)).map(withoutOld),
};
const notify = NotifyConfig.parse({ recipients: [{ owner: "province-it", channel: "smtp", to: "cntt" }] });

let province: JudgedProvince;
let alerts: Alerts;
/** Lets the clock run by steps of a minute. */
const tick = async (from: string, to: string) => {
  for (let nowMs = vn(from); nowMs <= vn(to); nowMs += MINUTE) await alerts.tick(nowMs);
};
/** What an older judgement said of the first centre. */
async function failed(requirement: string, nowMs: number): Promise<void> {
  const finding: Finding = {
    centre: "xa-1",
    requirement,
    state: "fail",
    reason: "below_floor",
    evidenceClass: "measured",
    evidence: [],
    evaluatedAt: new Date(nowMs).toISOString(),
    policy: `${plan.id}@${plan.version}`,
  };
  const siteId = province.siteIdOf("xa-1");
  await province.db.transaction(async (tx) => {
    await writeFindings(tx, [{ siteId, findings: [finding] }]);
    await alerts.onJudged(tx, [{ siteId, findings: [finding], transitions: [], late: false, nowMs }]);
  });
}
/** Problems by their state: requirement, subject, how it ended, and how many there are. */
const problems = async (state: string) =>
  (
    await province.db.query<{ line: string }>(
      `SELECT concat_ws(' ', requirement, nullif(subject, ''), body ->> 'end', count(*)) AS line FROM incident WHERE state = $1
       GROUP BY requirement, subject, body ->> 'end' ORDER BY 1`,
      [state],
    )
  ).map(({ line }) => line);
const messages = async () => (await province.db.query<{ body: Message }>("SELECT body FROM outbox ORDER BY outbox_id")).map(({ body }) => body);

beforeAll(async () => {
  const beganMs = vn("2026-11-24T10:00");
  province = await openJudgedProvince({
    centres: CODES.map((code) => Centre.parse({ code, name: code })),
    nowMs: beganMs,
    policies: [plan, next],
    onJudged: (tx, judged) => alerts.onJudged(tx, judged),
  });
  alerts = createAlerts({ db: province.db, policyAt: province.policyAt, notify, publicUrl: "http://hcc" });
  await alerts.tick(beganMs);
  const dark = {
    probe: "camera-presence" as const,
    outcome: { kind: "measured" as const, readings: [{ metric: "camera_up" as const, value: 0, labels: { camera: "c1" } }] },
  };
  for (const code of CODES.slice(0, 12))
    await province.send(
      code,
      beganMs,
      [30, 20, 10, 1].map((minutes) => ({ ...dark, atMs: beganMs - minutes * MINUTE })),
    );
  for (const requirement of ["R06", "R14"]) await failed(requirement, beganMs);
  await province.db.transaction(async (tx) => {
    for (const portal of [OLD, KEPT]) await alerts.onProvince(tx, "R16", portal, "bad", beganMs);
  });
  await tick("2026-11-24T10:00", "2026-11-24T10:20");
}, 180_000);
afterAll(() => province?.db.close());

// What nobody judges but the clock: the agents have been silent since.
const silent = "agent 12";
const standing = ["R03 12", "R06 1", "R14 1", `R16 ${KEPT} 1`, `R16 ${OLD} 1`, silent];

it("stands while the policy has it, and until the centre is judged by one that has not", async () => {
  expect(await problems("open")).toEqual(standing);
  await tick("2026-11-25T07:00", "2026-11-25T07:01");
  expect((await messages()).at(-1)).toMatchObject({ kind: "morning", items: [{ kind: "new", requirement: "R06" }, {}, {}, {}, {}] });
  await tick("2026-11-26T00:01", "2026-11-26T00:02");
  expect(await problems("open")).toEqual(standing.filter((line) => !line.includes(OLD)));
});

it("ends with the first judgement by a policy without it, and everybody who heard of it is told why; what is still demanded stands", async () => {
  for (const code of CODES) await province.judge.judge(province.siteIdOf(code), "all", vn("2026-11-26T00:05"), false);
  await tick("2026-11-26T00:06", "2026-11-26T00:07");
  expect(await problems("open")).toEqual([`R16 ${KEPT} 1`, silent]);
  expect(await problems("closed")).toEqual(["R03 dropped 12", "R06 dropped 1", "R14 dropped 1", `R16 ${OLD} dropped 1`]);
  const ends = (await messages()).filter(({ kind }) => kind.endsWith("dropped"));
  expect(ends.map(({ kind, requirement, centre, count, title }) => [kind, requirement, centre ?? count, title?.vi !== undefined])).toEqual([
    ["dropped", "R16", undefined, true],
    ["dropped", "R14", "xa-1", true],
    ["storm_dropped", "R03", 12, true],
  ]);
  await tick("2026-11-26T07:00", "2026-11-26T07:01");
  expect((await messages()).at(-1)?.items?.filter(({ kind }) => kind === "dropped")).toMatchObject([{ requirement: "R06", centre: "xa-1" }]);
});

it("is counted as open by no view, and its storm is over", async () => {
  expect(await province.db.query("SELECT requirement, count(*)::int AS n FROM grafana.incident WHERE open GROUP BY 1 ORDER BY 1")).toEqual([
    { requirement: "R16", n: 1 },
    { requirement: "agent", n: 12 },
  ]);
  expect(await province.db.query("SELECT max(open_incidents)::int AS most FROM grafana.centre_now")).toEqual([{ most: 1 }]);
  expect(await province.db.query("SELECT 1 FROM incident WHERE requirement = 'R03' AND NOT body @> '{\"stormOver\": true}'")).toEqual([]);
});
