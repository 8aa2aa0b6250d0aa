import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { buildDossier, dossierOfCentre } from "../../../collector/report/dossier.ts";
import { buildLinkEvidence } from "../../../collector/report/link-evidence.ts";
import { periodOf } from "../../../collector/report/period.ts";
import { reportRoutes } from "../../../collector/routes/report.ts";
import { calendar, plan } from "../../support/facts.ts";
import { sampleComparison } from "../../support/sample-months.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleCentres, sampleFindings, sampleNowMs } from "../../support/sample-province.ts";

let made = 0;
/** Comparisons that are being made, and the most of them that ever were at one time. */
let [underWay, atOnce] = [0, 0];
const app = reportRoutes({
  policy: samplePolicy,
  lang: "vi",
  demo: false,
  now: () => sampleNowMs,
  desk: {
    centreNames: async () => sampleCentres.map(({ code, name }) => ({ code, name })),
    dossier: async (month, centre) => {
      made += 1;
      const rows = { centres: sampleCentres, findings: sampleCentres.flatMap((_, index) => sampleFindings(index)), changes: [], attestations: [], waivers: [] };
      const province = buildDossier("province", periodOf(month), samplePolicy, rows, { nowMs: sampleNowMs, demo: false, calendar });
      return centre === undefined ? province : dossierOfCentre(province, centre);
    },
    comparison: async (before, after) => {
      made += 1;
      underWay += 1;
      atOnce = Math.max(atOnce, underWay);
      await turn();
      underWay -= 1;
      return before === "2025-01" ? { missing: before } : sampleComparison(before, after);
    },
  },
  linkEvidence: async (code, firstDay, lastDay) => {
    const centre = sampleCentres.find((one) => one.code === code);
    return centre && buildLinkEvidence({ demo: false, centre, policy: plan, calendar, findings: [], runs: [], notJudged: [], firstDay, lastDay });
  },
});

test.each([
  ["/v1/reports/2026-10/province.html", "text/html; charset=utf-8", "inline"],
  ["/v1/reports/2026-10/province.csv", "text/csv; charset=utf-8", "attachment"],
  ["/v1/reports/2026-10/centres/xa-01.pdf", "application/pdf", "inline"],
  ["/v1/reports/2026-10/centres/xa-01.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment"],
  ["/v1/reports/2026-10/centres/xa-01.json", "application/json", "attachment"],
  ["/v1/comparisons/2026-10/2026-11.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment"],
  ["/v1/comparisons/2026-10/2026-11.pdf", "application/pdf", "inline"],
  ["/v1/comparisons/2026-10/2026-11.csv", "text/csv; charset=utf-8", "attachment"],
  ["/v1/evidence/xa-01.link.csv", "text/csv; charset=utf-8", "attachment"],
])("%s", async (path, type, disposition) => {
  const reply = await app.request(path);
  expect(reply.status).toBe(200);
  expect(reply.headers.get("content-type")).toBe(type);
  expect(reply.headers.get("content-disposition")).toMatch(new RegExp(`^${disposition}; filename="[a-z0-9-]+\\.[a-z]+"$`));
});

test.each([
  ["/v1/reports/2026-13/province.html", 422],
  ["/v1/reports/2026-10/province.exe", 422],
  ["/v1/reports/2026-10/country.html", 422],
  ["/v1/reports/2026-10/centres/xa-99.html", 404],
  ["/v1/reports/2026-10/centres/..%2Fx.html", 404],
  ["/v1/comparisons/2026-11/2026-10.csv", 422],
  ["/v1/comparisons/2026-10/2026-10.csv", 422],
  ["/v1/comparisons/2026-10/2026-11.exe", 422],
  ["/v1/comparisons/..%2Fx/2026-11.csv", 422],
  ["/v1/comparisons/2025-01/2026-11.csv", 404],
  ["/reports/compare", 422],
  ["/reports/compare?before=2026-10&after=2026-10", 422],
  ["/reports/compare?before=2026-10&after=2026-13", 422],
  ["/reports/compare?before=2025-01&after=2026-10", 404],
  ["/v1/evidence/xa-01.html", 422],
  ["/v1/evidence/xa-99.link.html", 404],
  ["/v1/evidence/..%2Fx.link.html", 404],
])("%s is %d", async (path, status) => {
  expect((await app.request(path)).status).toBe(status);
});

test.each(["/v1/reports/2026-10/province.html", "/v1/evidence/xa-01.link.html"])("the own style of %s is the only one that its policy allows", async (path) => {
  const reply = await app.request(path);
  const style = /<style>(.*?)<\/style>/s.exec(await reply.text())?.[1] ?? "";
  expect(reply.headers.get("content-security-policy")).toContain(`'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  expect(reply.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+';/);
});

test("the page of reports leads to the chosen one", async () => {
  const html = await (await app.request("/reports")).text();
  expect(html).toContain('<option value="2026-10" selected>10/2026</option>');
  expect((await app.request("/reports?month=2026-10&scope=province&format=html")).headers.get("location")).toBe("/v1/reports/2026-10/province.html");
  expect((await app.request("/reports?month=2026-10&scope=xa-01&format=xlsx")).headers.get("location")).toBe("/v1/reports/2026-10/centres/xa-01.xlsx");
});

test("the page of reports leads to two months side by side, the earlier one first however they are asked for", async () => {
  const form = await (await app.request("/reports")).text();
  expect(form).toMatch(/action="\/reports\/compare".*name="before">.*value="2026-09" selected.*name="after">.*value="2026-10" selected/s);
  for (const query of ["before=2026-10&after=2026-11", "before=2026-11&after=2026-10"]) {
    const html = await (await app.request(`/reports/compare?${query}`)).text();
    expect(html).toContain('<h1 id="page-title">So sánh tháng 11/2026 với tháng 10/2026</h1>');
    for (const link of [
      "/v1/comparisons/2026-10/2026-11.pdf",
      "/v1/comparisons/2026-10/2026-11.xlsx",
      "/v1/comparisons/2026-10/2026-11.csv",
      "/v1/reports/2026-10/province.html",
      "/centres/xa-01#R01",
    ])
      expect(html).toContain(`href="${link}"`);
  }
});

test("two months side by side: the sums, then the changes with the worst at the top, each with both states and why", async () => {
  const html = (await (await app.request("/reports/compare?before=2026-10&after=2026-11")).text()).replace(/\s+/g, " ");
  const places = ["sums-title", 'id="newly_not_met"', 'id="found_not_met"', 'id="newly_unknown"', 'id="newly_met"']
    .map((part) => html.indexOf(part))
    .filter((place) => place >= 0);
  expect(places.length).toBeGreaterThan(3);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(html).toContain("BÁO CÁO TẠM TÍNH");
  for (const kind of ["still_met", "still_unknown", "not_applicable"]) expect(html).not.toContain(`id="${kind}"`);
  const english = await (await app.request("/reports/compare?before=2026-10&after=2026-11&lang=en")).text();
  expect(english).toContain("2026-11 compared with 2026-10");
});

test("ten readers of the province's report at once cost one, and who comes later gets it made anew", async () => {
  made = 0;
  const read = async () => (await app.request("/v1/reports/2026-10/province.html")).text();
  const pages = await Promise.all(Array.from({ length: 10 }, read));
  expect([made, new Set(pages).size]).toEqual([1, 1]);
  expect(await read()).toBe(pages[0]);
  expect(made).toBe(2);
  await Promise.all(
    ["/v1/reports/2026-10/province.html", "/v1/reports/2026-11/province.html", "/v1/reports/2026-10/province.csv"].map((path) => app.request(path)),
  );
  expect(made).toBe(5);
});

test("ten who compare two months at once cost one, and different ones are made one after the other: each holds two dossiers of the province", async () => {
  [made, atOnce] = [0, 0];
  const read = (path: string) => Array.from({ length: 10 }, async () => (await app.request(path)).text());
  const pages = await Promise.all(read("/reports/compare?before=2026-10&after=2026-11"));
  const missing = await Promise.all(read("/reports/compare?before=2025-01&after=2026-11"));
  expect([made, new Set(pages).size, new Set(missing).size]).toEqual([2, 1, 1]);
  const tables = await Promise.all(
    ["/v1/comparisons/2026-10/2026-11.csv", "/v1/comparisons/2026-09/2026-11.csv", "/reports/compare?before=2026-10&after=2026-11"].flatMap(read),
  );
  expect([made, new Set(tables).size, atOnce]).toEqual([5, 3, 1]);
});
