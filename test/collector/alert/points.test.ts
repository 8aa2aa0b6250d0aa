import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Message, NotifyConfig } from "#schemas/alert.ts";
import type { Finding, FindingPart, FindingState } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import { standingAlert } from "../../../collector/alert/alertmanager-alerts.ts";
import { type Alerts, createAlerts } from "../../../collector/alert/alerts.ts";
import { signalsOf } from "../../../collector/alert/incident-step.ts";
import type { Topic } from "../../../collector/alert/topic.ts";
import { addEnrolCode, enrolWithCode } from "../../../collector/store/agents.ts";
import { readBook } from "../../../collector/store/alert-book.ts";
import { writeFindings } from "../../../collector/store/findings.ts";
import { incidentPart } from "../../../collector/store/incidents.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { calendar, plan } from "../../support/facts.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const MINUTE = 60_000;
const T0 = Date.parse("2026-11-24T08:00:00+07:00");
const place = { requirement: "R01", evidenceClass: "measured", policy: "gia-lai-890@1", required: 200, unit: "Mbps" } as const;
const reasons = { fail: "below_floor", pass: "met", unknown: "site_offline", error: "rule_error" } as const;
type State = keyof typeof reasons;
const runs = { runs: 5, below: 5, belowInHours: 5, days: 4, servers: 2 };
const numbers: Partial<Record<State, number>> = { fail: 90, pass: 300 };

/** What is judged of a line: at each of the points given, or of the centre where none is. */
function finding(states: Readonly<Record<string, State>> | State, atMs = T0): Finding {
  const frame = { ...place, centre: "xa-1", evidence: [], evaluatedAt: new Date(atMs).toISOString() };
  if (typeof states === "string") return { ...frame, state: states, reason: reasons[states] };
  const parts = Object.entries(states).map(([point, state]): FindingPart => {
    const observed = numbers[state];
    return { subject: point, point, state, reason: reasons[state], ...(observed !== undefined && { observed, detail: runs }) };
  });
  const worst = (["fail", "unknown", "pass"] as const).flatMap((state) => parts.find((part) => part.state === state) ?? [])[0];
  if (!worst) throw new Error("no point");
  const { state, reason, observed, detail, point = "" } = worst;
  return { ...frame, state, reason, ...(observed !== undefined && { observed }), parts, ...(state !== "pass" && { detail: { ...detail, point } }) };
}

describe("what a judgement says of the problems of a centre", () => {
  const said = (states: Parameters<typeof finding>[0], standing: readonly string[] = []) => Object.fromEntries(signalsOf(finding(states), standing));

  it("is said of each reception point by itself", () => {
    expect(said({ main: "fail", "ia-kha": "pass", "ia-ly": "unknown" })).toEqual({ "": "bad", "ia-kha": "well", "ia-ly": "unclear" });
    expect(said("fail")).toEqual({ "": "bad" });
  });

  it("is nothing of a point of which it does not speak, unless nothing is demanded any more", () => {
    expect(said({ main: "pass" }, ["", "ia-kha"])).toEqual({ "": "well", "ia-kha": "unclear" });
    expect(said("error", ["", "ia-kha"])).toEqual({ "": "unclear", "ia-kha": "unclear" });
    const nothing: FindingState = "not_applicable";
    expect(Object.fromEntries(signalsOf({ ...finding("pass"), state: nothing, reason: "not_key_area" }, ["ia-kha"]))).toEqual({ "": "well", "ia-kha": "well" });
  });
});

describe("the line of a centre with several reception points", () => {
  let db: TestDb;
  let alerts: Alerts;
  let nowMs = T0;
  beforeAll(async () => {
    db = await openTestDb();
    await importCentres(db, [Centre.parse({ code: "xa-1", name: "Trung tâm xã Một", officers: 5, isp: "VNPT", contractNumber: "GLI/1" })], T0);
    for (const point of ["main", "ia-kha"]) {
      const [code, agentId] = [`code ${point}`, `agt-${point.padStart(16, "0")}`];
      await addEnrolCode(db, "xa-1", code, T0 - MINUTE, T0, point);
      await enrolWithCode(db, code, { agentId, publicKey: agentId, hostName: point, version: "1.0.0" }, T0 - MINUTE);
    }
    const recipients = [{ owner: "isp" as const, channel: "smtp" as const, to: "isp" }];
    alerts = createAlerts({
      db,
      policyAt: () => ({ policy: plan, calendar }),
      notify: NotifyConfig.parse({ recipients, phones: [{ owner: "isp", isp: "VNPT", number: "1800 1166" }] }),
      publicUrl: "http://hcc",
    });
  }, 180_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    for (const table of ["incident", "outbox", "finding"]) await db.query(`DELETE FROM ${table}`);
    await db.query("DELETE FROM setting WHERE key = 'alert_digests'");
    nowMs = T0;
    sent.length = 0;
  });

  const sent: Message[] = [];
  /** What is told within a quarter of an hour after a judgement. */
  async function told(states: Parameters<typeof finding>[0]): Promise<string[]> {
    const [row] = await db.query<{ site_id: number }>("SELECT site_id FROM site");
    const siteId = row?.site_id ?? 0;
    const findings = [finding(states, nowMs)];
    await db.transaction(async (tx) => {
      await writeFindings(tx, [{ siteId, findings }]);
      await alerts.onJudged(tx, [{ siteId, findings, transitions: [], late: false, nowMs }]);
    });
    for (const endMs = nowMs + 15 * MINUTE; nowMs < endMs; nowMs += MINUTE) await alerts.tick(nowMs);
    const rows = await db.query<{ body: Message }>("SELECT body FROM outbox ORDER BY outbox_id OFFSET $1", [sent.length]);
    sent.push(...rows.map(({ body }) => body));
    return rows.map(({ body: { kind, title } }) => `${kind} ${title?.vi}`);
  }
  const title = plan.requirements.find(({ id }) => id === "R01")?.title.vi;
  const [main, iaKha] = [`${title} (Trụ sở chính)`, `${title} (Điểm tiếp nhận ia-kha)`];

  it("a point that fails too is told though the main office's problem stands, by its own number, and each end by itself", async () => {
    expect(await told({ main: "fail", "ia-kha": "pass" })).toEqual([`opened ${main}`]);
    expect(await told({ main: "fail", "ia-kha": "fail" })).toEqual([`opened ${iaKha}`]);
    const [first, second] = sent;
    expect(first?.why?.vi).toMatch(/^Trụ sở chính: Đo được 90 Mbps/);
    expect(second?.why?.vi).toMatch(/^Điểm tiếp nhận ia-kha: Đo được 90 Mbps/);
    expect(second?.why?.en).toMatch(/^Reception point ia-kha: /);
    expect([first?.phone, second?.phone]).toEqual(["1800 1166", undefined]);
    expect([first?.line, second?.line]).toEqual([{ isp: "VNPT", contractNumber: "GLI/1" }, undefined]);
    expect(second?.thread).not.toBe(first?.thread);
    expect(await told({ main: "pass", "ia-kha": "fail" })).toEqual([`recovered ${main}`]);
    expect(await told({ main: "pass", "ia-kha": "pass" })).toEqual([`recovered ${iaKha}`]);
  });

  it("a point that is not heard holds no other's problem open, and its own until it is well", async () => {
    expect(await told({ main: "fail", "ia-kha": "fail" })).toEqual([`opened ${main}`, `opened ${iaKha}`]);
    expect(await told({ main: "pass", "ia-kha": "unknown" })).toEqual([`recovered ${main}`]);
    expect(await told({ main: "pass", "ia-kha": "pass" })).toEqual([`recovered ${iaKha}`]);
  });

  it("a point at which nothing is left to be judged ends its problem, and nobody says that it is met", async () => {
    await told({ main: "fail", "ia-kha": "fail" });
    // A fault of the judgement itself says nothing of who is there.
    expect(await told("error")).toEqual([]);
    expect(await told({ main: "fail", "ia-ly": "pass" })).toEqual([`unwatched ${iaKha}`]);
    expect(await told("pass")).toEqual([`recovered ${title}`]);
  });

  it("the list says of which point each problem is, and that the centre has several", async () => {
    await told({ main: "fail", "ia-kha": "fail" });
    const { rows } = await incidentPart(db, {}, 1);
    expect(rows.map(({ subject, hasPoints }) => [subject, hasPoints]).sort()).toEqual([
      ["", true],
      ["ia-kha", true],
    ]);
    expect(await db.query("SELECT requirement, point FROM grafana.incident ORDER BY point NULLS FIRST")).toEqual([
      { requirement: "R01", point: null },
      { requirement: "R01", point: "ia-kha" },
    ]);
    const topics = alerts.topicsFor(rows, nowMs);
    const pushed = rows.map((one) => standingAlert(one, topics.get("R01") as Topic, { code: "xa-1", name: "" }, "http://hcc", nowMs));
    expect(pushed.map(({ labels, annotations }) => [labels.subject, annotations.summary?.includes("(Điểm tiếp nhận ia-kha)")]).sort()).toEqual([
      [undefined, false],
      ["ia-kha", true],
    ]);
  });

  it("at which no portal is heard is what the digest is told", async () => {
    const [site] = await db.query<{ site_id: number }>("SELECT site_id FROM site");
    const mute = (point: string): FindingPart => ({ subject: "vnpt-igate", point, state: "unknown", reason: "unheard" });
    const parts = [{ ...mute("main"), state: "pass" as const, reason: "met" as const }, mute("ia-kha"), mute("ia-ly")];
    const unheard = { ...finding("unknown"), requirement: "R16", reason: "unheard" as const, parts, detail: { point: "ia-kha" } };
    const pointsOf = async (told: Finding) => {
      await db.transaction((tx) => writeFindings(tx, [{ siteId: site?.site_id ?? 0, findings: [told] }]));
      const book = await db.transaction((tx) => readBook(tx, nowMs, () => true));
      return book.unheard.map(({ requirement, point }) => [requirement, point]);
    };
    expect(await pointsOf(unheard)).toEqual([
      ["R16", "ia-kha"],
      ["R16", "ia-ly"],
    ]);
    expect(await pointsOf({ ...unheard, parts: parts.map(({ point: _, ...part }) => part), detail: {} })).toEqual([["R16", undefined]]);
  });
});
