import { describe, expect, test } from "vitest";
import type { Transition } from "#schemas/finding.ts";
import type { Requirement } from "#schemas/policy.ts";
import type { Lang } from "#schemas/words.ts";
import { parseCsv } from "../../../collector/attest/csv-rows.ts";
import { compareMonths } from "../../../collector/report/comparison.ts";
import { buildDossier, type Dossier, dossierOfCentre, type ReportRows } from "../../../collector/report/dossier.ts";
import { closesAt, Month, periodOf } from "../../../collector/report/period.ts";
import { bytesOf, type ReportFormat, renderComparison, renderReport, reportFormats } from "../../../collector/report/render.ts";
import { coverageWords, methodSentences, requirementRows, scoreWords } from "../../../collector/report/rows.ts";
import { sealOf } from "../../../collector/report/seal.ts";
import type { DayChange } from "../../../collector/web/daily-states.ts";
import { calendar, requirement } from "../../support/facts.ts";
import { pdfText } from "../../support/pdf-text.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleCentres, sampleFindings } from "../../support/sample-province.ts";
import { turnsWhile } from "../../support/turns-while.ts";

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
  buildDossier("province", period, samplePolicy, { ...rows, ...changed }, { nowMs, demo: false, calendar });

const readable: readonly ReportFormat[] = requirePeer("pdftotext") ? reportFormats : reportFormats.filter((format) => format !== "pdf");

/** A report as text; of a PDF, what a reader of its pages would read. */
async function wordsOf(dossier: Dossier, format: ReportFormat, lang: Lang): Promise<string> {
  const body = bytesOf(await renderReport(dossier, format, lang));
  return format === "pdf" ? pdfText(body) : body.toString("utf8");
}

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

test.each([
  ["that ends within the month lies over no state of its end", afterClosing, "2026-11-10", "2026-11-29", 0],
  ["that ends with the month does", afterClosing, "2026-11-10", "2026-11-30", 1],
  ["lies over the states of its last day while the month runs", Date.parse("2026-11-15T16:59:59.999Z"), "2026-11-10", "2026-11-15", 1],
  ["and over none a moment later", Date.parse("2026-11-15T17:00:00.000Z"), "2026-11-10", "2026-11-15", 0],
  ["that is to begin lies over none yet", Date.parse("2026-11-15T16:59:59.999Z"), "2026-11-16", "2026-12-31", 0],
])("a waiver %s: it is listed, and counted alike by its centre and in the sums", async (_, nowMs, from, until, waived) => {
  const dossier = build(nowMs, { waivers: rows.waivers.map((waiver) => ({ ...waiver, from, until })) });
  const [own] = dossierOfCentre(dossier, "xa-01")?.centres ?? [];
  const sums = [dossier.findingsTally, dossier.centresTally, ...(own ? [own.tally] : [])].map((tally) => tally.waived);
  expect([own?.waivers.length, ...sums]).toEqual([1, waived, waived, waived]);
  expect(dossier.centres.reduce((sum, { tally }) => sum + tally.waived, 0)).toBe(waived);
  const html = (await wordsOf(dossier, "html", "vi")).replace(/\s+/g, " ");
  expect(html).toContain(`(vẫn tính theo trạng thái đo được)</dt><dd>${waived}</dd>`);
});

test("a report that was sealed before waivers were marked keeps its numbers and its bytes", async () => {
  const made = build(afterClosing, { waivers: rows.waivers.map((waiver) => ({ ...waiver, until: "2026-11-15" })) });
  const sealed = JSON.parse(JSON.stringify(made).replaceAll(/,"inForce":(true|false)/g, "")) as Dossier;
  expect(dossierOfCentre(sealed, "xa-01")?.findingsTally.waived).toBe(1);
  expect(JSON.stringify(dossierOfCentre(sealed, "xa-01"))).not.toContain("inForce");
});

test.each(["csv", "xlsx"] as const)(
  "%s says how many requirements are waived, as the page does, and not of a month that was sealed without it",
  async (format) => {
    const dossier = build();
    const written =
      format === "csv" ? "Nội dung đang được miễn trừ (vẫn tính theo trạng thái đo được),1\r\n" : '(vẫn tính theo trạng thái đo được)</t></is></c><c r="B';
    const before: Dossier = { ...dossier, format: "hcc-watch/dossier/1" };
    expect(await wordsOf(dossier, format, "vi")).toContain(written);
    expect(await wordsOf(before, format, "vi")).not.toContain("miễn trừ (vẫn tính");
    expect(dossierOfCentre(before, "xa-01")?.format).toBe("hcc-watch/dossier/1");
  },
);

test.each([
  ["within the month it is listed and not counted", "2026-11-20T02:00:00.000Z", { listed: 1, waived: 0 }],
  ["in the month's last moment", "2026-11-30T16:59:59.999Z", { listed: 1, waived: 0 }],
  ["after the month it counts for the month", "2026-11-30T17:00:00.000Z", { listed: 1, waived: 1 }],
  ["before the month it is none", "2026-10-31T16:59:59.999Z", { listed: 0, waived: 0 }],
])("a waiver that was withdrawn: %s", async (_, at, { listed, waived }) => {
  const waivers = rows.waivers.map((waiver) => ({ ...waiver, from: "2026-10-01", withdrawn: { at, by: "Lê Văn Kín", reason: "nhầm nội dung" } }));
  const dossier = build(afterClosing, { waivers });
  const centre = dossierOfCentre(dossier, "xa-01");
  const [own] = centre?.centres ?? [];
  expect([own?.waivers.length, own?.tally.waived, centre?.findingsTally.waived, dossier.centresTally.waived]).toEqual([listed, waived, waived, waived]);
  for (const format of readable.filter((one) => one !== "xlsx")) {
    const words = (await wordsOf(dossier, format, "vi")).replace(/\s+/g, " ");
    expect(words.includes("nhầm nội dung"), format).toBe(listed > 0);
    expect(words, format).not.toContain("Lê Văn Kín");
  }
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

test.each(reportFormats)("%s: a closed month gives the same bytes whenever it is made", async (format) => {
  const reports = [build(), build(afterClosing + 400 * 86_400_000)].map((dossier) => renderReport(dossier, format, "vi"));
  const [first, later] = (await Promise.all(reports)).map(bytesOf);
  expect(first?.equals(later ?? Buffer.alloc(0))).toBe(true);
});

describe("a province of hundreds of centres", () => {
  const again = Array.from({ length: 100 }, (_, place) => sampleCentres.map((centre) => ({ ...centre, code: `${centre.code}-${place}` }))).flat();
  const large = build(afterClosing, { centres: again });

  test.each(["csv", "xlsx"] as const)("%s: is written a group of rows at a time, and what waits has its turn between two of them", async (format) => {
    const sealing = await turnsWhile(() => sealOf(large));
    expect((await turnsWhile(() => renderReport(large, format, "vi"))) - sealing).toBeGreaterThan(5);
    const comparison = compareMonths(large, large, { before: samplePolicy, after: samplePolicy });
    expect((await turnsWhile(() => renderComparison(comparison, format, "vi"))) - 2 * sealing).toBeGreaterThan(5);
  });

  test("json: is hashed and written at once, in pieces that make up its text", async () => {
    const { pieces } = await renderReport(large, "json", "vi");
    expect(pieces.length).toBeGreaterThan(again.length / 100);
    expect(String(bytesOf({ pieces }))).toBe(`{"sha256":"${await sealOf(large)}","dossier":${JSON.stringify(large)}}\n`);
  });
});

test("the seal is the same in each format and language and changes with one number", { timeout: 60_000 }, async () => {
  const dossier = build();
  const seal = await sealOf(dossier);
  for (const format of readable) for (const lang of ["vi", "en"] as const) expect(await wordsOf(dossier, format, lang), `${format} ${lang}`).toContain(seal);
  expect(
    await sealOf(build(afterClosing, { findings: rows.findings.map((finding) => (finding.observed === 168 ? { ...finding, observed: 169 } : finding)) })),
  ).not.toBe(seal);
});

test.each(readable)("%s: names of persons stand in no report", async (format) => {
  const body = await wordsOf(build(), format, "vi");
  for (const name of ["Nguyễn Văn A", "Trần Thị Riêng", "Lê Văn Kín"]) expect(body).not.toContain(name);
});

test.each(readable.filter((format) => format === "html" || format === "pdf"))("%s names its waivers, method, policy and source", async (format) => {
  const html = await wordsOf(build(), format, "vi");
  for (const words of ["123/UBND-VP", "Chờ thay ổ cứng", "sample-890@2", "Quyết định 890/QĐ-UBND", "không bao giờ là “đạt”"]) expect(html).toContain(words);
});

test("what nobody could help is listed with its reason, one line for a cause that many share", async () => {
  const told = (centre: string, requirement: string, at: string, to: Transition["to"], reason: Transition["reason"]): Transition => ({
    centre,
    requirement,
    at,
    to,
    reason,
  });
  const changes = sampleCentres
    .slice(0, 5)
    .flatMap(({ code }) => [
      told(code, "R16", "2026-11-12T02:00:00.000Z", "unknown", "shared_fault"),
      told(code, "R16", "2026-11-12T03:30:00.000Z", "pass", "met"),
    ]);
  const longer = [
    told("xa-01", "R01", "2026-10-20T00:00:00.000Z", "unknown", "site_offline"),
    told("xa-07", "R16", "2026-11-20T02:00:00.000Z", "unknown", "unheard"),
  ];
  const dossier = build(afterClosing, { changes: [...changes, ...longer] });
  expect(dossier.centres.find(({ code }) => code === "xa-01")?.excuses).toEqual([
    { requirement: "R01", reason: "site_offline", from: period.from },
    { requirement: "R16", reason: "shared_fault", from: "2026-11-12T02:00:00.000Z", to: "2026-11-12T03:30:00.000Z" },
  ]);
  expect(dossier.centres.find(({ code }) => code === "xa-07")?.excuses).toEqual([{ requirement: "R16", reason: "unheard", from: "2026-11-20T02:00:00.000Z" }]);
  expect(dossier.centres.find(({ code }) => code === "xa-06")).not.toHaveProperty("excuses");
  const html = await wordsOf(dossier, "html", "vi");
  expect(html.match(/lỗi chung của nhiều nơi/g)).toHaveLength(1);
  expect(html).toContain("và 2 trung tâm khác");
  expect(html).toContain("12/11/2026 09:00");
});

test("a PC that is off every night is excused in each of them, and what is too much for a report is counted in every form", async () => {
  const atMs = (day: number, hour: number) => new Date(Date.parse(period.from) + (day * 24 + hour) * 3_600_000).toISOString();
  const switched = (hours: readonly number[]) =>
    Array.from({ length: 30 }, (_, day) => day).flatMap((day) =>
      hours.flatMap((hour) =>
        ["R01", "R02", "R05", "R10", "R16"].flatMap((requirement): Transition[] => [
          { centre: "xa-01", requirement, at: atMs(day, hour), to: "unknown", reason: "site_offline" },
          { centre: "xa-01", requirement, at: atMs(day, hour + 0.5), to: "pass", reason: "met" },
        ]),
      ),
    );
  const of = (hours: readonly number[]) => dossierOfCentre(build(afterClosing, { changes: switched(hours) }), "xa-01") as Dossier;
  expect(of([18]).centres[0]).toMatchObject({ excuses: { length: 150 } });
  expect(of([18]).centres[0]).not.toHaveProperty("excusesLeft");
  const flapping = of([1, 3, 5, 7, 9, 11, 13, 15]);
  expect(flapping.centres[0]).toMatchObject({ excuses: { length: 1_000 }, excusesLeft: 200 });
  for (const format of ["html", "csv", "xlsx"] as const)
    expect(await wordsOf(flapping, format, "vi"), format).toContain("Còn 200 khoảng nữa không có trong bản nào của báo cáo.");
});

/** 9:00 and 10:30 on 12 November as spreadsheets take them, whatever they were set up for. */
const moments: Partial<Record<ReportFormat, readonly string[]>> = {
  csv: ["2026-11-12 09:00", "2026-11-12 10:30"],
  xlsx: ["<v>46338.375</v>", "<v>46338.4375</v>"],
};

test.each(readable)("%s: says the same facts as every other form", { timeout: 60_000 }, async (format) => {
  const told: Transition = { centre: "xa-01", requirement: "R16", at: "2026-11-12T02:00:00.000Z", to: "unknown", reason: "shared_fault" };
  const province = build(afterClosing, { changes: [told, { ...told, at: "2026-11-12T03:30:00.000Z", to: "pass", reason: "met" }] });
  const dossier = dossierOfCentre(province, "xa-01") ?? province;
  const { findingsTally } = dossier;
  const whole = (await wordsOf(dossier, format, "vi")).replaceAll(/\s+/g, " ");
  const facts =
    format === "json"
      ? [
          '"measured":168',
          '"required":200',
          '"declared":{"value":250',
          `"coverage":${findingsTally.coverage}`,
          `"score":${findingsTally.score}`,
          '"reason":"Chờ thay ổ cứng","document":"123/UBND-VP","from":"2026-11-10","until":"2026-12-31"',
          '"reason":"shared_fault","from":"2026-11-12T02:00:00.000Z","to":"2026-11-12T03:30:00.000Z"',
          '"id":"sample-890","version":2',
          '"waived":1',
        ]
      : [
          "168",
          "200",
          "250",
          coverageWords(dossier, "vi"),
          scoreWords(dossier, "vi"),
          "(vẫn tính theo trạng thái đo được)",
          "Chờ thay ổ cứng",
          "123/UBND-VP",
          "lỗi chung của nhiều nơi",
          ...(moments[format] ?? ["12/11/2026 09:00", "12/11/2026 10:30"]),
          "sample-890@2",
          "Quyết định 890/QĐ-UBND",
          ...methodSentences(dossier, "vi").map((sentence) => sentence.slice(0, 40)),
        ];
  for (const fact of [...facts, await sealOf(dossier)]) expect(whole, fact).toContain(fact);
});

/** One centre closed in the month, and one requirement of another was not judged on three days of it. */
function eventful(): Dossier {
  const [first, ...others] = sampleCentres;
  const closed = { ...(first as (typeof sampleCentres)[number]), closed: { on: "2026-11-16", into: "xa-02" } };
  const told = (day: string, to: Transition["to"], reason: DayChange["reason"]): DayChange => ({
    centre: "xa-02",
    requirement: "R01",
    to,
    reason,
    at: `${day}T17:00:00.000Z`,
  });
  const changes = [told("2026-10-01", "pass", "met"), told("2026-11-09", "unknown", "not_judged"), told("2026-11-12", "pass", "met")];
  const { id, source } = samplePolicy;
  const policies = [
    { id, version: 1, effectiveFrom: "2026-07-01", source: { ...source, document: "Quyết định 100/QĐ-UBND", date: "2026-06-15" } },
    { id, version: 2, effectiveFrom: "2026-11-11", source },
  ];
  return buildDossier(
    "province",
    period,
    samplePolicy,
    { ...rows, centres: [closed, ...others], changes },
    { nowMs: afterClosing, demo: false, calendar, policies },
  );
}

test("a centre that closed within the month stands beside the sums, counted to its last day", () => {
  const dossier = eventful();
  expect(dossier.centresTally.total).toBe(sampleCentres.length - 1);
  expect(dossier.findingsTally.total).toBe(dossier.centres.reduce((sum, { tally }) => sum + tally.total, 0));
  expect(dossier.closedCentres?.map(({ code, closed }) => [code, closed?.on])).toEqual([["xa-01", "2026-11-16"]]);
  expect(dossier.closedCentres?.[0]?.rows[0]?.days).toMatchObject({ none: 15 });
});

test("days on which nobody judged are unknown ones of a number of their own, and excused", () => {
  const centre = eventful().centres.find(({ code }) => code === "xa-02");
  expect(centre?.rows[0]).toMatchObject({ days: { pass: 27, unknown: 3, none: 0 }, notJudged: 3 });
  expect(centre?.excuses).toEqual([{ requirement: "R01", reason: "not_judged", from: "2026-11-09T17:00:00.000Z", to: "2026-11-12T17:00:00.000Z" }]);
});

describe("what is judged in working hours alone", () => {
  const portals = { ...(samplePolicy.requirements[0] as Requirement), rule: requirement("R16").rule };
  const policy = { ...samplePolicy, requirements: [portals, ...samplePolicy.requirements.slice(1)] };
  // A Friday's last minutes, seen to be over on Monday.
  const told = [change("2026-10-01T00:00:00.000Z", "pass"), change("2026-11-06T09:50:00.000Z", "fail"), change("2026-11-09T00:35:00.000Z", "pass")].map(
    (one) => ({ ...one, requirement: portals.id }),
  );
  const dossier = buildDossier("province", period, policy, { ...rows, changes: told }, { nowMs: afterClosing, demo: false, calendar });

  test("is counted on working days alone, by each day's own answers", () => {
    const row = dossier.centres.find(({ code }) => code === "xa-01")?.rows[0];
    expect(row).toMatchObject({ days: { pass: 20, fail: 1, unknown: 0, none: 0 }, notCounted: 9 });
  });

  test("a report that was sealed before keeps its columns and its words", () => {
    const sealed = buildDossier("province", period, samplePolicy, rows, { nowMs: afterClosing, demo: false, calendar });
    const isOld = !JSON.stringify(sealed).includes("notCounted");
    const key = "report.column.daysNotCounted";
    expect(isOld).toBe(true);
    expect(requirementRows(sealed, "vi").head).not.toContain(key);
    expect(requirementRows(dossier, "vi").head).toContain(key);
    for (const { head, rows } of [requirementRows(sealed, "vi"), requirementRows(dossier, "vi")]) for (const row of rows) expect(row.length).toBe(head.length);
    const word = "chỉ xét trong giờ làm việc";
    expect(methodSentences(sealed, "vi").join(" ")).not.toContain(word);
    expect(methodSentences(dossier, "vi").join(" ")).toContain(word);
  });
});

test.each(readable)("%s: names the centre that closed, the days without a judge, and each version of the policy", { timeout: 60_000 }, async (format) => {
  const province = (await wordsOf(eventful(), format, "vi")).replaceAll(/\s+/g, " ");
  const facts =
    format === "json"
      ? [
          '"closedCentres":[{"code":"xa-01"',
          '"closed":{"on":"2026-11-16","into":"xa-02"}',
          '"notJudged":3',
          '"reason":"not_judged","from":"2026-11-09T17:00:00.000Z"',
          '"policies":[{"id":"sample-890","version":1,"effectiveFrom":"2026-07-01"',
        ]
      : [
          "Trung tâm đóng trong kỳ",
          "máy chủ của tỉnh không đánh giá",
          "Ngày mà máy chủ của tỉnh không đánh giá",
          "sample-890@1 từ ngày 01/07/2026 (Quyết định 100/QĐ-UBND ngày 15/06/2026)",
          "sample-890@2 từ ngày 11/11/2026",
          "Trạng thái cuối kỳ đánh giá theo sample-890@2",
          ...(format === "html" || format === "pdf" ? ["từ ngày 16/11/2026", "Các tổng số của báo cáo tính 11 trung tâm"] : ["Đóng từ ngày"]),
        ];
  for (const fact of facts) expect(province, fact).toContain(fact);
  const own = (await wordsOf(dossierOfCentre(eventful(), "xa-01") as Dossier, format, "vi")).replaceAll(/\s+/g, " ");
  expect(own).toContain(format === "json" ? '"closed":{"on":"2026-11-16"' : "Trạng thái dưới đây tính đến hết ngày 15/11/2026");
});

test("the first table of a spreadsheet adds up to the sums: a centre that closed has one of its own", async () => {
  const [first = "", closed = ""] = (await wordsOf(eventful(), "csv", "vi")).slice(1).split("\r\n\r\n");
  expect(parseCsv(first).map((row) => row.Mã)).not.toContain("xa-01");
  expect(parseCsv(first)).toHaveLength(eventful().findingsTally.total);
  expect(parseCsv(closed.split("\r\n").slice(1).join("\r\n"))[0]).toMatchObject({ Mã: "xa-01", "Đóng từ ngày": "2026-11-16", "Công việc chuyển về": "xa-02" });
});

test("a month without any of it has no word of it", async () => {
  const dossier = buildDossier("province", period, samplePolicy, rows, {
    nowMs: afterClosing,
    demo: false,
    calendar,
    policies: eventful().policies?.slice(1) ?? [],
  });
  expect(dossier).toEqual(build());
  for (const name of ["closedCentres", "policies"]) expect(dossier).not.toHaveProperty(name);
  expect(JSON.stringify(dossier)).not.toContain("notJudged");
  expect(methodSentences(dossier, "vi")).toHaveLength(8);
});

test("a CSV has its tables one below the other, each with its title and its heads; measured and declared stand in columns of their own", async () => {
  const tables = (await wordsOf(build(), "csv", "vi")).slice(1).split("\r\n\r\n");
  const [first = "", waivers, , method] = tables;
  expect(parseCsv(first)).toContainEqual(expect.objectContaining({ Mã: "xa-01", Số: "R01", "Đo được": "168", "Khai báo": "250", "Yêu cầu": "200" }));
  expect(waivers?.split("\r\n")).toEqual([
    "Miễn trừ trong kỳ",
    expect.stringContaining("Văn bản"),
    "xa-01,Xã Chư Păh,R05,Chờ thay ổ cứng,123/UBND-VP,2026-11-10,2026-12-31",
  ]);
  expect(method).toContain(await sealOf(build()));
});

test("a hostile centre name is harmless in HTML, CSV and PDF", async () => {
  const dossier = build(afterClosing, { centres: sampleCentres.slice(0, 1).map((centre) => ({ ...centre, name: hostileName })) });
  expect(await wordsOf(dossier, "html", "vi")).not.toContain("<script>");
  expect(await wordsOf(dossier, "csv", "vi")).toContain(`"'=HYPERLINK(`);
  // What looks like markup of the typesetter is words too, and ten thousand letters stay on the page.
  const typst = build(afterClosing, {
    centres: sampleCentres.slice(0, 1).map((centre) => ({ ...centre, name: `#panic() $x$ ${hostileName}${"A".repeat(10_000)}` })),
  });
  if (!readable.includes("pdf")) return;
  const words = await wordsOf(typst, "pdf", "vi");
  expect(words).toContain("#panic() $x$ =HYPERLINK(");
  for (const control of ["\u001b", "\u202e", "\u2066"]) expect(words).not.toContain(control);
});
