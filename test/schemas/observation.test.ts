import { describe, expect, it } from "vitest";
import { EVIDENCE_BYTES_MAX, Outcome, Reading } from "#schemas/observation.ts";

describe("Reading", () => {
  it.each([
    ["a value within its metric's bounds", { metric: "portal_up", value: 1 }, true],
    ["a value above them", { metric: "portal_up", value: 2 }, false],
    ["a negative time", { metric: "portal_ttfb_ms", value: -1 }, false],
    ["a clock that runs behind", { metric: "camera_clock_skew_s", value: -25_200 }, true],
    ["not a number", { metric: "portal_up", value: Number.NaN }, false],
    ["infinity", { metric: "download_mbps", value: Number.POSITIVE_INFINITY }, false],
    ["a metric that nobody knows", { metric: "mood", value: 1 }, false],
    ["a label that the metric has", { metric: "wifi_clients", value: 3, labels: { ssid: "Công dân" } }, true],
    ["a label that it has not", { metric: "portal_up", value: 1, labels: { ssid: "x" } }, false],
  ])("%s", (_, reading, taken) => {
    expect(Reading.safeParse(reading).success).toBe(taken);
  });

  it("cleans what a device said", () => {
    expect(Reading.parse({ metric: "wifi_clients", value: 1, labels: { ssid: "\u001b[2J<b>" } }).labels).toEqual({ ssid: "<b>" });
  });
});

describe("Outcome", () => {
  it("measured without a reading is no measurement", () => {
    expect(Outcome.safeParse({ kind: "measured", readings: [] }).success).toBe(false);
  });

  it("evidence has a limit, and the error says which", () => {
    const parsed = Outcome.safeParse({ kind: "failed", reason: "timeout", evidence: { log: "x".repeat(EVIDENCE_BYTES_MAX) } });
    expect(parsed.error?.issues[0]?.message).toContain(String(EVIDENCE_BYTES_MAX));
  });

  it("keeps a key called __proto__ from becoming a prototype", () => {
    const evidence = JSON.parse('{"__proto__":{"polluted":true}}') as unknown;
    const parsed = Outcome.safeParse({ kind: "failed", reason: "timeout", evidence });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(parsed.success ? (parsed.data.evidence as { polluted?: boolean } | undefined)?.polluted : undefined).toBeUndefined();
  });
});
