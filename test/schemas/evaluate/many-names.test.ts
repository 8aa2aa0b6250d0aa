import { describe, expect, it } from "vitest";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import type { Facts, Run } from "#schemas/facts.ts";
import type { Reading } from "#schemas/observation.ts";
import { DAY, facts, MINUTE, measured, NOW, plan, requirement } from "../../support/facts.ts";

/** What one judgement may take, ms: a centre has some dozens of names, and one that invents as many as it can must not hold up the others for long. */
const PATIENCE_MS = 15_000;
const NAMES = 1_000;

function judged(id: string, more: Partial<Facts>, rule: object = {}) {
  const own = requirement(id);
  const beganMs = performance.now();
  const [finding] = evaluate(plan, facts(more), NOW, [{ ...own, rule: { ...own.rule, ...rule } } as typeof own]);
  expect(performance.now() - beganMs).toBeLessThan(PATIENCE_MS);
  return finding;
}
const runs = (count: number, readingOf: (run: number, place: number) => Reading, ...[probe, everyMs]: [Parameters<typeof measured>[0], number]) =>
  Array.from({ length: count }, (_, run) =>
    measured(
      probe,
      run * everyMs,
      Array.from({ length: NAMES }, (_, place) => readingOf(run, place)),
    ),
  );

/** Each run of an agent of its own: what one agent's newest run does not name is its concern no more. */
const ofManyAgents = (all: readonly Run[]) => all.map((run, at) => ({ ...run, ref: `${at.toString(16).padStart(16, "0")}:1` }));

describe("an agent that invents as many names as runs can hold is judged in time", () => {
  it("cameras, each of another name in each run", () => {
    const cameras = runs(20, (run, place) => ({ metric: "camera_up", value: 1, labels: { camera: `c${run}-${place}` } }), "camera-presence", MINUTE);
    expect(judged("R03", { runs: ofManyAgents(cameras) })).toMatchObject({ detail: { targets: 20 * NAMES } });
  });

  it("links of cameras, more than a call takes arguments", () => {
    const links = runs(130, (run, place) => ({ metric: "vms_link_up", value: 1, labels: { camera: `c${run}-${place}` } }), "vms-link", MINUTE);
    expect(judged("R04", { runs: ofManyAgents(links) }, { runsMin: 1 })).toMatchObject({ state: "pass", detail: { targets: 130 * NAMES } });
  });

  it("one camera a thousand times in each run", () => {
    const cameras = runs(130, () => ({ metric: "camera_up", value: 1, labels: { camera: "c" } }), "camera-presence", 1_000);
    expect(judged("R03", { runs: cameras })).toMatchObject({ state: "pass", detail: { targets: 1 } });
  });

  it("the portals of the plan, mute a thousand times in each run", () => {
    const portals = runs(
      80,
      (_, place) => ({ metric: "portal_up", value: 0, labels: { portal: place % 2 ? "vnpt-igate" : "dvc-quoc-gia" } }),
      "portal-http",
      MINUTE,
    );
    expect(judged("R16", { runs: portals })).toMatchObject({ state: "unknown", reason: "unheard" });
  });

  it("recorders, of which none can be read but one", () => {
    const failed = Array.from({ length: 60 * NAMES }, (_, place) => ({
      ...measured("recording-depth", place, [], { target: `r${place}` }),
      outcome: { kind: "failed", reason: "timeout" } as const,
    }));
    const channel = { device: "r", channel: "1", name: "1", verdict: "COMPLIANT", reasons: [], notes: [], method: "onvif-events", ring: "full" };
    const window = { from: new Date(NOW - 30 * DAY).toISOString(), to: new Date(NOW).toISOString() };
    const channels = [{ ...channel, gaps: [], gapsTotal: 0, perDayMinutes: [], probes: [] }];
    const evidence = { window, requiredDays: 30, lastDay: "2026-11-27", recorders: [], channels };
    const read = measured("recording-depth", 0, [{ metric: "recording_depth_days", value: 40 }], { evidence });
    expect(judged("R05", { runs: [read, ...failed] })?.detail).toMatchObject({ channels: 60 * NAMES + 1 });
  });
});
