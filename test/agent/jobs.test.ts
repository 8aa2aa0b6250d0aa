import { expect, it } from "vitest";
import type { Assignment } from "#schemas/agent-config.ts";
import { Jobs } from "../../agent/jobs.ts";

const HOUR_MS = 3_600_000;
/** 08:00 in Vietnam. */
const MORNING_MS = Date.UTC(2026, 10, 28, 1);

it("a nightly run keeps to the night when the time of day turns out to have been wrong", async () => {
  const nightly: Assignment = {
    id: "recording-depth",
    probe: "recording-depth",
    everyS: 86_400,
    lease: false,
    options: {},
    window: { from: "00:30", to: "04:30" },
  };
  const state = { steadyMs: 1_000, anchorMs: MORNING_MS + 12 * HOUR_MS };
  const ran: number[] = [];
  const jobs = new Jobs({
    timing: () => ({ agent: "agt-0123456789abcdef", anchorMs: state.anchorMs }),
    steadyMs: () => state.steadyMs,
    lastRunAgeMs: () => 2 * 86_400_000,
    run: async () => {
      ran.push(state.steadyMs);
      return { outcome: { kind: "failed", reason: "timeout" }, atMs: 0 };
    },
  });
  const hourOf = (steadyMs: number) => ((((steadyMs + MORNING_MS) / HOUR_MS + 7) % 24) + 24) % 24;
  jobs.update([nightly]);
  // By the PC's own clock the night begins in four hours, which is noon.
  expect(hourOf(jobs.list()[0]?.dueMs ?? 0)).toBeGreaterThan(12);
  state.anchorMs = MORNING_MS;
  const stop = new AbortController().signal;
  for (let minute = 0; minute < 4 * 1_440; minute++) {
    state.steadyMs += 60_000;
    jobs.tick(stop);
    await jobs.idle();
  }
  expect(ran.length).toBeGreaterThanOrEqual(3);
  for (const atMs of ran) {
    expect(hourOf(atMs)).toBeGreaterThanOrEqual(0.5);
    expect(hourOf(atMs)).toBeLessThan(4.6);
  }
});

it.each(["host", "link-quality", "portal-http"] as const)("%s and a speed test wait for each other", async (other) => {
  const stop = new AbortController().signal;
  for (const first of [other, "link-bandwidth"] as const) {
    const ends: (() => void)[] = [];
    const started: string[] = [];
    const jobs = new Jobs({
      timing: () => ({ agent: "agt-0123456789abcdef", anchorMs: MORNING_MS }),
      steadyMs: () => 10 * HOUR_MS,
      lastRunAgeMs: () => undefined,
      run: ({ probe }) => {
        started.push(probe);
        return new Promise((resolve) => ends.push(() => resolve({ outcome: { kind: "failed", reason: "timeout" }, atMs: 0 })));
      },
    });
    const assignments = [other, "link-bandwidth"].map((probe) => ({ id: probe, probe, everyS: 60, lease: false, options: {} }) as Assignment);
    jobs.update(assignments);
    for (const job of jobs.list()) job.dueMs = job.assignment.probe === first ? 0 : 1;
    jobs.tick(stop);
    expect(started).toEqual([first]);
    ends[0]?.();
    await jobs.idle();
    jobs.tick(stop);
    expect(started).toHaveLength(2);
    ends[1]?.();
  }
});
