import { afterAll, beforeAll, expect, test } from "vitest";
import type { Message } from "#schemas/alert.ts";
import type { Finding, FindingState } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import { type Alerts, createAlerts } from "../../../collector/alert/alerts.ts";
import { addRevisions, writeFindings } from "../../../collector/store/findings.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { calendar, plan } from "../../support/facts.ts";
import { openPglite, type PgliteDb } from "../../support/pglite.ts";

const CENTRES = 135;
const MINUTE = 60_000;
const vn = (local: string) => Date.parse(`${local}:00+07:00`);

let db: PgliteDb;
let alerts: Alerts;
/** Sites whose agent says nothing from one instant on. */
const silentSince = new Map<number, number>();

beforeAll(async () => {
  db = await openPglite();
  await migrate(db, vn("2027-01-25T07:00"));
  const centres = Array.from({ length: CENTRES }, (_, at) => Centre.parse({ code: `xa-${at + 1}`, name: `Xã ${at + 1}`, officers: 5 }));
  await importCentres(db, centres, vn("2027-01-25T07:00"));
  const notify = { webhooks: [], recipients: [{ owner: "*" as const, channel: "smtp" as const, to: "it@example.vn" }] };
  alerts = createAlerts({ db, policy: plan, calendar, notify, publicUrl: "http://hcc" });
}, 60_000);
afterAll(() => db.close());

/** Judges one requirement of sites: what the judge's transaction does. */
async function judged(at: string, sites: readonly number[], requirement: string, state: FindingState, late = false): Promise<void> {
  const nowMs = vn(at);
  for (const siteId of sites) {
    const reason = state === "fail" ? "target_down" : state === "pass" ? "met" : "shared_fault";
    const finding: Finding = {
      centre: `xa-${siteId}`,
      requirement,
      state,
      reason,
      evidenceClass: "measured",
      evidence: [],
      evaluatedAt: new Date(nowMs).toISOString(),
      policy: "gia-lai-890@1",
    };
    await db.transaction(async (tx) => {
      await writeFindings(tx, siteId, [finding]);
      await addRevisions(tx, siteId, [{ before: undefined, finding, late }]);
      await alerts.onJudged(tx, { siteId, findings: [finding], transitions: [], late, nowMs });
    });
  }
}

/** Lets the clock run in steps of a minute; every agent that is not silent is heard. */
async function until(from: string, minutes: number, step = 1): Promise<void> {
  for (let minute = 0; minute <= minutes; minute += step) {
    const nowMs = vn(from) + minute * MINUTE;
    const silent = [...silentSince].filter(([, sinceMs]) => sinceMs <= nowMs).map(([siteId]) => siteId);
    await db.query(`UPDATE site SET last_contact_at = to_timestamp($1::float8 / 1000) WHERE NOT site_id = ANY (($2::text)::int4[])`, [
      nowMs,
      `{${silent.join(",")}}`,
    ]);
    await alerts.tick(nowMs);
  }
}

/** All messages since the last question, as short lines. */
async function told(): Promise<string[]> {
  const rows = await db.query<{ body: Message }>("DELETE FROM outbox RETURNING body, outbox_id");
  return rows.map(({ body: { kind, requirement, centre, count } }) => `${kind} ${requirement} ${centre ?? `${count} centres`}`);
}

const all = Array.from({ length: CENTRES }, (_, at) => at + 1);

test("thirty days of a province are a handful of messages", async () => {
  await judged("2027-01-25T07:30", all, "R01", "pass");
  await until("2027-01-25T07:30", 20, 5);
  expect(await told()).toEqual([]);

  // A line whose verdict stands is told once, however often it is judged; late data from its backlog adds nothing.
  await judged("2027-01-26T08:00", [7], "R01", "fail");
  await judged("2027-01-26T09:00", [7], "R01", "fail");
  await judged("2027-01-26T09:05", [8], "R01", "fail", true);
  await until("2027-01-26T08:00", 30, 5);
  expect(await told()).toEqual(["opened R01 xa-7"]);
  await judged("2027-01-28T08:00", [7], "R01", "pass", true);
  await judged("2027-01-28T08:05", [8], "R01", "pass");
  expect(await told()).toEqual(["recovered R01 xa-7"]);

  // A portal that is away for ten minutes at one centre is nobody's message.
  await judged("2027-01-28T09:00", [9], "R16", "fail");
  await until("2027-01-28T09:00", 10);
  await judged("2027-01-28T09:10", [9], "R16", "pass");
  expect(await told()).toEqual([]);

  // A flaky one: told twice with its recoveries, once as flapping, then no more that day.
  for (const hour of ["08", "09", "10", "13", "14", "15"]) {
    await judged(`2027-01-29T${hour}:30`, [9], "R16", "fail");
    await until(`2027-01-29T${hour}:30`, 20, 5);
    await judged(`2027-01-29T${hour}:55`, [9], "R16", "pass");
  }
  expect(await told()).toEqual(["opened R16 xa-9", "recovered R16 xa-9", "opened R16 xa-9", "recovered R16 xa-9", "flapping R16 xa-9"]);
}, 120_000);

test("a power cut of 40 centres is one message, and one when all are back", async () => {
  const dark = all.slice(40, 80);
  for (const siteId of dark) silentSince.set(siteId, vn("2027-02-01T09:00") + (siteId % 5) * 30_000);
  await until("2027-02-01T08:55", 40);
  expect(await told()).toEqual(["digest agent 40 centres"]);
  for (const siteId of dark.slice(0, 39)) silentSince.delete(siteId);
  await until("2027-02-01T09:40", 10, 5);
  expect(await told()).toEqual([]);
  silentSince.clear();
  await until("2027-02-01T10:00", 5, 5);
  expect(await told()).toEqual(["digest_over agent 40 centres"]);
}, 120_000);

test("an agent that goes silent in the evening is told in the morning, in working time, and once", async () => {
  silentSince.set(3, vn("2027-02-02T20:00"));
  await until("2027-02-02T19:00", 11 * 60, 30);
  expect(await told()).toEqual([]);
  await until("2027-02-03T07:00", 60, 2);
  expect(await told()).toEqual(["opened agent xa-3"]);
  // Half an hour to switch the PC on, and a moment to see whether it is alone.
  expect((await db.query("SELECT 1 FROM incident WHERE requirement = 'agent' AND site_id = 3 AND began_at >= '2027-02-03T00:30:00Z'")).length).toBe(1);
  silentSince.clear();
  await until("2027-02-03T08:05", 4, 2);
  expect(await told()).toEqual(["recovered agent xa-3"]);
}, 120_000);

test("a Tết week in which every gateway PC is off is silent", async () => {
  const holiday = calendar.holidays.find(({ from, to }) => from.startsWith("2027-02") && from < to);
  expect(holiday).toBeDefined();
  for (const siteId of all) silentSince.set(siteId, vn(`${holiday?.from}T00:00`));
  await until(`${holiday?.from}T00:00`, 5 * 24 * 60, 240);
  expect(await told()).toEqual([]);
  silentSince.clear();
}, 120_000);

test("a centre that is waived is told neither of its breach nor of its recovery", async () => {
  const finding = { requirement: "R05", waiver: { id: "w", reason: "thi công", document: "1/QĐ", until: "2027-12-31" } };
  await judged("2027-02-22T08:00", [5], "R05", "fail");
  await db.query("UPDATE finding SET body = body || ($1::text)::jsonb WHERE site_id = 5 AND requirement = 'R05'", [JSON.stringify(finding)]);
  await until("2027-02-22T08:00", 10, 5);
  await judged("2027-02-22T09:00", [5], "R05", "pass");
  expect(await told()).toEqual([]);
}, 60_000);
