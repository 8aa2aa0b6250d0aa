import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Run } from "#schemas/facts.ts";
import type { Outcome } from "#schemas/observation.ts";
import { buildLinkEvidence, spanOfDays } from "../../../collector/report/link-evidence.ts";
import { linkEvidenceCsv } from "../../../collector/report/link-evidence-csv.ts";
import { linkEvidenceHtml } from "../../../collector/report/link-evidence-html.ts";
import { linkEvidencePrint } from "../../../collector/report/link-evidence-print.ts";
import { renderLinkEvidence } from "../../../collector/report/link-evidence-render.ts";
import { evidenceText } from "../../../collector/report/link-evidence-words.ts";
import { bytesOf } from "../../../collector/report/render.ts";
import { calendar, facts, plan, requirement } from "../../support/facts.ts";

const centre = { code: "ia-grai", name: "Xã <b>Ia Grai</b>", isp: "VNPT", contractMbps: 250 };

/** A test of a day of November at a Vietnam hour. */
function test(day: number, hour: number, downMbps: number, excuse?: "contended" | "cpu_bound"): Run {
  const outcome: Outcome = {
    kind: "measured",
    readings: [
      { metric: "download_mbps", value: downMbps, labels: { server: "collector" } },
      { metric: "upload_mbps", value: 190, labels: { server: "collector" } },
      { metric: "bandwidth_test_bytes", value: 36e6, labels: { server: "collector", direction: "download" } },
    ],
    evidence: { download: { lowMbps: downMbps - 2, highMbps: downMbps + 2, streams: 4 }, nic: { medium: "ethernet", speedMbps: 1_000 } },
    ...(excuse && { excuse }),
  };
  const atMs = Date.parse(`2026-11-${String(day).padStart(2, "0")}T${String(hour).padStart(2, "0")}:00:00+07:00`);
  return { ref: `${"a".repeat(16)}:${day}`, probe: "link-bandwidth", atMs, outcome };
}

const postponed: Run = { ...test(6, 9, 0), outcome: { kind: "skipped", reason: "line_busy", detail: "80 Mbps of other traffic" } };
// 2026-11-02 is a Monday.
const runs = [test(2, 9, 168), test(3, 10, 171), test(4, 20, 230), test(5, 9, 60, "cpu_bound"), postponed];

function build(over: Partial<Parameters<typeof buildLinkEvidence>[0]> = {}) {
  const found = buildLinkEvidence({
    demo: false,
    centre,
    policy: plan,
    calendar,
    findings: [],
    runs,
    notJudged: [],
    firstDay: "2026-11-01",
    lastDay: "2026-11-07",
    ...over,
  });
  if (!found) throw new Error("the policy has no floor for the line");
  return found;
}

describe("what a provider gets to see", () => {
  it("of one reception point is its own judgement, under its name and without the main office's contract", async () => {
    const parts = [
      { subject: "main", point: "main", state: "pass", reason: "met" },
      { subject: "ia-ly", point: "ia-ly", state: "fail", reason: "below_floor" },
    ] as const;
    const [judged] = evaluate(plan, facts({ runs: [] }), Date.parse("2026-11-07T20:00:00+07:00"), [requirement("R01")]);
    const findings = judged ? [{ ...judged, state: "fail" as const, reason: "below_floor" as const, parts: [...parts] }] : [];
    expect(build({ findings }).finding).toMatchObject({ state: "pass" });
    const there = build({ findings, point: "ia-ly" });
    expect(there.finding).toMatchObject({ state: "fail" });
    expect(there.centre).toEqual({ code: "ia-grai", name: "Xã <b>Ia Grai</b>" });
    const { pieces, fileName } = await renderLinkEvidence(there, "csv", "vi");
    expect(fileName).toBe("ia-grai-ia-ly-2026-11-07.csv");
    expect(pieces.join("")).toContain("– Điểm tiếp nhận ia-ly");
    expect(evidenceText(build())).not.toContain("point");
  });

  it("tells working hours from the rest, and excused tests from counted ones", () => {
    const { inHours, quiet, notMeasured, rule } = build();
    expect(rule.floor).toBe(200);
    expect(inHours).toEqual({ tests: 3, excused: 1, below: 2, medianMbps: expect.any(Number) });
    expect(quiet).toEqual({ tests: 1, excused: 0, below: 0, medianMbps: 230 });
    expect(notMeasured).toEqual({ line_busy: 1 });
  });

  it("an excused test that reached the floor counts, in the sum as in its row and its mark", () => {
    const reached = build({ runs: [test(2, 9, 230, "cpu_bound"), test(3, 9, 60, "cpu_bound")] });
    expect(reached.inHours).toEqual({ tests: 2, excused: 1, below: 0, medianMbps: 230 });
    expect(reached.tests.map(({ excuse }) => excuse)).toEqual([undefined, "cpu_bound"]);
    expect(linkEvidenceCsv(reached, "en").match(/,counted,/g)).toHaveLength(1);
  });

  it("one that reached it while others used the line counts for nothing, as the judge says", () => {
    const shared = [test(2, 9, 205, "contended"), test(3, 9, 180)];
    expect(build({ runs: shared }).inHours).toEqual({ tests: 2, excused: 1, below: 1, medianMbps: 180 });
    const [finding] = evaluate(plan, facts({ runs: shared.slice(0, 1) }), shared[0]?.atMs ?? 0, [requirement("R01")]);
    expect(finding).toMatchObject({ state: "unknown", reason: "only_excused_runs" });
  });

  it("has a JSON form, of which anybody can make the hash that stands at the foot of the others", async () => {
    const { sha256, evidence } = JSON.parse(String(bytesOf(await renderLinkEvidence(build(), "json", "vi"))));
    expect(createHash("sha256").update(JSON.stringify(evidence)).digest("hex")).toBe(sha256);
    for (const words of [linkEvidenceHtml(build(), "vi"), linkEvidenceCsv(build(), "en"), JSON.stringify(linkEvidencePrint(build(), "vi"))])
      expect(words).toContain(sha256);
  });

  it("says by which number the provider knows the line, in every form, and nothing where that is not declared", () => {
    const evidence = build({ centre: { ...centre, contractNumber: "GLI-HĐ/00123" } });
    const words = "Số hợp đồng / mã thuê bao: GLI-HĐ/00123. Nhà mạng: VNPT. Tốc độ hợp đồng: 250 Mbps.";
    expect(linkEvidenceHtml(evidence, "vi")).toContain(words);
    expect(linkEvidenceCsv(evidence, "vi")).toContain(words);
    expect(
      linkEvidencePrint(evidence, "vi")
        .notices.map((one) => one.words)
        .join(),
    ).toContain(words);
    expect(evidenceText(evidence)).toContain('"contractNumber":"GLI-HĐ/00123"');
    for (const other of [linkEvidenceHtml(build(), "vi"), linkEvidenceCsv(build(), "vi"), evidenceText(build())])
      expect(other).not.toMatch(/mã thuê bao|contractN/);
  });

  it("names the days on which nobody judged the line, in every form", () => {
    const evidence = build({ notJudged: ["2026-11-03", "2026-11-04", "2026-11-06"] });
    const words = "Máy chủ của tỉnh không đánh giá đường truyền trong các ngày 03/11/2026 – 04/11/2026, 06/11/2026: chưa xác định.";
    expect(linkEvidenceHtml(evidence, "vi")).toContain(words);
    expect(linkEvidenceCsv(evidence, "vi")).toContain(words);
    expect(linkEvidencePrint(evidence, "vi").summary.numbers.map((one) => one.words)).toContain(words);
    expect(evidenceText(evidence)).toContain('"notJudged":["2026-11-03","2026-11-04","2026-11-06"]');
    expect(build()).not.toHaveProperty("notJudged");
  });

  it("has nothing to show under a policy without a floor for the line", () => {
    expect(
      buildLinkEvidence({
        demo: false,
        centre,
        policy: { ...plan, requirements: [] },
        calendar,
        findings: [],
        runs,
        notJudged: [],
        firstDay: "2026-11-01",
        lastDay: "2026-11-07",
      }),
    ).toBe(undefined);
  });

  it.each(["vi", "en"] as const)("is one page without anything from outside, names escaped (%s)", (lang) => {
    const page = linkEvidenceHtml(build(), lang);
    expect(page).toContain("&lt;b&gt;Ia Grai");
    expect(page).not.toMatch(/(src|href)="(?!#)/);
    expect(page).toContain(lang === "vi" ? "máy tính cổng quá tải" : "PC");
    expect(page).toContain("168");
    expect(page).not.toMatch(/\{\w+\}/);
  });

  it("is the same text for the same tests, and another one for others", () => {
    expect(linkEvidenceHtml(build(), "vi")).toBe(linkEvidenceHtml(build(), "vi"));
    expect(linkEvidenceHtml(build({ runs: runs.slice(1) }), "vi")).not.toBe(linkEvidenceHtml(build(), "vi"));
  });

  it("says of a full-length test how long it carried, and what such a test is; of short ones neither", () => {
    const long = test(2, 20, 120);
    if (long.outcome.kind !== "measured") throw new Error("not measured");
    const download = { lowMbps: 118, highMbps: 122, streams: 4, passMs: 8_000, carriedMs: 7_993, fell: true };
    const shown = build({ runs: [{ ...long, outcome: { ...long.outcome, evidence: { download } } }, test(3, 9, 230)] });
    const csv = linkEvidenceCsv(shown, "en");
    expect(csv).toContain("counted; carried 8 s; the rate fell for good");
    expect(csv.match(/carried 8 s/g)).toHaveLength(1);
    expect(csv).toContain("full-length");
    expect(linkEvidenceHtml(shown, "vi")).toContain("tính; tải liên tục 8 giây; tốc độ tụt hẳn trong lúc đo");
    for (const words of [linkEvidenceHtml(build(), "en"), linkEvidenceCsv(build(), "en"), JSON.stringify(build())])
      expect(words).not.toMatch(/carried|full-length/);
  });

  it("is a table of one row per test in CSV", () => {
    const lines = linkEvidenceCsv(build(), "en").split("\r\n");
    expect(lines[0]).toContain("Download (Mbps)");
    expect(lines[1]).toContain(",168,166,170,190,");
    expect(lines.slice(1, 6).filter((line) => line.includes("collector"))).toHaveLength(4);
  });

  it("says in every form that simulated tests are simulated", () => {
    const simulated = build({ demo: true });
    for (const words of [linkEvidenceHtml(simulated, "vi"), linkEvidenceCsv(simulated, "vi"), JSON.stringify(linkEvidencePrint(simulated, "vi"))])
      expect(words).toContain("DỮ LIỆU MÔ PHỎNG");
    expect(linkEvidenceHtml(build(), "vi")).not.toContain("MÔ PHỎNG");
  });

  it("is a PDF with its plot, the same bytes for the same tests", async () => {
    const [one, again] = [await renderLinkEvidence(build(), "pdf", "vi"), await renderLinkEvidence(build(), "pdf", "vi")];
    expect(one).toMatchObject({ type: "application/pdf", fileName: "ia-grai-2026-11-07.pdf" });
    expect(bytesOf(one).subarray(0, 5).toString()).toBe("%PDF-");
    expect(bytesOf(again).equals(bytesOf(one))).toBe(true);
  });

  it("has a row with dashes for a run of another version", () => {
    const bare = build({ runs: [{ ...test(2, 9, 168), outcome: { kind: "measured", readings: [], evidence: { download: "none" } } }] });
    expect(linkEvidenceHtml(bare, "vi")).toContain("–");
    expect(bare.inHours).toEqual({ tests: 1, excused: 1, below: 0, medianMbps: undefined });
  });
});

it("days are Vietnam's, the last one whole", () => {
  const { fromMs, toMs } = spanOfDays("2026-11-01", "2026-11-01");
  expect(new Date(fromMs).toISOString()).toBe("2026-10-31T17:00:00.000Z");
  expect(toMs - fromMs).toBe(86_400_000);
});
