import { afterAll, beforeAll, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import { addEnrolCode, enrolWithCode } from "../../collector/store/agents.ts";
import { rollUpDirtyHours } from "../../collector/store/rollups.ts";
import { measured } from "../support/batches.ts";
import { storedQueries } from "../support/dashboard-queries.ts";
import { DAY, HOUR, MINUTE, plan } from "../support/facts.ts";
import { expandQuery } from "../support/grafana-macros.ts";
import { type JudgedProvince, type OtherAgent, openJudgedProvince, type Said } from "../support/judged-province.ts";
import { queryContext } from "../support/query-context.ts";

// Views of the present go by the clock of the database.
const NOW = Date.now();
const [portal = ""] = plan.portals.map(({ id }) => id);
const main: OtherAgent = { agentId: "agt-00000000000000aa", stream: "00000000000000aa", point: "main" };
const iaLy: OtherAgent = { agentId: "agt-fffffffffffffffb", stream: "fffffffffffffffb", point: "ia-ly" };
let province: JudgedProvince;
const rows = (sql: string) => province.db.query<Record<string, unknown>>(sql);
const lists = async (sql: string) => (await rows(sql)).map((row) => Object.values(row));

type Place = { readonly up: 0 | 1; readonly ms: number; readonly clients: number; readonly busy: number; readonly free: number };
/** What an agent says of a portal, of its Wi-Fi with one access point, of its own disk, and of a camera. */
const place = (atMs: number, { up, ms, clients, busy, free }: Place): Said[] => [
  {
    probe: "portal-http",
    target: portal,
    atMs,
    outcome: measured([
      { metric: "portal_up", value: up, labels: { portal } },
      { metric: "portal_ttfb_ms", value: ms, labels: { portal } },
    ]),
  },
  { probe: "link-quality", atMs, outcome: measured([{ metric: "segment_up", value: up, labels: { segment: "line" } }]) },
  {
    probe: "wifi-clients",
    atMs,
    outcome: measured([
      { metric: "wifi_clients", value: clients },
      { metric: "wifi_ap_up", value: up, labels: { ap: "10.0.0.2" } },
      { metric: "wifi_utilisation_percent", value: busy, labels: { ap: "10.0.0.2", radio: "5" } },
    ]),
  },
  { probe: "host", atMs, outcome: measured([{ metric: "host_disk_free_percent", value: free, labels: { disk: "C:" } }]) },
  { probe: "camera-presence", atMs, outcome: measured([{ metric: "camera_up", value: 1, labels: { camera: "cam-1" } }]) },
];
const good: Place = { up: 1, ms: 200, clients: 30, busy: 20, free: 60 };
const bad: Place = { up: 0, ms: 9_000, clients: 4, busy: 75, free: 3 };

beforeAll(async () => {
  const centres = ["xa-hra", "xa-one"].map((code) => Centre.parse({ code, name: code, officers: 2 }));
  province = await openJudgedProvince({ centres, nowMs: NOW - 9 * DAY, policies: [plan] });
  for (const { agentId, point } of [main, iaLy]) {
    await addEnrolCode(province.db, "xa-hra", agentId, NOW - 9 * DAY, NOW, point);
    await enrolWithCode(province.db, agentId, { agentId, publicKey: agentId, hostName: point, version: "1.0.0" }, NOW - 9 * DAY);
  }
  for (const hours of [3, 1]) {
    const atMs = NOW - hours * HOUR;
    await province.send("xa-hra", atMs + 2 * MINUTE, place(atMs + MINUTE, bad), "live", iaLy);
    await province.send("xa-hra", atMs + 2 * MINUTE, place(atMs, good), "live", main);
    await province.send("xa-one", atMs + 2 * MINUTE, place(atMs, good));
  }
  await rollUpDirtyHours(province.db, NOW, { ended: false });
}, 180_000);
afterAll(() => province?.db.close());

it("portals, the Wi-Fi and the PC of each point are series of their own, those of a device are the centre's", async () => {
  const metrics = "'portal_ttfb_ms', 'wifi_clients', 'wifi_ap_up', 'host_disk_free_percent', 'camera_up'";
  for (const [view, value] of [
    ["reading_now", "max(value)"],
    ["reading_1h", "max(max)"],
    ["reading_1h", "min(min)"],
  ])
    expect(
      await lists(
        `SELECT metric, point, ${value} FROM grafana.${view} WHERE centre = 'xa-hra' AND metric IN (${metrics}) GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST`,
      ),
    ).toEqual([
      ["camera_up", null, 1],
      ["host_disk_free_percent", null, 60],
      ["host_disk_free_percent", "ia-ly", 3],
      ["portal_ttfb_ms", null, 200],
      ["portal_ttfb_ms", "ia-ly", 9_000],
      ["wifi_ap_up", null, 1],
      ["wifi_ap_up", "ia-ly", 0],
      ["wifi_clients", null, 30],
      ["wifi_clients", "ia-ly", 4],
    ]);
});

const asked = (name: string) => storedQueries("vi").filter((query) => query.name === name);
it.each([
  ["board.centre.portals", [portal, `${portal} · ia-ly`], [200, 9_000]],
  ["board.centre.wifi", ["wifi_clients", "wifi_clients · ia-ly"], [30, 4]],
] as const)("the centre's dashboard draws each point by itself: %s", async (key, names, values) => {
  const [query] = asked(`hcc-centre: ${text("vi", key)} A`);
  if (!query) throw new Error(`no panel ${key}`);
  const drawn = async (centre: string) => {
    const found = await province.db.query<{ metric: string; value: number }>(expandQuery(query.sql, queryContext(query, { centre: [centre] }, NOW)));
    return new Map(found.map(({ metric, value }) => [metric, value]));
  };
  expect(await drawn("xa-hra")).toEqual(new Map(names.map((name, at) => [name, values[at]])));
  expect(await drawn("xa-one")).toEqual(new Map([[names[0], values[0]]]));
});

it("a portal has one row, of the point that cannot reach it, with that point's own line; then of one that is silent while it stands", async () => {
  const now = () => lists("SELECT centre, portal, point, up, ttfb_ms, verdict, segment FROM grafana.portal_now ORDER BY 1");
  const one = ["xa-one", portal, null, 1, 200, "ok", null];
  expect(await now()).toEqual([["xa-hra", portal, "ia-ly", 0, 9_000, "line", "line"], one]);
  await province.send("xa-hra", NOW, place(NOW - MINUTE, { ...good, ms: 300 }), "live", iaLy);
  expect(await now()).toEqual([["xa-hra", portal, "ia-ly", 1, 300, "ok", null], one]);
  await rows(`UPDATE newest_values SET ts = ts - interval '5 hours', each_ts = NULL WHERE site_id = ${province.siteIdOf("xa-hra")}`);
  await province.send("xa-hra", NOW, place(NOW, good), "live", main);
  expect(await now()).toEqual([["xa-hra", portal, "ia-ly", 1, 300, "unknown", null], one]);
  await rows(`UPDATE agent SET state = 'revoked' WHERE agent_id = '${iaLy.agentId}'`);
  expect(await now()).toEqual([["xa-hra", portal, null, 1, 200, "ok", null], one]);
  await rows(`UPDATE agent SET state = 'active' WHERE agent_id = '${iaLy.agentId}'`);
});

it("the row of a centre's Wi-Fi is all of the point that the finding names, else of the busiest; totals of the province have both", async () => {
  const now = () =>
    lists("SELECT centre, point, clients, utilisation_percent, access_points::int, access_points_up::int, peak_week_clients FROM grafana.wifi_now ORDER BY 1");
  const name = (point: string) =>
    rows(`UPDATE finding SET body = jsonb_set(body, '{detail}', '{"point": "${point}"}') WHERE requirement = (SELECT requirement FROM view_requirement WHERE rule = 'capacity' LIMIT 1)
      AND site_id = ${province.siteIdOf("xa-hra")}`);
  await rows(
    "INSERT INTO peak_day (site_id, metric, day, value, known_at) SELECT site_id, 'wifi_clients', (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 1, 44, now() FROM site",
  );
  await province.send("xa-hra", NOW, place(NOW, bad), "live", iaLy);
  const one = ["xa-one", null, 30, 20, 1, 1, 44];
  await rows(`UPDATE finding SET body = body - 'detail'`);
  expect(await now()).toEqual([["xa-hra", "ia-ly", 4, 75, 1, 0, null], one]);
  await name("main");
  expect(await now()).toEqual([["xa-hra", null, 30, 20, 1, 1, null], one]);
  await name("nowhere-heard");
  expect(await now()).toEqual([["xa-hra", "nowhere-heard", null, null, 0, 0, null], one]);
  const stat = (["board.wifi.now", "board.wifi.points"] as const).flatMap((key) => asked(`hcc-wifi: ${text("vi", key)} A`));
  const district = (await rows("SELECT DISTINCT district_code AS code FROM grafana.centre")).map(({ code }) => String(code));
  const totals = await Promise.all(stat.map((query) => lists(expandQuery(query.sql, queryContext(query, { district }, NOW)))));
  expect(totals.flat(2).map(Number)).toEqual([64, 2, 3]);
});

it("where a centre is red, the list of centres, its findings and its problems name the point", async () => {
  const site = province.siteIdOf("xa-hra");
  const fail = (requirement: string, point: string) =>
    rows(
      `UPDATE finding SET state = 'fail', body = jsonb_set(body, '{detail}', '{"point": "${point}"}') WHERE requirement = '${requirement}' AND site_id = ${site}`,
    );
  await rows(`UPDATE finding SET state = 'unknown', body = body - 'detail'`);
  expect(await lists("SELECT centre, point FROM grafana.centre_now ORDER BY 1")).toEqual([
    ["xa-hra", null],
    ["xa-one", null],
  ]);
  await fail("R01", "main");
  await fail("R02", "ia-ly");
  await fail("R16", "ia-ly");
  expect(await lists("SELECT centre, point FROM grafana.centre_now ORDER BY 1")).toEqual([
    ["xa-hra", "ia-ly"],
    ["xa-one", null],
  ]);
  expect(await lists("SELECT requirement, point FROM grafana.finding_now WHERE centre = 'xa-hra' AND state = 'fail' ORDER BY 1")).toEqual([
    ["R01", "main"],
    ["R02", "ia-ly"],
    ["R16", "ia-ly"],
  ]);
  await rows(`INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at, closed_at) SELECT ${site}, r, s, t, now(), now(), c
    FROM (VALUES ('R02', 'ia-ly', 'open', NULL), ('R16', '', 'closed', now()), ('agent', 'ia-ly', 'closed', now()), ('agent', '', 'open', NULL)) AS i(r, s, t, c)`);
  expect(await lists("SELECT requirement, kind, point FROM grafana.incident ORDER BY 1, 2")).toEqual([
    ["R02", "open", "ia-ly"],
    ["R16", "closed", null],
    ["agent", "closed", "ia-ly"],
    ["agent", "open", null],
  ]);
  expect(await lists("SELECT agent, point FROM grafana.agent_now ORDER BY 1")).toEqual([
    [main.agentId, null],
    [iaLy.agentId, "ia-ly"],
  ]);
});

it("a portal that two points of a centre ask is asked by one centre, and down there only where no visit of any point was good", async () => {
  const [hour] = await rows("SELECT min(time) AS first FROM grafana.portal_hour");
  expect(hour?.first).not.toBeNull();
  expect(await lists("SELECT DISTINCT portal, centres::int, centres_down::int, up_percent::int FROM grafana.portal_hour")).toEqual([[portal, 2, 0, 67]]);
  expect(
    await lists(
      "SELECT DISTINCT metric, kind, series, zeros, n::int, max_sum::int FROM grafana.district_hour WHERE metric IN ('portal_ttfb_ms', 'wifi_clients') ORDER BY 1",
    ),
  ).toEqual([
    ["portal_ttfb_ms", portal, 2, 0, 3, 9_200],
    ["wifi_clients", "total", 2, 0, 3, 60],
  ]);
});
