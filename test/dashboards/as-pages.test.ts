import { afterAll, beforeAll, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { closeSite } from "../../collector/store/closings.ts";
import { incidentPart } from "../../collector/store/incidents.ts";
import { pageStore } from "../../collector/store/pages.ts";
import { provinceView } from "../../collector/web/province-view.ts";
import { measured } from "../support/batches.ts";
import { DAY, HOUR, MINUTE, plan } from "../support/facts.ts";
import { type JudgedProvince, openJudgedProvince, type Said } from "../support/judged-province.ts";

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

beforeAll(async () => {
  const line = { isp: "VNPT", contractNumber: "GLI-HĐ/00123" };
  const centres = ["xa-a", "xa-b", "xa-c"].map((code) => Centre.parse({ code, name: code, officers: 2, ...(code === "xa-a" && line) }));
  province = await openJudgedProvince({ centres, nowMs: NOW - 4 * DAY, policies: [plan] });
  for (const code of ["xa-a", "xa-c"]) await province.send(code, NOW - 3 * DAY, seen(NOW - 3 * DAY));
  await province.send("xa-b", NOW - HOUR, seen(NOW - HOUR));
  await province.judge.tick(NOW - 30 * MINUTE);
}, 180_000);
afterAll(() => province?.db.close());

it("a centre that fell silent has no camera that answers, nobody on its Wi-Fi and no loss; when it was asked last stands all the same", async () => {
  const cameras = await rows("SELECT centre, cameras::int, cameras_up::int, time IS NOT NULL AS asked FROM grafana.camera_now ORDER BY 1");
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

it("the counts of each centre are those of the province's page", async () => {
  const page = await pageStore(province.db).province(new Date(NOW - DAY).toISOString(), new Date(NOW).toISOString().slice(0, 10));
  const { standings } = provinceView(plan, page, "vi", Date.now());
  const views = await rows(
    "SELECT centre, state, total::int, pass::int, fail::int, pending::int, unknown::int, error::int, not_applicable::int, waived::int FROM grafana.centre_now ORDER BY 1",
  );
  expect(standings).toHaveLength(3);
  const counted = standings.map(({ centre: { code }, state, tally: { coverage: _, score: __, ...tally } }) => ({ centre: code, state, ...tally }));
  expect(views).toEqual(counted.sort((a, b) => (a.centre < b.centre ? -1 : 1)));
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
