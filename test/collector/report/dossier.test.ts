import { expect, test } from "vitest";
import type { Transition } from "#schemas/finding.ts";
import { buildDossier, type ReportRows } from "../../../collector/report/dossier.ts";
import { closesAt, Month, periodOf } from "../../../collector/report/period.ts";
import { renderReport, reportFormats } from "../../../collector/report/render.ts";
import { sealOf } from "../../../collector/report/seal.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleCentres, sampleFindings } from "../../support/sample-province.ts";

const period = periodOf("2026-11");
const afterClosing = Date.parse("2026-12-10T00:00:00.000Z");
const change = (at: string, to: Transition["to"]): Transition => ({ centre: "xa-01", requirement: "R01", to, reason: "no_data", at });
const rows: ReportRows = {
  centres: sampleCentres,
  findings: sampleCentres.flatMap((_, index) =>
    sampleFindings(index).map((finding) => ({ ...finding, ...(finding.validUntil && { validUntil: "2026-12-03T00:00:00.000Z" }) })),
  ),
  changes: [change("2026-10-01T00:00:00.000Z", "pass"), change("2026-11-20T02:00:00.000Z", "fail")],
  attestations: [
    {
      id: "t1",
      centre: "xa-01",
      requirement: "R07",
      item: "reception",
      holds: true,
      by: "Trần Thị Riêng",
      post: "Giám đốc",
      inspector: false,
      at: "2026-10-19T00:00:00.000Z",
    },
  ],
  waivers: [
    {
      id: "w1",
      centre: "xa-01",
      requirement: "R05",
      reason: "Chờ thay ổ cứng",
      document: "123/UBND-VP",
      approver: "Lê Văn Kín",
      from: "2026-11-10",
      until: "2026-12-31",
    },
  ],
};
const build = (nowMs = afterClosing, changed: Partial<ReportRows> = {}) =>
  buildDossier("province", period, samplePolicy, { ...rows, ...changed }, { nowMs, demo: false });

test.each(["2026-13", "2026-1", "26-11", "2026-11-01", ""])("%s is not a month", (month) => {
  expect(Month.safeParse(month).success).toBe(false);
});

test("a month begins and ends at midnight in Vietnam and closes three days later", () => {
  expect(period).toEqual({ month: "2026-11", firstDay: "2026-11-01", lastDay: "2026-11-30", from: "2026-10-31T17:00:00.000Z", to: "2026-11-30T17:00:00.000Z" });
  expect(closesAt(period)).toBe("2026-12-03T17:00:00.000Z");
  expect(periodOf("2028-02").lastDay).toBe("2028-02-29");
  expect(periodOf("2026-12").to).toBe("2026-12-31T17:00:00.000Z");
});

test("counts centres and requirements so that they sum, with coverage and score apart", () => {
  const { centresTally, findingsTally } = build();
  expect(centresTally).toMatchObject({ total: 12, pass: 6, fail: 1, waived: 1 });
  const { total, pass, fail, unknown, pending, error, not_applicable } = findingsTally;
  expect(pass + fail + unknown + pending + error + not_applicable).toBe(total);
  expect(findingsTally.coverage).toBeCloseTo((pass + fail) / (total - not_applicable));
});

test("days of the month by their worst state, from before its start", () => {
  const row = build()
    .centres.find(({ code }) => code === "xa-01")
    ?.rows.find(({ requirement }) => requirement === "R01");
  expect(row?.days).toEqual({ pass: 19, fail: 11, unknown: 0, pending: 0, error: 0, not_applicable: 0, none: 0 });
  expect(row).toMatchObject({ measured: 168, required: 200, declared: { value: 250, inspected: false } });
});

test("while the month runs only the days so far count, and the report says provisional", () => {
  const dossier = build(Date.parse("2026-11-22T03:00:00.000Z"));
  const row = dossier.centres.find(({ code }) => code === "xa-01")?.rows[0];
  expect(dossier).toMatchObject({ provisional: true, countedTo: "2026-11-22" });
  expect(row?.days).toMatchObject({ pass: 19, fail: 3 });
});

test.each(reportFormats)("%s: a closed month gives the same bytes whenever it is made", (format) => {
  const [first, later] = [build(), build(afterClosing + 400 * 86_400_000)].map((dossier) => Buffer.from(renderReport(dossier, format, "vi").body));
  expect(first?.equals(later ?? Buffer.alloc(0))).toBe(true);
});

test("the seal is the same in each format and language and changes with one number", () => {
  const dossier = build();
  const seal = sealOf(dossier);
  for (const format of reportFormats)
    for (const lang of ["vi", "en"] as const)
      expect(Buffer.from(renderReport(dossier, format, lang).body).toString("utf8"), `${format} ${lang}`).toContain(seal);
  expect(
    sealOf(build(afterClosing, { findings: rows.findings.map((finding) => (finding.observed === 168 ? { ...finding, observed: 169 } : finding)) })),
  ).not.toBe(seal);
});

test.each(reportFormats)("%s: names of persons stand in no report", (format) => {
  const body = Buffer.from(renderReport(build(), format, "vi").body).toString("utf8");
  for (const name of ["Nguyễn Văn A", "Trần Thị Riêng", "Lê Văn Kín"]) expect(body).not.toContain(name);
});

test("names its waivers, method, policy and source", () => {
  const html = String(renderReport(build(), "html", "vi").body);
  for (const words of ["123/UBND-VP", "Chờ thay ổ cứng", "sample-890@2", "Quyết định 890/QĐ-UBND", "không bao giờ là “đạt”"]) expect(html).toContain(words);
});

test("a hostile centre name is harmless in HTML and CSV", () => {
  const dossier = build(afterClosing, { centres: sampleCentres.slice(0, 1).map((centre) => ({ ...centre, name: hostileName })) });
  expect(String(renderReport(dossier, "html", "vi").body)).not.toContain("<script>");
  expect(String(renderReport(dossier, "csv", "vi").body)).toContain(`"'=HYPERLINK(`);
});
