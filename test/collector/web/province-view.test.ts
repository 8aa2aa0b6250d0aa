import { expect, test } from "vitest";
import { asked, provinceView } from "../../../collector/web/province-view.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleNowMs, sampleStore } from "../../support/sample-province.ts";

const everything = { q: "", state: "", district: "", isp: "", requirement: "" };
const rows = await sampleStore.province("2026-11-27T17:00:00.000Z", "2026-11-28");
const view = (nowMs = sampleNowMs) => provinceView(samplePolicy, rows, "vi", nowMs);

test("every centre has a place, also one that never spoke, and the states sum up", () => {
  const { centres, standings } = view();
  expect(standings).toHaveLength(12);
  expect(centres.pass + centres.fail + centres.unknown + centres.pending + centres.error + centres.not_applicable).toBe(12);
  expect(standings.find(({ centre }) => centre.code === "xa-12")).toMatchObject({ state: "unknown", tally: { total: 7, unknown: 7 } });
});

test("worst first: failing, error, unknown, pending, met", () => {
  expect(view().standings.map(({ state }) => state)).toEqual([
    "fail",
    "error",
    "unknown",
    "unknown",
    "unknown",
    "pending",
    "pass",
    "pass",
    "pass",
    "pass",
    "pass",
    "pass",
  ]);
});

test("when all evidence has run out nothing is green", () => {
  const { centres, findings } = view(sampleNowMs + 30 * 86_400_000);
  expect(centres.pass).toBe(0);
  expect(findings.pass).toBe(0);
});

test.each([
  ["name without marks", { q: "chu pah" }, ["xa-01"]],
  ["d for đ", { q: "DAK DOA" }, ["xa-03"]],
  ["name with marks", { q: "Kông" }, ["xa-06"]],
  ["code", { q: "xa-12" }, ["xa-12"]],
  ["contract number, or a part of it", { q: "gli-hd 00123" }, ["xa-01"]],
  ["too little of a contract number, which many have in common", { q: "123" }, []],
  ["area and word together", { q: "dong quy" }, ["xa-12"]],
  ["state", { state: "pending" }, ["xa-02"]],
  ["any undetermined", { state: "open" }, ["xa-05", "xa-12", "xa-04", "xa-03", "xa-02"]],
  ["provider", { isp: "Nhà mạng B" }, ["xa-12"]],
  ["provider and failing requirement", { isp: "Nhà mạng A", requirement: "R01" }, ["xa-01"]],
  ["failing requirement", { requirement: "R05" }, ["xa-01"]],
  ["district and state", { district: "Khu vực Đông", state: "unknown" }, ["xa-12"]],
  ["nothing", { q: "không có" }, []],
] as const)("filter by %s", (_, filter, codes) => {
  expect(asked(view().standings, { ...everything, ...filter }).map(({ centre }) => centre.code)).toEqual(codes);
});

test("a centre whose failures are all waived keeps its state but stands behind those that must act", () => {
  const of = (code: string) => rows.findings.get(code) ?? [];
  const waived = of("xa-01").map((finding) => ({ ...finding, waived: true }));
  const other = { requirement: "R16", state: "fail", sinceMs: sampleNowMs, waived: false } as const;
  const failing = [...of("xa-09").filter(({ requirement }) => requirement !== "R16"), other];
  const findings: typeof rows.findings = new Map<string, ReturnType<typeof of>>([...rows.findings, ["xa-01", waived], ["xa-09", failing]]);
  const { standings } = provinceView(samplePolicy, { ...rows, findings }, "vi", sampleNowMs);
  expect(standings.slice(0, 2).map(({ centre, state, excused }) => [centre.code, state, excused])).toEqual([
    ["xa-09", "fail", false],
    ["xa-01", "fail", true],
  ]);
});
