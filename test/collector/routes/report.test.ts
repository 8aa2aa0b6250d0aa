import { expect, test } from "vitest";
import { reportRoutes } from "../../../collector/routes/report.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleCentres, sampleFindings, sampleNowMs } from "../../support/sample-province.ts";

const asked: unknown[][] = [];
const app = reportRoutes({
  policy: samplePolicy,
  lang: "vi",
  demo: false,
  now: () => sampleNowMs,
  source: {
    centreNames: async () => sampleCentres.map(({ code, name }) => ({ code, name })),
    rows: async (period, knownBy, centre) => {
      asked.push([period.month, knownBy, centre]);
      const centres = sampleCentres.filter(({ code }) => centre === undefined || code === centre);
      return { centres, findings: centres.flatMap((one) => sampleFindings(sampleCentres.indexOf(one))), changes: [], attestations: [], waivers: [] };
    },
  },
});

test.each([
  ["/v1/reports/2026-10/province.html", "text/html; charset=utf-8", "inline"],
  ["/v1/reports/2026-10/province.csv", "text/csv; charset=utf-8", "attachment"],
  ["/v1/reports/2026-10/centres/xa-01.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment"],
  ["/v1/reports/2026-10/centres/xa-01.json", "application/json", "attachment"],
])("%s", async (path, type, disposition) => {
  const reply = await app.request(path);
  expect(reply.status).toBe(200);
  expect(reply.headers.get("content-type")).toBe(type);
  expect(reply.headers.get("content-disposition")).toMatch(new RegExp(`^${disposition}; filename="[a-z0-9-]+\\.[a-z]+"$`));
});

test("a closed month asks for what was known when it closed, the present one for what is known now", async () => {
  await app.request("/v1/reports/2026-10/centres/xa-01.csv");
  await app.request("/v1/reports/2026-11/province.csv");
  expect(asked.slice(-2)).toEqual([
    ["2026-10", "2026-11-03T17:00:00.000Z", "xa-01"],
    ["2026-11", new Date(sampleNowMs).toISOString(), undefined],
  ]);
});

test.each([
  ["/v1/reports/2026-13/province.html", 422],
  ["/v1/reports/2026-10/province.exe", 422],
  ["/v1/reports/2026-10/country.html", 422],
  ["/v1/reports/2026-10/centres/xa-99.html", 404],
  ["/v1/reports/2026-10/centres/..%2Fx.html", 404],
])("%s is %d", async (path, status) => {
  expect((await app.request(path)).status).toBe(status);
});

test("a report's own style is the only one that its policy allows", async () => {
  const reply = await app.request("/v1/reports/2026-10/province.html");
  expect(reply.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+';/);
});

test("the page of reports leads to the chosen one", async () => {
  const html = await (await app.request("/reports")).text();
  expect(html).toContain('<option value="2026-10" selected>10/2026</option>');
  expect((await app.request("/reports?month=2026-10&scope=province&format=html")).headers.get("location")).toBe("/v1/reports/2026-10/province.html");
  expect((await app.request("/reports?month=2026-10&scope=xa-01&format=xlsx")).headers.get("location")).toBe("/v1/reports/2026-10/centres/xa-01.xlsx");
});
