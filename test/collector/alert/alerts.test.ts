import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Message, NotifyConfig } from "#schemas/alert.ts";
import type { Finding, FindingReason, FindingState } from "#schemas/finding.ts";
import { Centre } from "#schemas/inventory.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import { type Alerts, createAlerts } from "../../../collector/alert/alerts.ts";
import { writeFindings } from "../../../collector/store/findings.ts";
import { acknowledgeIncident, findIncident, incidentPart } from "../../../collector/store/incidents.ts";
import { PART_ROWS } from "../../../collector/store/list-part.ts";
import { addMaintenance, endMaintenance, maintenanceFrom } from "../../../collector/store/maintenance.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { AlertDesk } from "../../support/alert-desk.ts";
import { calendar, plan } from "../../support/facts.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const CENTRES = 30;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.parse("2026-11-24T08:00:00+07:00");
const notify = {
  recipients: [
    { owner: "commune" as const, channel: "smtp" as const, to: "xa 1@example.vn", centres: ["xa-1"], perHour: 3 },
    { owner: "province-it" as const, channel: "smtp" as const, to: "cntt@example.vn" },
    { owner: "*" as const, channel: "webhook" as const, to: "ioc", perHour: 8, digests: false },
  ],
};

let db: TestDb;
let alerts: Alerts;
beforeAll(async () => {
  db = await openTestDb();
  const centres = Array.from({ length: CENTRES }, (_, at) => Centre.parse({ code: `xa-${at + 1}`, name: `Trung tâm xa-${at + 1}`, officers: 5 }));
  await importCentres(db, centres, T0);
  alerts = createAlerts({ db, policyAt: () => ({ policy: plan, calendar }), notify: NotifyConfig.parse(notify), publicUrl: "http://hcc" });
}, 180_000);
afterAll(() => db.close());
beforeEach(async () => {
  for (const table of ["incident", "outbox", "maintenance", "finding"]) await db.query(`DELETE FROM ${table}`);
  await db.query("DELETE FROM setting WHERE key = 'alert_digests'");
});

/** Judges one requirement of a site: what the judge's transaction does. */
async function judged(
  atMs: number,
  siteId: number,
  requirement: string,
  state: FindingState,
  { late = false, reason }: { late?: boolean; reason?: FindingReason } = {},
): Promise<void> {
  const finding: Finding = {
    centre: `xa-${siteId}`,
    requirement,
    state,
    reason: reason ?? (state === "fail" ? "target_down" : state === "pass" ? "met" : "site_offline"),
    evidenceClass: "measured",
    evidence: [],
    evaluatedAt: new Date(atMs).toISOString(),
    policy: "gia-lai-890@1",
  };
  await db.transaction(async (tx) => {
    await writeFindings(tx, [{ siteId, findings: [finding] }]);
    await alerts.onJudged(tx, [{ siteId, findings: [finding], transitions: [], late, nowMs: atMs }]);
  });
}

const keys = async () =>
  (await db.query<{ kind: string; state: string }>("SELECT body ->> 'kind' AS kind, state FROM outbox ORDER BY outbox_id")).map(
    ({ kind, state }) => `${kind} ${state}`,
  );

it("a problem goes from a judgement into the outbox with its sentence, is taken by somebody, and ends there", async () => {
  await judged(T0, 1, "R14", "fail");
  await alerts.tick(T0 + 3 * MINUTE);
  const [row] = await db.query<{ body: Message; incident_id: string }>("SELECT body, incident_id FROM outbox WHERE channel = 'smtp'");
  expect(row?.body).toMatchObject({ kind: "opened", centre: "xa-1", why: { vi: expect.any(String) }, effect: { vi: expect.stringContaining("Quầy") } });
  const [listed] = (await incidentPart(db, { centre: "xa-1" }, 1)).rows;
  expect(listed).toMatchObject({ state: "open", centreName: "Trung tâm xa-1", told: ["smtp xa 1@example.vn", "webhook ioc"] });
  const id = listed?.id ?? 0;
  expect(await acknowledgeIncident(db, id, "Chị Lan", T0 + 4 * MINUTE)).toEqual([id]);
  expect(await acknowledgeIncident(db, id, "Anh Bình", T0 + 5 * MINUTE)).toEqual([]);
  expect(await findIncident(db, id)).toMatchObject({ state: "acknowledged", acknowledgedBy: "Chị Lan", acknowledgedMs: T0 + 4 * MINUTE });
  await judged(T0 + 60 * MINUTE, 1, "R14", "pass");
  await alerts.tick(T0 + 71 * MINUTE);
  expect(await keys()).toEqual(["opened waiting", "opened waiting", "recovered waiting", "recovered waiting"]);
  expect((await incidentPart(db, { closed: true }, 1)).rows).toHaveLength(1);
});

it("after a restore a number is given again, and no letter of its new problem has a name or a thread of the old one's", async () => {
  const names = async () => {
    const rows = await db.query<{ key: string; thread: string | null }>("SELECT dedup_key AS key, body ->> 'thread' AS thread FROM outbox");
    return { keys: rows.map(({ key }) => key), threads: new Set(rows.flatMap(({ thread }) => thread ?? [])) };
  };
  const lived = async (atMs: number) => {
    await db.query("DELETE FROM outbox");
    await db.query("DELETE FROM incident");
    await db.query("ALTER TABLE incident ALTER incident_id RESTART WITH 5000");
    await db.query("ALTER TABLE outbox ALTER outbox_id RESTART WITH 5000");
    await judged(atMs, 1, "R14", "fail");
    await alerts.tick(atMs + 3 * MINUTE);
    await alerts.tick(atMs + 25 * HOUR);
    await judged(atMs + 25 * HOUR + MINUTE, 1, "R14", "pass");
    await alerts.tick(atMs + 25 * HOUR + 12 * MINUTE);
    const single = await names();
    expect([single.threads.size, new Set(single.keys).size]).toEqual([1, single.keys.length]);
    expect(single.keys.length).toBeGreaterThan(4);
    for (let site = 1; site <= 12; site++) await judged(atMs + 26 * HOUR, site, "R16", "fail");
    await alerts.tick(atMs + 26 * HOUR + 15 * MINUTE);
    // Over its number of letters in the hour this reader gets the rest as one.
    for (const requirement of ["R02", "R07", "R10", "R11", "R12", "R15"]) await judged(atMs + 26 * HOUR + 16 * MINUTE, 1, requirement, "fail");
    await alerts.tick(atMs + 26.5 * HOUR);
    await db.query("UPDATE outbox SET state = 'sent', sent_at = to_timestamp($1::float8 / 1000) WHERE state = 'waiting'", [atMs + 26.5 * HOUR]);
    for (const hours of [26.6, 28, 30]) await alerts.tick(atMs + hours * HOUR);
    return names();
  };
  const before = await lived(T0);
  const after = await lived(T0 + 7 * 24 * HOUR);
  for (const kind of ["opened", "escalated", "recovered", "storm", "capped"]) expect(after.keys.some((key) => key.startsWith(`${kind}-`))).toBe(true);
  expect(before.keys.filter((key) => after.keys.includes(key))).toEqual([]);
  expect([...before.threads].filter((thread) => after.threads.has(thread))).toEqual([]);
});

it("an access point that is back ends its problem, though nobody has seen fifty people yet", async () => {
  await judged(T0, 1, "R02", "fail", { reason: "wifi_down" });
  await alerts.tick(T0 + 3 * MINUTE);
  await judged(T0 + 60 * MINUTE, 1, "R02", "pending", { reason: "wifi_unconfirmed" });
  await alerts.tick(T0 + 71 * MINUTE);
  expect((await incidentPart(db, {}, 1)).rows).toMatchObject([{ requirement: "R02", state: "open" }]);
  await judged(T0 + 72 * MINUTE, 1, "R02", "pending", { reason: "not_yet_demonstrated" });
  await alerts.tick(T0 + 83 * MINUTE);
  expect((await incidentPart(db, {}, 1)).rows).toEqual([]);
  expect(await keys()).toEqual(["opened waiting", "opened waiting", "recovered waiting", "recovered waiting"]);
});

it("whoever takes one problem of a storm has taken all of it", async () => {
  for (let site = 1; site <= 12; site++) await judged(T0, site, "R16", "fail");
  await alerts.tick(T0 + 15 * MINUTE);
  expect(await keys()).toEqual(["storm waiting", "storm waiting"]);
  const [one] = (await incidentPart(db, {}, 1)).rows;
  expect(await acknowledgeIncident(db, one?.id ?? 0, "Trực", T0 + 16 * MINUTE)).toHaveLength(12);
});

it("a commune that takes its problem of a storm has taken none of the others'", async () => {
  for (let site = 1; site <= 12; site++) await judged(T0, site, "R16", "fail");
  await alerts.tick(T0 + 15 * MINUTE);
  const [own] = (await incidentPart(db, { centre: "xa-1" }, 1)).rows;
  expect(await acknowledgeIncident(db, own?.id ?? 0, "Chị Lan", T0 + 16 * MINUTE, "xa-1")).toEqual([own?.id]);
  expect((await incidentPart(db, {}, 1)).rows.filter(({ state }) => state === "open")).toHaveLength(11);
});

it("every problem is on one page of the list, however many stand", async () => {
  await db.query(
    `INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at, body)
     SELECT site_id, 'R14', 'part ' || part, 'open', to_timestamp($1::float8 / 1000), to_timestamp($1::float8 / 1000), '{}' FROM site, generate_series(1, 40) AS part`,
    [T0],
  );
  await db.query("UPDATE incident SET requirement = 'R15' WHERE site_id = 1");
  const pages = await Promise.all([1, 2, 3, 4].map((page) => incidentPart(db, {}, page)));
  expect(pages.map(({ rows, total }) => [rows.length, total])).toEqual([
    [PART_ROWS, CENTRES * 40],
    [PART_ROWS, CENTRES * 40],
    [CENTRES * 40 - 2 * PART_ROWS, CENTRES * 40],
    [0, CENTRES * 40],
  ]);
  expect(new Set(pages.flatMap(({ rows }) => rows.map(({ id }) => id))).size).toBe(CENTRES * 40);
  expect(await incidentPart(db, { requirement: "R15" }, 1)).toMatchObject({ total: 40 });
  expect(await incidentPart(db, { centre: "xa-2", closed: true }, 1)).toMatchObject({ total: 0, rows: [] });
});

it("the end of a problem is not put where its beginning died on the way", async () => {
  await judged(T0, 1, "R14", "fail");
  await alerts.tick(T0 + 3 * MINUTE);
  await db.query("UPDATE outbox SET state = 'dead' WHERE channel = 'smtp'");
  await judged(T0 + 10 * MINUTE, 1, "R14", "pass");
  await alerts.tick(T0 + 30 * MINUTE);
  expect(
    (await db.query<{ kind: string; channel: string }>("SELECT body ->> 'kind' AS kind, channel FROM outbox ORDER BY outbox_id")).map(
      ({ kind, channel }) => `${kind} ${channel}`,
    ),
  ).toEqual(["opened smtp", "opened webhook", "recovered webhook"]);
});

it("a fault of the province is a problem of no centre", async () => {
  await db.transaction((tx) => alerts.onProvince(tx, "R16", "vnpt-igate", "bad", T0));
  await db.transaction((tx) => alerts.onProvince(tx, "R16", "vnpt-igate", "bad", T0 + MINUTE));
  await alerts.tick(T0 + 16 * MINUTE);
  expect((await incidentPart(db, {}, 1)).rows).toMatchObject([{ siteId: 0, requirement: "R16", subject: "vnpt-igate", state: "open" }]);
  expect(await keys()).toEqual(["opened waiting", "opened waiting"]);
});

it("a channel that was away for two days brings each reader what an hour may bring, and then the rest as one", async () => {
  const DAY = 24 * 60 * MINUTE;
  for (let site = 1; site <= 2; site++)
    for (const [hour, requirement] of ["R02", "R03", "R04", "R10", "R11", "R12", "R14", "R15"].entries()) {
      const atMs = T0 + (hour % 2) * DAY + hour * 30 * MINUTE;
      await judged(atMs, site, requirement, "fail");
      await alerts.tick(atMs + 3 * MINUTE);
    }
  const ioc = async () =>
    (await db.query<{ said: string }>("SELECT (body ->> 'kind') || ' ' || state AS said FROM outbox WHERE recipient = 'ioc' ORDER BY outbox_id")).map(
      ({ said }) => said,
    );
  expect((await ioc()).filter((one) => one === "opened waiting")).toHaveLength(8);
  const backMs = T0 + 2 * DAY;
  await db.query("UPDATE outbox SET state = 'sent', sent_at = to_timestamp($1::float8 / 1000) WHERE state = 'waiting'", [backMs]);
  await alerts.tick(backMs + 30 * MINUTE);
  expect((await ioc()).filter((one) => one.endsWith("waiting"))).toEqual([]);
  await alerts.tick(backMs + 61 * MINUTE);
  expect((await ioc()).filter((one) => one.endsWith("waiting"))).toEqual(["capped waiting"]);
  const [row] = await db.query<{ body: Message }>("SELECT body FROM outbox WHERE recipient = 'ioc' AND body ->> 'kind' = 'capped'");
  expect(row?.body).toMatchObject({ count: 8 });
});

it("agents that nobody could hear while no collector ran are not silent when it is back", async () => {
  await db.query(
    "INSERT INTO contact SELECT site_id, 'agt-' || site_id, to_timestamp($1::float8 / 1000), to_timestamp($1::float8 / 1000) FROM site WHERE site_id <= 12",
    [T0],
  );
  const tickEachMinute = async (from: number, to: number) => {
    for (let minute = from; minute <= to; minute++) await alerts.tick(T0 + minute * MINUTE);
  };
  await tickEachMinute(0, 2);
  await tickEachMinute(30, 33);
  expect((await incidentPart(db, {}, 1)).rows).toEqual([]);
  await tickEachMinute(34, 36);
  expect(await keys()).toEqual(["storm waiting", "storm waiting"]);
  await db.query("DELETE FROM contact");
});

it("announced work is kept, ended by hand, and an import again changes nothing", async () => {
  const window: MaintenanceWindow = {
    id: "w1",
    mode: "skip",
    from: "2026-11-24",
    until: "2026-11-25",
    start: "00:00",
    end: "00:00",
    reason: "thay tủ",
    person: "Anh Bình",
  };
  expect(await addMaintenance(db, [window], T0)).toEqual(["w1"]);
  expect(await addMaintenance(db, [window], T0)).toEqual([]);
  expect(await endMaintenance(db, "w1", T0)).toBe(true);
  expect(await endMaintenance(db, "w1", T0)).toBe(false);
  expect(await maintenanceFrom(db, "2026-11-25")).toEqual([{ ...window, endedAt: new Date(T0).toISOString() }]);
  expect(await maintenanceFrom(db, "2026-11-26")).toEqual([]);
});

it("the store and the memory of simulations send the same letters for the same days", async () => {
  const codes = Array.from({ length: CENTRES }, (_, at) => `xa-${at + 1}`);
  const desk = new AlertDesk(plan, calendar, notify, codes);
  let seed = 7;
  const below = (n: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % n;
  };
  const wanted = ["R02", "R14", "R16", "R19"];
  for (let step = 0; step < 140; step++) {
    const nowMs = T0 + step * 7 * MINUTE;
    for (let judgements = below(6); judgements > 0; judgements--) {
      const [site, requirement, state] = [1 + below(CENTRES), wanted[below(4)] ?? "R14", (["fail", "fail", "pass", "unknown"] as const)[below(4)] ?? "pass"];
      await judged(nowMs, site, requirement, state);
      desk.signal(site, requirement, state === "fail" ? "bad" : state === "pass" ? "well" : "unclear", nowMs);
    }
    await alerts.tick(nowMs);
    desk.tick(nowMs);
    // As fast a postman as the desk's.
    await db.query("UPDATE outbox SET state = 'sent', sent_at = created_at WHERE state = 'waiting'");
  }
  const shape = ({ kind, requirement, centre, count, items }: Message) =>
    JSON.stringify([kind, requirement, centre, count, items?.map((item) => [item.kind, item.requirement, item.centre, item.count])]);
  const stored = await db.query<{ body: Message; to: string }>("SELECT body, recipient AS to FROM outbox WHERE state = 'sent' ORDER BY outbox_id");
  expect(stored.map(({ body, to }) => `${to} ${shape(body)}`)).toEqual(desk.delivered.map(({ message, recipient }) => `${recipient.to} ${shape(message)}`));
  expect(desk.delivered.length).toBeGreaterThan(20);
}, 120_000);
