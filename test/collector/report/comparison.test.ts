import { describe, expect, it } from "vitest";
import type { FindingState } from "#schemas/finding.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { type ChangeKind, changeKinds, compareMonths } from "../../../collector/report/comparison.ts";
import { listedKinds } from "../../../collector/report/comparison-rows.ts";
import type { Dossier } from "../../../collector/report/dossier.ts";
import { bytesOf, renderComparison } from "../../../collector/report/render.ts";
import { rowReason } from "../../../collector/report/rows.ts";
import { sealOf } from "../../../collector/report/seal.ts";
import { pdfPages, pdfText } from "../../support/pdf-text.ts";
import { sampleComparison, sampleMonth } from "../../support/sample-months.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { hostileName, sampleCentres, sampleFindings } from "../../support/sample-province.ts";
import { xlsxRows } from "../../support/xlsx-rows.ts";

const same = { before: samplePolicy, after: samplePolicy };
/** A month with R01 of the first centre in a state. */
const monthWith = (month: string, state: FindingState) =>
  sampleMonth(month, {
    findings: sampleFindings(5).map((finding) => ({
      ...finding,
      centre: "xa-01",
      ...(finding.requirement === "R01" && { state }),
      validUntil: "2027-12-31T00:00:00.000Z",
    })),
  });
const line = (before: Dossier, after: Dossier) =>
  compareMonths(before, after, same).rows.find(({ centre, requirement }) => centre.code === "xa-01" && requirement === "R01");

describe("what became of a requirement", () => {
  it.each<[FindingState, FindingState, ChangeKind]>([
    ["pass", "fail", "newly_not_met"],
    ["unknown", "fail", "found_not_met"],
    ["pending", "fail", "found_not_met"],
    ["fail", "fail", "still_not_met"],
    ["pass", "unknown", "newly_unknown"],
    ["fail", "error", "newly_unknown"],
    ["unknown", "pending", "still_unknown"],
    ["fail", "pass", "newly_met"],
    ["unknown", "pass", "found_met"],
    ["pass", "pass", "still_met"],
    ["not_applicable", "fail", "scope"],
    ["pass", "not_applicable", "scope"],
    ["not_applicable", "not_applicable", "not_applicable"],
  ])("%s, then %s: %s", (before, after, kind) => {
    expect(line(monthWith("2026-10", before), monthWith("2026-11", after))?.kind).toBe(kind);
  });

  it("is counted once: by requirement and in all, and the sums are those of the centres and requirements of both months", async () => {
    const { rows, byRequirement, total } = await sampleComparison("2026-10", "2026-11");
    expect(rows).toHaveLength(sampleCentres.length * samplePolicy.requirements.length);
    for (const kind of changeKinds) {
      expect(total[kind], kind).toBe(rows.filter((row) => row.kind === kind).length);
      expect(
        byRequirement.reduce((sum, { counts }) => sum + counts[kind], 0),
        kind,
      ).toBe(total[kind]);
    }
    expect(total.newly_not_met + total.newly_met).toBeGreaterThan(0);
  });

  it("stands with the worst at the top: by what became of it, what is waived later, then by its impact", () => {
    const waiver = { id: "w1", centre: "xa-01", requirement: "R01", reason: "Chờ", document: "1/UB", approver: "A", from: "2026-11-01", until: "2026-12-31" };
    const failing = (codes: readonly string[]) =>
      codes.flatMap((code) =>
        sampleFindings(5).map((finding) => ({
          ...finding,
          centre: code,
          validUntil: "2027-12-31T00:00:00.000Z",
          ...(["R01", "R02"].includes(finding.requirement) && { state: "fail" as const }),
        })),
      );
    const { rows } = compareMonths(
      sampleMonth("2026-10", { findings: [] }),
      sampleMonth("2026-11", { findings: failing(["xa-01", "xa-02"]), waivers: [waiver] }),
      same,
    );
    const shown = rows.filter(({ kind }) => kind === "found_not_met").map(({ centre, requirement, waived }) => [centre.code, requirement, waived]);
    expect(shown).toEqual([
      ["xa-02", "R01", false],
      ["xa-01", "R02", false],
      ["xa-02", "R02", false],
      ["xa-01", "R01", true],
    ]);
    expect(rows.map(({ kind }) => changeKinds.indexOf(kind))).toEqual(rows.map(({ kind }) => changeKinds.indexOf(kind)).sort((a, b) => a - b));
  });
});

describe("what is not compared", () => {
  const [first, ...others] = samplePolicy.requirements;
  if (first?.rule.kind !== "floor") throw new Error("the sample begins with the floor of the line");
  const { rule } = first;
  const versionWith = (requirements: PolicyProfile["requirements"], more: Partial<PolicyProfile> = {}): PolicyProfile => ({
    ...samplePolicy,
    version: 3,
    requirements,
    ...more,
  });
  const against = (later: PolicyProfile, recorded: PolicyProfile | undefined = later) =>
    compareMonths(sampleMonth("2026-10"), sampleMonth("2026-11", { policy: later }), { before: samplePolicy, after: recorded });
  const lineRows = ({ rows }: ReturnType<typeof compareMonths>) => rows.filter(({ requirement }) => requirement === "R01").length;

  it("a requirement whose rule changed", () => {
    const changed = against(versionWith([{ ...first, rule: { ...rule, floor: 300 } }, ...others]));
    expect(changed.notCompared).toEqual([{ requirement: "R01", why: "changed" }]);
    expect(lineRows(changed)).toBe(0);
    expect(changed.byRequirement.map(({ requirement }) => requirement.id)).not.toContain("R01");
    expect(changed.rows).toHaveLength(sampleCentres.length * others.length);
  });

  it("but one that is only told otherwise in a newer version is", () => {
    const told = against(versionWith([{ ...first, title: { vi: "Đường truyền", en: "Line" }, impact: 3 }, ...others]));
    expect(told.notCompared).toEqual([]);
    expect(lineRows(told)).toBe(sampleCentres.length);
  });

  it("one that portals are asked for, where these are others", () => {
    const [portal] = samplePolicy.portals;
    const { notCompared } = against(versionWith(samplePolicy.requirements, { portals: portal ? [{ ...portal, url: "https://khac.example" }] : [] }));
    expect(notCompared.map(({ requirement }) => requirement)).toEqual(
      samplePolicy.requirements.filter(({ rule }) => rule.kind === "reachable").map(({ id }) => id),
    );
    expect(notCompared.length).toBeGreaterThan(0);
  });

  it("one that a month does not have", () => {
    expect(against(versionWith(others)).notCompared).toEqual([{ requirement: "R01", why: "dropped" }]);
    const added = compareMonths(sampleMonth("2026-10", { policy: versionWith(others) }), sampleMonth("2026-11"), {
      before: versionWith(others),
      after: samplePolicy,
    });
    expect(added.notCompared).toEqual([{ requirement: "R01", why: "added" }]);
    expect(lineRows(added)).toBe(0);
  });

  it("all of two versions of which one cannot be read", () => {
    const later = versionWith(samplePolicy.requirements);
    const unread = compareMonths(sampleMonth("2026-10"), sampleMonth("2026-11", { policy: later }), { before: undefined, after: later });
    expect(new Set(unread.notCompared.map(({ why }) => why))).toEqual(new Set(["unread"]));
    expect(unread.rows).toEqual([]);
  });

  it("a centre that one of the months does not have: with the day on which it closed, where that is known", async () => {
    const [gone, lost, ...rest] = sampleCentres;
    if (!gone || !lost) throw new Error("the sample has centres");
    const before = sampleMonth("2026-10", { centres: sampleCentres.slice(0, -1) });
    const after = sampleMonth("2026-11", { centres: [{ ...gone, closed: { on: "2026-11-16", into: "xa-03" } }, ...rest] });
    const compared = compareMonths(before, after, same);
    expect(compared.otherCentres).toEqual([
      { code: "xa-12", name: "Xã Quy Nhơn", why: "added" },
      { code: "xa-01", name: "Xã Chư Păh", why: "gone", closed: { on: "2026-11-16", into: "xa-03" } },
      { code: "xa-02", name: "Xã Ia Grai", why: "gone" },
    ]);
    expect(compared.rows.map(({ centre }) => centre.code)).not.toContain("xa-01");
    expect(String(bytesOf(await renderComparison(compared, "csv", "vi")))).toContain(
      'xa-01,Xã Chư Păh,"đã đóng từ ngày 16/11/2026, công việc chuyển về xa-03"',
    );
    expect(String(bytesOf(await renderComparison(compared, "csv", "vi")))).toContain("xa-12,Xã Quy Nhơn,Không có trong báo cáo tháng 10/2026.");
  });
});

describe("as a file", () => {
  it.each(["vi", "en"] as const)("holds every row, the sums, and the hashes of the two reports (%s)", async (lang) => {
    const comparison = await sampleComparison("2026-10", "2026-11");
    const made = await renderComparison(comparison, "xlsx", lang);
    const [changes = [], sums = [], , source = []] = xlsxRows(bytesOf(made));
    expect(made.fileName).toBe("province-2026-10-2026-11.xlsx");
    expect(changes).toHaveLength(1 + comparison.rows.length);
    expect(sums.at(-1)?.at(-1)).toBe(String(comparison.rows.length));
    expect(source.flat()).toEqual(expect.arrayContaining([await sealOf(comparison.before), await sealOf(comparison.after)]));
    // The sample has no details for the sentences of its findings.
    expect(JSON.stringify([changes.map((row) => [...row.slice(0, 8), ...row.slice(9)]), sums, source])).not.toMatch(/\{\w+\}|undefined/);
  });

  it("says the change, both states and why in words", async () => {
    const csv = String(bytesOf(await renderComparison(await sampleComparison("2026-10", "2026-11"), "csv", "vi")));
    expect(csv).toMatch(/^\ufeffThay đổi,Mã,Trung tâm,/);
    expect(csv).toContain("xa-01,Xã Chư Păh,Khu vực Tây,R01,Đường truyền tối thiểu 200 Mbps,Đang chờ,Không đạt,");
  });

  it("is the same bytes for the same months, and a name is no formula", async () => {
    const bytes = async () => bytesOf(await renderComparison(await sampleComparison("2026-10", "2026-11"), "xlsx", "vi"));
    expect((await bytes()).equals(await bytes())).toBe(true);
    const centres = sampleCentres.map((centre) => ({ ...centre, name: hostileName }));
    const hostile = compareMonths(sampleMonth("2026-10", { centres }), sampleMonth("2026-11", { centres }), same);
    expect(String(bytesOf(await renderComparison(hostile, "csv", "vi")))).toContain(`"'=HYPERLINK(`);
    expect(bytesOf(await renderComparison(hostile, "xlsx", "vi")).toString("utf8")).not.toContain("<f>");
  });

  it("is printed: the sums, what is not compared, and each change the worst first, with the hashes of both reports; the same bytes again", {
    timeout: 60_000,
  }, async () => {
    const { requirements } = samplePolicy;
    const later = { ...samplePolicy, version: 3, requirements: requirements.filter(({ id }) => id !== "R10") };
    const comparison = compareMonths(sampleMonth("2026-10", { shift: 1 }), sampleMonth("2026-11", { policy: later }), { before: samplePolicy, after: later });
    const pdf = async () => bytesOf(await renderComparison(comparison, "pdf", "vi"));
    const first = await pdf();
    expect((await pdf()).equals(first)).toBe(true);
    const words = pdfText(first);
    const worst = comparison.rows.find(({ kind }) => kind === "newly_not_met");
    for (const said of [
      "So sánh tháng 11/2026 với tháng 10/2026",
      "Nội dung hoặc trung tâm",
      "Chỉ có trong bộ tiêu chí của tháng trước",
      `Đạt thành không đạt: ${comparison.total.newly_not_met}`,
      worst?.centre.name ?? "-",
      await sealOf(comparison.before),
      await sealOf(comparison.after),
    ])
      expect(words).toContain(said);
    const places = listedKinds
      .filter((kind) => comparison.total[kind] > 0)
      .map((kind) => words.indexOf(`${text("vi", `compare.kind.${kind}`)}: ${comparison.total[kind]}`));
    expect(places.length).toBeGreaterThan(2);
    expect(places).toEqual(places.filter((place) => place > 0).sort((a, b) => a - b));
    for (const said of ["Vẫn đạt: ", "Giá trị"]) expect(words).not.toContain(said);
  });

  it("is printed with each row on one page, and its note with it", { timeout: 60_000 }, async () => {
    const centres = Array.from({ length: 60 }, (_, place) => ({
      code: `ma-${100 + place}`,
      name: `Tên ${place} phường có tên dài, để hàng của nó cao, thêm bộ phận một cửa tại thôn xa trung tâm nhất`,
      keyArea: false,
    }));
    const line = sampleFindings(5).filter(({ requirement }) => requirement === "R01");
    const month = (name: string, state: FindingState) =>
      sampleMonth(name, {
        centres,
        findings: centres.flatMap(({ code }) => line.map((finding) => ({ ...finding, centre: code, state, validUntil: "2027-12-31T00:00:00.000Z" }))),
      });
    const comparison = compareMonths(month("2026-10", "pass"), month("2026-11", "fail"), same);
    const [worst] = comparison.rows;
    const pages = pdfPages(bytesOf(await renderComparison(comparison, "pdf", "vi")));
    const onPages = (part: string) => pages.map((page) => page.split(part).length - 1);
    const rows = onPages("phường có tên");
    expect(rows.filter((count) => count > 0).length).toBeGreaterThan(2);
    for (const part of ["xa trung tâm nhất", "ma-1", worst ? rowReason("vi", worst.after) : ""]) expect(onPages(part), part).toEqual(rows);
  });
});
