import { expect, test } from "vitest";
import type { FindingState } from "#schemas/finding.ts";
import { asOf, tally, worstState } from "../../../collector/web/standing.ts";

const list = (...states: FindingState[]) => states.map((state) => ({ state }));

test.each([
  ["one failure outweighs everything", list("pass", "unknown", "fail", "error"), "fail"],
  ["our own error is worse than not knowing", list("pass", "unknown", "error"), "error"],
  ["not knowing is worse than waiting", list("pass", "pending", "unknown"), "unknown"],
  ["all met is met", list("pass", "not_applicable", "pass"), "pass"],
  ["nothing applies", list("not_applicable"), "not_applicable"],
  ["no finding at all is unknown, never met", [], "unknown"],
] as const)("%s", (_, states, worst) => {
  expect(worstState(states)).toBe(worst);
});

test("the six counts always sum to the total, and a waiver moves none of them", () => {
  const counts = tally([...list("pass", "pass", "fail", "unknown", "pending", "error", "not_applicable"), { state: "fail" as const, waived: true }]);
  expect(counts).toMatchObject({ total: 8, pass: 2, fail: 2, unknown: 1, pending: 1, error: 1, not_applicable: 1, waived: 1 });
  expect(counts.coverage).toBeCloseTo(4 / 7);
  expect(counts.score).toBeCloseTo(2 / 4);
});

test("nothing decided has no score, nothing applicable no coverage", () => {
  expect(tally(list("unknown"))).not.toHaveProperty("score");
  expect(tally(list("not_applicable"))).not.toHaveProperty("coverage");
});

test.each([
  ["a pass stands until its end", "2026-11-28T00:00:00.000Z", "pass"],
  ["a second later it is unknown", "2026-11-27T23:59:59.000Z", "unknown"],
  ["a pass without an end is none", undefined, "unknown"],
] as const)("%s", (_, validUntil, state) => {
  const finding = { state: "pass" as FindingState, reason: "met", since: "2026-11-01T00:00:00.000Z", ...(validUntil && { validUntil }) };
  expect(asOf(finding, Date.parse("2026-11-28T00:00:00.000Z"))).toMatchObject({ state });
});

test("a failure does not expire into anything better", () => {
  const finding = { state: "fail" as FindingState, reason: "below_floor", since: "2026-11-01T00:00:00.000Z", validUntil: "2026-11-02T00:00:00.000Z" };
  expect(asOf(finding, Date.parse("2026-11-28T00:00:00.000Z"))).toBe(finding);
});
