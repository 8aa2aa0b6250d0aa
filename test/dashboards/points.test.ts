import { afterAll, beforeAll, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import { addEnrolCode, enrolWithCode } from "../../collector/store/agents.ts";
import { pageStore } from "../../collector/store/pages.ts";
import { rollUpDirtyDays, rollUpDirtyHours } from "../../collector/store/rollups.ts";
import { measured } from "../support/batches.ts";
import { DAY, HOUR, MINUTE, plan } from "../support/facts.ts";
import { type JudgedProvince, type OtherAgent, openJudgedProvince, type Said } from "../support/judged-province.ts";

// Views of the present go by the clock of the database.
const NOW = Date.now();
const main: OtherAgent = { agentId: "agt-00000000000000aa", stream: "00000000000000aa", point: "main" };
const iaLy: OtherAgent = { agentId: "agt-fffffffffffffffb", stream: "fffffffffffffffb", point: "ia-ly" };
let province: JudgedProvince;
const rows = (sql: string) => province.db.query<Record<string, unknown>>(sql);

/** What an agent says of its line: one speed test, its loss, and where the way out ends. */
const line = (atMs: number, mbps: number, loss: number, carries: 0 | 1): Said[] => [
  {
    probe: "link-bandwidth",
    target: "s1",
    atMs,
    outcome: measured([
      { metric: "download_mbps", value: mbps, labels: { server: "s1" } },
      { metric: "upload_mbps", value: mbps / 2, labels: { server: "s1" } },
    ]),
  },
  {
    probe: "link-quality",
    atMs,
    outcome: measured([
      { metric: "loss_percent", value: loss, labels: { hop: "isp" } },
      { metric: "segment_up", value: carries, labels: { segment: "line" } },
    ]),
  },
];

beforeAll(async () => {
  const centres = [
    { code: "xa-hra", isp: "VNPT", contractNumber: "GLI-1", contractMbps: 200 },
    { code: "xa-one", isp: "Viettel", contractMbps: 200 },
  ].map((one) => Centre.parse({ ...one, name: one.code, officers: 2 }));
  province = await openJudgedProvince({ centres, nowMs: NOW - 9 * DAY, policies: [plan] });
  for (const { agentId, point } of [main, iaLy]) {
    await addEnrolCode(province.db, "xa-hra", agentId, NOW - 9 * DAY, NOW, point);
    await enrolWithCode(province.db, agentId, { agentId, publicKey: agentId, hostName: point, version: "1.0.0" }, NOW - 9 * DAY);
  }
  // The same hours at both points, now one first and now the other.
  for (const hours of [50, 26, 3, 2]) {
    const atMs = NOW - hours * HOUR;
    const said = [
      [main, line(atMs, 300, 0, 1)],
      [iaLy, line(atMs + MINUTE, 40, 12, 0)],
    ] as const;
    for (const [from, told] of hours === 3 ? said.toReversed() : said) await province.send("xa-hra", atMs + 2 * MINUTE, told, "live", from);
    await province.send("xa-one", atMs + 2 * MINUTE, line(atMs, 250, 1, 1));
  }
  await province.send("xa-hra", NOW - MINUTE, line(NOW - MINUTE, 300, 0, 1), "live", main);
  await rollUpDirtyHours(province.db, NOW, { ended: false });
  await rollUpDirtyDays(province.db, new Date(NOW + 2 * DAY).toISOString().slice(0, 10));
}, 180_000);
afterAll(() => province?.db.close());

it.each([
  ["reading", "value", "value"],
  ["reading_1h", "min", "max"],
  ["reading_1d", "min", "max"],
])("two lines are two series of %s, that of the main office without a point as in a centre that has no other", async (view, least, most) => {
  const found = await rows(
    `SELECT centre, point, metric, min(${least}) AS least, max(${most}) AS most FROM grafana.${view}
     WHERE metric IN ('download_mbps', 'loss_percent') GROUP BY 1, 2, 3 ORDER BY 1, 2 NULLS FIRST, 3`,
  );
  expect(found.map((row) => Object.values(row))).toEqual([
    ["xa-hra", null, "download_mbps", 300, 300],
    ["xa-hra", null, "loss_percent", 0, 0],
    ["xa-hra", "ia-ly", "download_mbps", 40, 40],
    ["xa-hra", "ia-ly", "loss_percent", 12, 12],
    ["xa-one", null, "download_mbps", 250, 250],
    ["xa-one", null, "loss_percent", 1, 1],
  ]);
});

it("each line has its newest values, whoever spoke last", async () => {
  expect(await rows("SELECT point, value FROM grafana.reading_now WHERE centre = 'xa-hra' AND metric = 'download_mbps' ORDER BY point NULLS FIRST")).toEqual([
    { point: null, value: 300 },
    { point: "ia-ly", value: 40 },
  ]);
});

it("the row of a centre's line is all of its slowest one, without the provider and contract of the main office's", async () => {
  const columns =
    "centre, point, download_mbps AS down, upload_mbps AS up, download_week_mbps AS week, loss_percent AS loss, isp, contract_mbps AS contract, contract_number AS number";
  expect(await rows(`SELECT ${columns} FROM grafana.line_now ORDER BY centre`)).toEqual([
    { centre: "xa-hra", point: "ia-ly", down: 40, up: 20, week: 40, loss: 12, isp: null, contract: null, number: null },
    { centre: "xa-one", point: null, down: 250, up: 125, week: 250, loss: 1, isp: "Viettel", contract: 200, number: null },
  ]);
});

it("the parts of a finding say of which point they are", async () => {
  const parts = ["main", "ia-ly"].map((point) => ({ subject: "igate", point, state: point === "main" ? "pass" : "fail", reason: "met" }));
  await rows(`UPDATE finding SET body = body || '${JSON.stringify({ parts })}' WHERE requirement = 'R01' AND site_id = ${province.siteIdOf("xa-hra")}`);
  expect(await rows("SELECT subject, point, state FROM grafana.finding_part_now WHERE centre = 'xa-hra' AND requirement = 'R01' ORDER BY point")).toEqual([
    { subject: "igate", point: "ia-ly", state: "fail" },
    { subject: "igate", point: "main", state: "pass" },
  ]);
});

it("runs are read as they were told, and the centre's page knows the point of each test and the newest walk of each point", async () => {
  const read = await pageStore(province.db).centre("xa-hra", new Date(NOW - 30 * DAY).toISOString(), new Date(NOW).toISOString().slice(0, 10));
  const told = read?.bandwidth.map(({ point, outcome }) => [point, outcome.kind === "measured" && outcome.readings]) ?? [];
  const readings = (mbps: number) => [
    { metric: "download_mbps", value: mbps, labels: { server: "s1" } },
    { metric: "upload_mbps", value: mbps / 2, labels: { server: "s1" } },
  ];
  expect(told.filter(([point]) => point === "ia-ly")).toEqual(Array.from({ length: 4 }, () => ["ia-ly", readings(40)]));
  expect(told.filter(([point]) => point === undefined)).toEqual(Array.from({ length: 5 }, () => [undefined, readings(300)]));
  expect(new Map(read?.walks.map(({ point, value }) => [point, value]))).toEqual(
    new Map([
      ["ia-ly", 0],
      [undefined, 1],
    ] as const),
  );
});
