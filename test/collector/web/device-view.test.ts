import { expect, test } from "vitest";
import type { DailyPages } from "#schemas/facts.ts";
import type { AskedHour, DeviceBrief } from "../../../collector/web/device-brief.ts";
import { isAbout } from "../../../collector/web/device-brief.ts";
import { deviceView } from "../../../collector/web/device-view.ts";
import { plan } from "../../support/facts.ts";
import { sampleCentres } from "../../support/sample-province.ts";

const nowMs = Date.parse("2026-11-28T03:30:00.000Z");
const HOUR = 3_600_000;
const ago = (hours: number) => new Date(nowMs - 1_800_000 - hours * HOUR).toISOString();
/** Shares of the hours up to the present one, the newest last. */
const asked = (...shares: number[]): AskedHour[] => shares.map((upShare, place) => ({ at: ago(shares.length - place), upShare }));
const view = (hours: readonly AskedHour[], answered?: DeviceBrief["answered"], pages: readonly DailyPages[] = []) => {
  const [centre] = sampleCentres;
  if (!centre) throw new Error("the sample has no centre");
  const device = { id: "printer-1", role: "printer" as const, declared: true, ...(answered && { answered }) };
  return deviceView({ centre, device, hours, readings: [], pages, findings: [], incidents: [], runs: [] }, plan, nowMs);
};
const now = (up: boolean) => ({ up, at: ago(0) });

test.each([
  ["up since the hour after its last silence", asked(1, 0.5, 1, 1), now(true), "up", { at: ago(2), atLeast: false }],
  ["down since the hour after its last answer", asked(1, 0.2, 0, 0), now(false), "down", { at: ago(2), atLeast: false }],
  ["up for as long as anybody knows", asked(1, 1), now(true), "up", { at: ago(2), atLeast: true }],
  ["down within the hour that still runs", asked(1, 1), now(false), "down", { at: ago(0), atLeast: false }],
  ["down and never asked in a whole hour", [], now(false), "down", { at: ago(0), atLeast: false }],
  ["not asked for a day: unknown since the last answer, never down", asked(1), { up: false, at: ago(30) }, "unknown", { at: ago(30), atLeast: false }],
  ["declared and never asked", [], undefined, "unknown", undefined],
] as const)("%s", (_, hours, answered, state, since) => {
  expect(view(hours, answered)).toMatchObject({ state });
  expect(view(hours, answered).since).toEqual(since);
});

test("days are shares of what was asked in Vietnam's day, and nothing where nobody asked", () => {
  const { days } = view([...asked(...Array.from({ length: 24 }, () => 1)), { at: ago(0), upShare: 0 }], now(false));
  expect(days).toHaveLength(30);
  expect(days.slice(0, 28)).toEqual(Array.from({ length: 28 }));
  expect(days[28]).toBe(1);
  expect(days[29]).toBeCloseTo(10 / 11);
});

test.each([
  ["recorder-1", true],
  ["recorder-1 Camera 2", true],
  ["recorder-12", false],
  [undefined, false],
])("a subject %s is about recorder-1: %s", (subject, about) => {
  expect(isAbout(subject, "recorder-1")).toBe(about);
});

test("whether it is used is judged over the days of the policy, 21 for printers", () => {
  const pages = (...ofDays: [string, number][]) => ofDays.map(([day, count]) => ({ device: "printer-1", day, pages: count }));
  expect(view([], now(true), pages(["2026-11-08", 10], ["2026-11-27", 10])).use?.state).toBe("unknown");
  expect(view([], now(true), pages(["2026-11-07", 10], ["2026-11-27", 10])).use?.state).toBe("still");
  expect(view([], now(true)).use).toBeUndefined();
});

test("problems of the requirements that hang on it are told where it stands, and no other's", () => {
  const [centre] = sampleCentres;
  if (!centre) throw new Error("the sample has no centre");
  const at = { centre: centre.code, evidenceClass: "measured", evidence: [], evaluatedAt: ago(0), policy: "p@1" } as const;
  const failing = (requirement: string, parts: readonly object[]) => ({ ...at, requirement, state: "fail", reason: "too_few", since: ago(9), parts }) as never;
  const part = (subject: string, point?: string) => ({ subject, ...(point && { point }), state: "fail", reason: "target_down" });
  const findings = [failing("R03", [part("cam-1", "main"), part("cam-2", "ia-ly")]), failing("R11", [part("printer-1")])];
  const problem = (id: string, requirement: string, subject?: string) => ({ id, requirement, beganAt: ago(5), ...(subject && { subject }) });
  const incidents = [problem("1", "R03"), problem("2", "R03", "ia-ly"), problem("3", "R11"), problem("4", "R01")];
  const of = (id: string) => {
    const device = { id, declared: true };
    return deviceView({ centre, device, hours: [], readings: [], pages: [], findings, incidents, runs: [] }, plan, nowMs).problems.map((one) => one.id);
  };
  expect([of("cam-1"), of("cam-2"), of("printer-1"), of("scanner-1")]).toEqual([["1"], ["2"], ["3"], []]);
});
