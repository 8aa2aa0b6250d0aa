import { afterAll, beforeAll, expect, test } from "vitest";
import type { Calendar } from "#schemas/calendar.ts";
import type { Finding } from "#schemas/finding.ts";
import type { Outcome } from "#schemas/observation.ts";
import { createDeeds } from "../../../collector/people/deeds.ts";
import { dossierOfCentre } from "../../../collector/report/dossier.ts";
import { monthDesk } from "../../../collector/report/month-desk.ts";
import { bytesOf, renderReport } from "../../../collector/report/render.ts";
import { webRoutes } from "../../../collector/routes/web.ts";
import { addAttestations } from "../../../collector/store/attestations.ts";
import { addRevisions, findingsOf, sitesToJudge, writeFindings } from "../../../collector/store/findings.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { pageStore } from "../../../collector/store/pages.ts";
import { recordPolicy } from "../../../collector/store/policy-versions.ts";
import { findSite, importCentres } from "../../../collector/store/sites.ts";
import { addWaivers, waiversFrom } from "../../../collector/store/waivers.ts";
import { formToken } from "../../../collector/web/form-token.ts";
import { batchOf, measured, receivedOf } from "../../support/batches.ts";
import { toolsOn } from "../../support/filled-store.ts";
import { keepNewest } from "../../support/keep-newest.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleFindings, sampleNowMs } from "../../support/sample-province.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const DAY_MS = 86_400_000;
const calendar: Calendar = {
  id: "sample",
  timeZone: "Asia/Ho_Chi_Minh",
  weekdays: [1, 2, 3, 4, 5],
  sessions: [{ from: "07:00", to: "17:00" }],
  holidays: [],
  workedDays: [],
};
let nowMs = sampleNowMs;
let db: TestDb;
const policyAt = () => ({ policy: samplePolicy, calendar });
const centre = (code: string, name: string) => ({ code, name, keyArea: false, devices: [] });
const waiver = {
  id: "w1",
  centre: "xa-01",
  requirement: "R05",
  reason: "Chờ thay ổ cứng",
  document: "123/UBND-VP",
  approver: "Sở KH&CN",
  from: "2026-11-28",
  until: "2026-11-30",
};

const siteApp = () =>
  webRoutes({
    db,
    policy: samplePolicy,
    lang: "vi",
    demo: false,
    now: () => nowMs,
    token: formToken("sample"),
    deeds: createDeeds({ db, clock: () => nowMs }),
    doer: () => ({ who: "lan", address: "10.0.0.1" }),
    changed: async () => undefined,
    policyAt,
  });

beforeAll(async () => {
  db = await openTestDb();
  const printer = { id: "printer-1", role: "printer", address: "10.1.0.9" } as const;
  await importCentres(db, [{ ...centre("xa-01", "Xã Chư Păh"), devices: [printer] }, centre("xa-02", hostileName.slice(0, 128))], nowMs);
  await recordPolicy(db, samplePolicy, "sha", nowMs);
  const site = await findSite(db, "xa-01");
  const findings = sampleFindings(0).map(({ since: _, waiver: __, ...finding }): Finding => finding);
  await writeFindings(db, [{ siteId: site?.siteId ?? 0, findings }]);
  await addRevisions(
    db,
    findings.map((finding) => ({ siteId: site?.siteId ?? 0, before: undefined, finding, late: false })),
  );
}, 180_000);
afterAll(() => db?.close());

test("the province has every centre, also one without a finding, and today's changes", async () => {
  const rows = await pageStore(db).province("2026-11-27T17:00:00.000Z", "2026-11-28");
  expect(rows.centres.map(({ code }) => code)).toEqual(["xa-01", "xa-02"]);
  expect([...rows.findings].map(([centre, findings]) => [centre, findings.length])).toEqual([["xa-01", 7]]);
  const [stored] = await db.query<{ since: string; until: string }>("SELECT since::text, valid_until::text AS until FROM finding WHERE requirement = 'R07'");
  expect(rows.findings.get("xa-01")?.find(({ requirement }) => requirement === "R07")).toMatchObject({
    sinceMs: Date.parse(stored?.since ?? ""),
    validUntilMs: Date.parse(stored?.until ?? ""),
  });
  expect(rows.changes).toHaveLength(7);
});

test("the findings of some centres are told with all that their sentences need, of others none", async () => {
  const told = await pageStore(db).told(["xa-01", "xa-99"]);
  expect(told).toHaveLength(7);
  expect(told.find(({ requirement }) => requirement === "R01")).toMatchObject({
    centre: "xa-01",
    reason: "below_floor",
    observed: 168,
    required: 200,
    since: expect.stringMatching(/Z$/),
  });
  for (const finding of told) for (const name of ["evidence", "parts"]) expect(finding).not.toHaveProperty(name);
  expect(await pageStore(db).told(["xa-02"])).toEqual([]);
});

test("a centre has its findings, history and evidence; a stranger has none", async () => {
  const store = pageStore(db);
  const rows = await store.centre("xa-01", "2026-10-30T17:00:00.000Z", "2026-11-28");
  expect(rows?.findings.find(({ requirement }) => requirement === "R01")).toMatchObject({ state: "fail", observed: 168 });
  expect(rows?.history).toHaveLength(7);
  expect(await store.centre("xa-99", "2026-10-30T17:00:00.000Z", "2026-11-28")).toBeUndefined();
});

test("a waiver lies over its finding from the day it begins to the end of its last", async () => {
  expect(await addWaivers(db, [waiver], nowMs)).toEqual([undefined]);
  expect(await addWaivers(db, [waiver], nowMs)).toEqual([undefined]);
  expect(await addWaivers(db, [{ ...waiver, centre: "xa-99" }], nowMs)).toEqual(["centre"]);
  const on = async (day: string) => {
    const rows = await pageStore(db).centre("xa-01", "2026-10-30T17:00:00.000Z", day);
    return rows?.findings.find(({ requirement }) => requirement === "R05")?.waiver?.document;
  };
  expect([await on("2026-11-27"), await on("2026-11-28"), await on("2026-11-30"), await on("2026-12-01")]).toEqual([
    undefined,
    "123/UBND-VP",
    "123/UBND-VP",
    undefined,
  ]);
  expect((await waiversFrom(db, "2026-12-01")).length).toBe(0);
});

test("declarations are kept once, strangers are named, and the clock finds the centre to judge", async () => {
  const said = {
    id: "a1",
    centre: "xa-01",
    requirement: "R07",
    item: "waiting",
    holds: true,
    by: "Trần Thị B",
    inspector: false,
    at: "2026-11-28T02:00:00.000Z",
  };
  expect(await addAttestations(db, [said, said, { ...said, id: "a2", centre: "xa-99" }], nowMs)).toEqual(["xa-99"]);
  const site = await findSite(db, "xa-01");
  expect((await findingsOf(db, site?.siteId ?? 0)).length).toBe(7);
  expect(await sitesToJudge(db, nowMs + 1_000, 1_800_000, 10)).toContain(site?.siteId);
});

test("the newest walk alone says in which segment the way out ends, on the page and for line or portal", async () => {
  const site = await findSite(db, "xa-02");
  const walk = async (at: string, up: Readonly<Record<string, 0 | 1>>) => {
    for (const [segment, value] of Object.entries(up)) await keep("segment_up", { segment }, value, at);
  };
  const keep = async (metric: string, labels: object, value: number, at: string) => {
    const named = [site?.siteId ?? 0, metric, JSON.stringify(labels)];
    await db.query("INSERT INTO series (site_id, metric, labels) VALUES ($1, $2, ($3::text)::jsonb) ON CONFLICT DO NOTHING", named);
    const [row] = await db.query<{ series_id: number }>(
      "SELECT series_id FROM series WHERE site_id = $1 AND metric = $2 AND labels = ($3::text)::jsonb",
      named,
    );
    await keepNewest(db, { siteId: site?.siteId ?? 0, seriesId: row?.series_id ?? 0, at, value });
  };
  const read = async () => {
    const rows = await pageStore(db).centre("xa-02", "2026-10-30T17:00:00.000Z", "2026-11-28");
    const [line] = await db.query("SELECT verdict, segment FROM grafana.portal_now WHERE centre = 'xa-02'");
    return [Object.fromEntries((rows?.walks ?? []).map(({ labels, value }) => [labels?.segment, value])), line];
  };
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  await keep("portal_up", { portal: "igate" }, 0, minutesAgo(5));
  expect(await read()).toEqual([{}, { verdict: "portal", segment: null }]);
  await walk(minutesAgo(4), { lan: 1, wan: 0 });
  expect(await read()).toEqual([
    { lan: 1, wan: 0 },
    { verdict: "line", segment: "wan" },
  ]);
  await walk(minutesAgo(3), { lan: 1, line: 1, provider: 1, collector: 0 });
  expect(await read()).toEqual([
    { lan: 1, line: 1, provider: 1, collector: 0 },
    { verdict: "portal", segment: "collector" },
  ]);
  await walk(minutesAgo(2), { lan: 1, line: 1, provider: 1, collector: 1 });
  expect(await read()).toEqual([
    { lan: 1, line: 1, provider: 1, collector: 1 },
    { verdict: "portal", segment: null },
  ]);
});

test("findings are paged in order of centre and requirement", async () => {
  const store = pageStore(db);
  const first = await store.findings({ limit: 3 });
  expect(first.map(({ requirement }) => requirement)).toEqual(["R01", "R02", "R05"]);
  expect((await store.findings({ limit: 10, after: "xa-01:R05" })).map(({ requirement }) => requirement)).toEqual(["R07", "R10", "R15", "R16"]);
  expect(await store.findings({ limit: 10, state: "fail", centre: "xa-01" })).toHaveLength(2);
});

test("the revision changes with each revision of a finding, and with a waiver that is filed or withdrawn", async () => {
  const before = await pageStore(db).revision();
  const site = await findSite(db, "xa-01");
  const [finding] = await findingsOf(db, site?.siteId ?? 0);
  if (finding) await addRevisions(db, [{ siteId: site?.siteId ?? 0, before: finding, finding, late: false }]);
  const revisions = [before, await pageStore(db).revision()];
  const deeds = [
    `INSERT INTO waiver (site_id, id, requirement, from_day, until_day, body) VALUES (${site?.siteId}, 'w-9', 'R07', '2020-01-01', '2020-01-02', '{}')`,
    `UPDATE waiver SET body = '{"withdrawn": {}}' WHERE id = 'w-9'`,
  ];
  for (const deed of deeds) {
    await db.query(deed);
    revisions.push(await pageStore(db).revision());
  }
  expect(new Set(revisions).size).toBe(4);
});

test("a device has its answers by the hour, its newest numbers and the runs that asked it; one that no inventory holds is there too", async () => {
  const siteId = (await findSite(db, "xa-01"))?.siteId ?? 0;
  const stranger = hostileName.slice(0, 128);
  const labels = [{ device: "printer-1", role: "printer", method: "snmp" }, { camera: stranger }];
  const [printed, seen] = await Promise.all(
    labels.map((own, place) =>
      db.query<{ series_id: number }>("INSERT INTO series (site_id, metric, labels) VALUES ($1, $2, ($3::text)::jsonb) RETURNING series_id", [
        siteId,
        place === 0 ? "device_up" : "camera_up",
        JSON.stringify(own),
      ]),
    ),
  );
  for (const [row] of [printed ?? [], seen ?? []]) await keepNewest(db, { siteId, seriesId: row?.series_id ?? 0, at: "2026-11-28T02:55:00Z", value: 1 });
  await db.query("INSERT INTO rollup_1h (site_id, series_id, hour, n, vmin, vmax, vsum) VALUES ($1, $2, '2026-11-28T02:00:00Z', 4, 0, 1, 3)", [
    siteId,
    printed?.[0]?.series_id ?? 0,
  ]);
  const since = "2026-10-30T17:00:00.000Z";
  const rows = await pageStore(db).device("xa-01", "printer-1", since);
  expect(rows).toMatchObject({
    device: { id: "printer-1", declared: true, role: "printer", answered: { up: true, at: "2026-11-28T02:55:00.000Z" } },
    hours: [{ at: "2026-11-28T02:00:00.000Z", upShare: 0.75 }],
    readings: [{ metric: "device_up", value: 1, labels: { method: "snmp" } }],
  });
  expect(JSON.stringify(rows)).not.toContain("10.1.0.9");
  expect((await pageStore(db).device("xa-01", stranger, since))?.device).toMatchObject({ declared: false, answered: { up: true } });
  expect(await pageStore(db).device("xa-02", "printer-1", since)).toBeUndefined();
});

test("of the tests that the line's finding stands on the page says which were full-length ones", async () => {
  const siteId = (await findSite(db, "xa-01"))?.siteId ?? 0;
  const download = { passMs: 8_000, carriedMs: 7_040, fell: true };
  const speed = (evidence?: Record<string, unknown>) => measured([{ metric: "download_mbps", value: 168, labels: { server: "collector" } }], evidence);
  const outcomes = [speed({ download }), speed({ download: { carriedMs: 1_400 } }), speed({ download })];
  const batch = batchOf({ each: (index) => ({ probe: "link-bandwidth", target: "collector", outcome: outcomes[index] as Outcome }) });
  await writeGroup(toolsOn(db), [receivedOf(batch, { siteId })]);
  const rows = await pageStore(db).centre("xa-01", "2026-10-30T17:00:00.000Z", "2026-11-28");
  const told = rows?.evidence.map(({ ref, outcome }) => [ref.slice(-1), outcome.evidence]);
  expect(told).toEqual([
    ["2", { download: { carriedMs: 1_400 } }],
    ["1", { download }],
  ]);
  expect(rows?.bandwidth.map(({ outcome }) => outcome.evidence)).toEqual([undefined, undefined, undefined]);
});

test("a page of devices begins with those that do not answer, the next one goes on, and each has a page of its own", async () => {
  const own = await openTestDb();
  const devices = Array.from({ length: 501 }, (_, place) => ({ id: `printer-${place + 1}`, role: "printer" as const, address: "10.1.0.9" }));
  await importCentres(own, [{ ...centre("xa-01", "Xã Một"), devices }], nowMs);
  const answered = async (device: string, value: number, at: string) => {
    const [row] = await own.query<{ series_id: number }>(
      "INSERT INTO series (site_id, metric, labels) VALUES (1, 'device_up', jsonb_build_object('device', $1::text)) RETURNING series_id",
      [device],
    );
    await keepNewest(own, { siteId: 1, seriesId: row?.series_id ?? 0, at, value });
  };
  const now = new Date().toISOString();
  await answered("printer-1", 1, now);
  await answered("printer-501", 0, now);
  await answered("printer-2", 0, "2026-01-01T00:00:00.000Z");
  const store = pageStore(own);
  const part = async (page?: number) => (await store.centre("xa-01", "2026-10-30T17:00:00.000Z", "2026-11-28", page))?.devices;
  const first = await part();
  expect([first?.page, first?.total, first?.rows.length]).toEqual([1, 501, 500]);
  expect(first?.rows.slice(0, 3).map(({ id }) => id)).toEqual(["printer-501", "printer-2", "printer-3"]);
  expect(await part(2)).toMatchObject({ page: 2, total: 501, rows: [{ id: "printer-1", answered: { up: true } }] });
  expect((await store.device("xa-01", "printer-500", now))?.device.id).toBe("printer-500");
  expect((await store.device("xa-01", "printer-1", now))?.device.answered?.up).toBe(true);
  await own.close();
});

test("the page of a problem says how it stands now; what was walked before an agent fell silent says nothing of why", async () => {
  const begin = async (code: string, requirement: string, minutesAgo: number) => {
    const [row] = await db.query<{ id: number }>(
      `INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at)
       SELECT site_id, $2, '', 'open', now() - $3 * interval '1 minute', now() FROM site WHERE centre_code = $1 RETURNING incident_id::int AS id`,
      [code, requirement, minutesAgo],
    );
    return (await siteApp().request(`/incidents/${row?.id}`)).text();
  };
  expect(await begin("xa-01", "R01", 60)).toContain("Đo được 168 Mbps");
  const way = "Đường ra từ máy tính cổng";
  expect(await begin("xa-02", "agent", 0)).not.toContain(way);
  await db.query("DELETE FROM incident WHERE requirement = 'agent'");
  expect(await begin("xa-02", "agent", 60)).toContain(way);
  await db.query("DELETE FROM incident");
});

test("all routes work on this store; hostile names are harmless; a closed month stays what it was", async () => {
  const app = siteApp();
  for (const path of [
    "/",
    "/centres/xa-01",
    "/centres/xa-02",
    "/centres/xa-01/devices/printer-1",
    `/centres/xa-01/devices/${encodeURIComponent(hostileName.slice(0, 128))}`,
    "/v1/centres",
    "/v1/centres/xa-01",
    "/v1/findings",
    "/reports",
    "/waivers",
    "/docs/api",
    "/openapi.json",
    "/v1/reports/2026-11/province.html",
    "/v1/evidence/xa-01.link.html",
  ]) {
    const reply = await app.request(path);
    expect(reply.status, path).toBe(200);
    if (reply.headers.get("content-type")?.startsWith("text/html")) expect(await reply.text(), path).not.toContain("<script>alert");
  }
  const page = await (await app.request("/centres/xa-01")).text();
  expect(page.match(/lần đo dài: tải liên tục 7 giây; tốc độ tụt hẳn trong lúc đo/g)).toHaveLength(1);
});

test("a month that is over is judged again as of its end; once closed it is sealed and later evidence changes nothing", async () => {
  const desk = monthDesk({ db, policyAt, demo: false, now: () => nowMs });
  expect(await desk.dossier("2026-11")).toMatchObject({ provisional: true, countedTo: "2026-11-28" });
  // A centre's is what the province's says of it: while the month runs, when it is over and is judged again, and from the seal.
  const expectParts = async () => {
    const province = await desk.dossier("2026-11");
    for (const code of ["xa-01", "xa-02", "xa-99"]) expect(await desk.dossier("2026-11", code)).toEqual(province && dossierOfCentre(province, code));
  };
  await expectParts();
  nowMs = Date.parse("2026-12-01T00:00:00.000Z");
  await expectParts();
  nowMs = Date.parse("2026-12-10T00:00:00.000Z");
  await expectParts();
  const closed = await desk.dossier("2026-11");
  expect(closed).toMatchObject({ provisional: false, centres: [{ code: "xa-01" }, { code: "xa-02" }] });
  await addAttestations(
    db,
    [{ id: "late", centre: "xa-01", requirement: "R07", item: "reception", holds: true, by: "C", inspector: true, at: "2026-11-20T00:00:00.000Z" }],
    nowMs,
  );
  nowMs += 90 * DAY_MS;
  const again = await desk.dossier("2026-11");
  if (!closed || !again) throw new Error("the month has no dossier");
  expect(bytesOf(await renderReport(again, "json", "vi")).equals(bytesOf(await renderReport(closed, "json", "vi")))).toBe(true);
  expect(await desk.dossier("2026-11", "xa-01")).toMatchObject({ scope: "centre", centres: [{ code: "xa-01", waivers: [{ document: "123/UBND-VP" }] }] });
  expect(await desk.dossier("2026-11", "xa-99")).toBeUndefined();
});
