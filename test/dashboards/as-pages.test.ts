import { afterAll, beforeAll, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import { ownTopics } from "../../collector/alert/topic.ts";
import { closeSite } from "../../collector/store/closings.ts";
import { incidentPart } from "../../collector/store/incidents.ts";
import { pageStore } from "../../collector/store/pages.ts";
import { provinceView } from "../../collector/web/province-view.ts";
import { measured } from "../support/batches.ts";
import { storedQueries } from "../support/dashboard-queries.ts";
import { DAY, HOUR, MINUTE, plan } from "../support/facts.ts";
import { expandQuery } from "../support/grafana-macros.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../support/judged-province.ts";
import { queryContext } from "../support/query-context.ts";

// Views of the present go by the clock of the database.
const NOW = Date.now();
let province: JudgedProvince;
const rows = (sql: string) => province.db.query<Record<string, unknown>>(sql);
const seen = (atMs: number): Said[] => [
  { probe: "camera-presence", atMs, outcome: measured(["c1", "c2"].map((camera) => ({ metric: "camera_up" as const, value: 1, labels: { camera } }))) },
  {
    probe: "wifi-clients",
    atMs,
    outcome: measured([
      { metric: "wifi_clients", value: 12 },
      { metric: "wifi_ap_up", value: 1, labels: { ap: "ap-1" } },
    ]),
  },
  { probe: "link-quality", atMs, outcome: measured([{ metric: "loss_percent", value: 40, labels: { hop: "isp" } }]) },
];
const visits = (portal: string, atMs: number): Said => ({
  probe: "portal-http",
  target: portal,
  atMs,
  outcome: measured([{ metric: "portal_up", value: 0, labels: { portal } }]),
});
const lineDown = (atMs: number): Said => ({
  probe: "link-quality",
  atMs,
  outcome: measured([
    { metric: "loss_percent", value: 100, labels: { hop: "isp" } },
    { metric: "hop_up", value: 0, labels: { hop: "isp" } },
  ]),
});
const recordings = (atMs: number, ...channels: string[]): Said => ({
  probe: "recording-depth",
  atMs,
  outcome: measured(channels.map((channel) => ({ metric: "recording_depth_days" as const, value: 30, labels: { channel } }))),
});

beforeAll(async () => {
  const line = { isp: "VNPT", contractNumber: "GLI-HĐ/00123" };
  const centres = ["xa-a", "xa-b", "xa-c", "xa-d"].map((code) =>
    Centre.parse({ code, name: code, officers: 2, district: code > "xa-b" ? "Đông" : "Tây", ...(code === "xa-a" && line) }),
  );
  province = await openJudgedProvince({ centres, nowMs: NOW - 4 * DAY, policies: [plan] });
  for (const code of ["xa-a", "xa-c"]) await province.send(code, NOW - 3 * DAY, seen(NOW - 3 * DAY));
  await province.send("xa-b", NOW - HOUR, seen(NOW - HOUR));
  await province.judge.tick(NOW - 30 * MINUTE);
}, 180_000);
afterAll(() => province?.db.close());

it("a centre that fell silent has no camera that answers, nobody on its Wi-Fi and no loss; when it was asked last stands all the same", async () => {
  const cameras = await rows(
    "SELECT centre, cameras::int, cameras_up::int, time IS NOT NULL AS asked FROM grafana.camera_now WHERE centre < 'xa-d' ORDER BY 1",
  );
  expect(cameras).toEqual([
    { centre: "xa-a", cameras: 0, cameras_up: 0, asked: true },
    { centre: "xa-b", cameras: 2, cameras_up: 2, asked: true },
    { centre: "xa-c", cameras: 0, cameras_up: 0, asked: true },
  ]);
  expect(
    await rows("SELECT clients, access_points_up::int AS up, time IS NOT NULL AS asked FROM grafana.wifi_now WHERE centre < 'xa-c' ORDER BY centre"),
  ).toEqual([
    { clients: null, up: 0, asked: true },
    { clients: 12, up: 1, asked: true },
  ]);
  expect(await rows("SELECT loss_percent AS loss FROM grafana.line_now WHERE centre < 'xa-c' ORDER BY centre")).toEqual([{ loss: null }, { loss: 40 }]);
});

it("a problem that went before it was opened is in no list, nor in the view", async () => {
  await rows(`INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at, closed_at, body)
    SELECT ${province.siteIdOf("xa-a")}, requirement, '', state, now() - interval '2 hours', opened, closed, '{"told": [], "level": 0}'
    FROM (VALUES ('R01', 'closed', NULL, now()), ('R02', 'closed', now() - interval '1 hour', now()), ('R03', 'open', now(), NULL), ('R04', 'soft', NULL, NULL))
      AS i(requirement, state, opened, closed)`);
  const parts = await Promise.all([true, false].map((isClosed) => incidentPart(province.db, { closed: isClosed }, 1)));
  const listed = parts.flatMap((part) => part.rows.map(({ requirement }) => requirement)).sort();
  expect(listed).toEqual(["R02", "R03"]);
  expect((await rows("SELECT requirement FROM grafana.incident ORDER BY 1")).map(({ requirement }) => requirement)).toEqual(listed);
});

it("a problem of the whole province is in the lists of every district, and what is of no requirement has its title and whose turn it is", async () => {
  await rows(`INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at) VALUES (0, 'backup', '', 'open', now(), now()), (0, 'R16', 'igate', 'open', now(), now()),
    (${province.siteIdOf("xa-a")}, 'agent', '', 'open', now(), now())`);
  const [district] = (await rows("SELECT district_code AS code FROM grafana.centre WHERE centre = 'xa-c'")).map(({ code }) => String(code));
  for (const name of [`hcc-province: ${text("vi", "board.province.incidents")} A`, `hcc-alerts: ${text("vi", "board.alerts.open")} A`]) {
    const [query] = storedQueries("vi").filter((one) => one.name === name);
    if (!query) throw new Error(`no panel ${name}`);
    const listed = await rows(expandQuery(query.sql, queryContext(query, { district: [district ?? ""] }, NOW)));
    const [title] = plan.requirements.flatMap(({ id, title }) => (id === "R16" ? title.vi : []));
    expect(new Map(listed.map((row) => [row.requirement, [row.title, row.centre]])), name).toEqual(
      new Map([
        ["backup", ["backup", null]],
        ["R16", [title, null]],
      ]),
    );
  }
  for (const { id, owner } of Object.values(ownTopics))
    expect(await rows(`SELECT owner, impact IS NOT NULL AS "hasImpact" FROM grafana.incident WHERE requirement = '${id}'`), id).toEqual([
      { owner, hasImpact: true },
    ]);
  await rows("DELETE FROM incident WHERE requirement IN ('agent', 'backup') OR site_id = 0");
});

it("the counts of each centre are those of the province's page, also of one that was never judged and of requirements that the policy dropped or got", async () => {
  await rows(`DELETE FROM finding WHERE site_id = ${province.siteIdOf("xa-d")} OR requirement = 'R07'`);
  await rows(`UPDATE finding SET requirement = 'R99', state = 'fail' WHERE site_id = ${province.siteIdOf("xa-a")} AND requirement = 'R08'`);
  const page = await pageStore(province.db).province(new Date(NOW - DAY).toISOString(), new Date(NOW).toISOString().slice(0, 10));
  const { standings } = provinceView(plan, page, "vi", Date.now());
  const views = await rows(
    "SELECT centre, state, total::int, pass::int, fail::int, pending::int, unknown::int, error::int, not_applicable::int, waived::int FROM grafana.centre_now ORDER BY 1",
  );
  expect(standings).toHaveLength(4);
  const counted = standings.map(({ centre: { code }, state, tally: { coverage: _, score: __, ...tally } }) => ({ centre: code, state, ...tally }));
  expect(views).toEqual(counted.sort((a, b) => (a.centre < b.centre ? -1 : 1)));
  const shares = await rows("SELECT centre, coverage_percent AS coverage, score_percent AS score FROM grafana.centre_now ORDER BY 1");
  const told = standings.map(({ centre: { code }, tally: { coverage, score } }) => ({
    centre: code,
    coverage: coverage === undefined ? null : expect.closeTo(100 * coverage),
    score: score === undefined ? null : expect.closeTo(100 * score),
  }));
  expect(shares).toEqual(told.sort((a, b) => (a.centre < b.centre ? -1 : 1)));
});

it("the counts of each requirement are those of the same page, of the whole province and of each district", async () => {
  const page = await pageStore(province.db).province(new Date(NOW - DAY).toISOString(), new Date(NOW).toISOString().slice(0, 10));
  const { standings } = provinceView(plan, page, "vi", Date.now());
  const counted = (district?: string) =>
    plan.requirements.map(({ id }) => {
      const there = standings.filter(({ centre }) => district === undefined || centre.district === district);
      const states = there.flatMap(({ findings }) => findings.flatMap(({ requirement, state }) => (requirement === id ? [state] : [])));
      const of = (state: string) => states.filter((one) => one === state).length;
      return { requirement: id, total: states.length, pass: of("pass"), fail: of("fail"), unknown: of("unknown"), na: of("not_applicable") };
    });
  const columns = "requirement, total::int, pass::int, fail::int, unknown::int, not_applicable::int AS na";
  expect(await rows(`SELECT ${columns} FROM grafana.requirement_now ORDER BY 1`)).toEqual(counted());
  for (const district of ["Tây", "Đông"])
    expect(await rows(`SELECT ${columns} FROM grafana.requirement_district_now WHERE district = '${district}' ORDER BY 1`), district).toEqual(
      counted(district),
    );
});

it("of the line a portal's row tells what was measured within two hours, and a portal that the policy dropped has none", async () => {
  const [kept = "", other = ""] = plan.portals.map(({ id }) => id);
  const portals = () => rows("SELECT centre, portal, line_up, loss_percent AS loss, verdict FROM grafana.portal_now ORDER BY 1, 2");
  await province.send("xa-b", NOW - 5 * HOUR, [lineDown(NOW - 5 * HOUR), visits("cong-cu", NOW - 5 * HOUR), visits(other, NOW - 5 * HOUR)]);
  await province.send("xa-b", NOW - 20 * MINUTE, [visits(kept, NOW - 20 * MINUTE)]);
  await province.send("xa-a", NOW - 20 * MINUTE, [visits(kept, NOW - 20 * MINUTE), lineDown(NOW - 20 * MINUTE)]);
  expect(await portals()).toEqual([
    { centre: "xa-a", portal: kept, line_up: 0, loss: 100, verdict: "line" },
    ...[
      { centre: "xa-b", portal: kept, line_up: null, loss: 40, verdict: "portal" },
      { centre: "xa-b", portal: other, line_up: null, loss: 40, verdict: "unknown" },
    ].sort((a, b) => (a.portal < b.portal ? -1 : 1)),
  ]);
});

it("channels of a recorder that was replaced go two days after it, those of one that is silent stay with their time", async () => {
  const channels = (centre: string) => rows(`SELECT channel FROM grafana.recording_now WHERE centre = '${centre}' ORDER BY 1`);
  await province.send("xa-b", NOW - 3 * DAY, [recordings(NOW - 3 * DAY, "1", "2", "dau-ghi-cu")]);
  expect(await channels("xa-b")).toHaveLength(3);
  await province.send("xa-b", NOW - 1.5 * DAY, [recordings(NOW - 1.5 * DAY, "1", "2")]);
  expect(await channels("xa-b")).toHaveLength(3);
  await province.send("xa-b", NOW - 10 * HOUR, [recordings(NOW - 10 * HOUR, "1")]);
  expect(await channels("xa-b")).toEqual([{ channel: "1" }, { channel: "2" }]);
  await rows(`UPDATE newest_values SET ts = ts - interval '25 days' WHERE site_id = ${province.siteIdOf("xa-b")}`);
  expect(await channels("xa-b")).toEqual([]);
});

it("goes by the policy that the collector judges by, in its highest version that has begun", async () => {
  const titles = async () =>
    (await rows("SELECT DISTINCT split_part(title_vi, ':', 1) AS title FROM view_requirement WHERE title_vi LIKE 'v%:%'")).map(({ title }) => title);
  const record = (id: string, version: number, from: string) =>
    rows(`INSERT INTO policy_version (policy_id, version, effective_from, body_sha256, body, recorded_at)
      SELECT '${id}', ${version}, '${from}', 'x', jsonb_build_object('portals', '[]'::jsonb, 'requirements', jsonb_build_array(jsonb_build_object('id', 'R01', 'title', jsonb_build_object('vi', 'v${version}:${id}')))), now()`);
  try {
    await record("tinh-khac", 7, "2026-01-01");
    await rows(`INSERT INTO setting VALUES ('policy', '"${plan.id}"')`);
    expect((await rows("SELECT requirement FROM view_requirement")).length).toBe(plan.requirements.length);
    await rows(`UPDATE setting SET value = '"tinh-khac"' WHERE key = 'policy'`);
    expect(await titles()).toEqual(["v7"]);
    await record("tinh-khac", 8, "2025-12-01");
    await record("tinh-khac", 9, "2999-01-01");
    expect(await titles()).toEqual(["v8"]);
    await rows(`DELETE FROM policy_version WHERE policy_id = 'tinh-khac' AND version < 9`);
    expect(await titles()).toEqual(["v9"]);
  } finally {
    await rows("DELETE FROM policy_version WHERE policy_id = 'tinh-khac'");
    await rows("DELETE FROM setting WHERE key = 'policy'");
  }
});

it("what the policy dropped lasted until the version without it came into force here", async () => {
  const span = () => rows("SELECT time_end FROM grafana.finding_span WHERE centre = 'xa-b' AND requirement = 'R98'");
  await rows(`INSERT INTO finding_revision (site_id, requirement, state, reason, at, late, body)
    VALUES (${province.siteIdOf("xa-b")}, 'R98', 'fail', 'not_seen', now() - interval '9 days', false, '{}')`);
  const without = (id: string, version: number, days: number) =>
    rows(`INSERT INTO policy_version (policy_id, version, effective_from, body_sha256, body, recorded_at)
      SELECT policy_id, ${version}, effective_from, 'x', jsonb_set(body, '{requirements}', body->'requirements' || '[{"id": "${id}"}]'), now() - interval '${days} days' FROM policy_version WHERE version = ${plan.version}`);
  // A version with it, which still stood when it was judged, and one that has another in its place.
  await without("R98", 98, 8);
  await without("R97", 99, 7);
  const recorded = await rows("SELECT recorded_at AS time_end FROM policy_version WHERE version = 99");
  await rows(`UPDATE policy_version SET recorded_at = now() - interval '20 days' WHERE version = ${plan.version}`);
  expect(await span()).toEqual(recorded);
  await rows("DELETE FROM policy_version WHERE version > 90");
});

it("what lasts ends with the day before its centre closed", async () => {
  const today = new Date(NOW + 7 * HOUR).toISOString().slice(0, 10);
  const ends = () => rows("SELECT max(time_end) <= now() - interval '1 second' AS over FROM grafana.finding_span WHERE centre = 'xa-c'");
  await rows(`UPDATE finding_revision SET at = at - interval '3 days' WHERE site_id = ${province.siteIdOf("xa-c")}`);
  expect(await ends()).toEqual([{ over: false }]);
  await closeSite(province.db, province.siteIdOf("xa-c"), { on: today }, { reason: "NQ 1", nowMs: NOW });
  expect(await ends()).toEqual([{ over: true }]);
});

it("the number of the contract stands beside the provider", async () => {
  for (const view of ["centre", "line_now"])
    expect(await rows(`SELECT isp, contract_number FROM grafana.${view} WHERE centre = 'xa-a'`), view).toEqual([
      { isp: "VNPT", contract_number: "GLI-HĐ/00123" },
    ]);
});
