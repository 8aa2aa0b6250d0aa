import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Assignment } from "#schemas/agent-config.ts";
import { firstDueMs, intervalMs, nextDueMs, phaseMs, retryDueMs, retryMs, type Timing } from "../../agent/schedule.ts";

const timing: Timing = { agent: "agt-0123456789abcdef", anchorMs: Date.UTC(2026, 10, 27, 17) };
const assignment = (more: Partial<Assignment> = {}): Assignment => ({ id: "host", probe: "host", everyS: 60, lease: false, options: {}, ...more });
const HOUR_MS = 3_600_000;

describe("ceilings stand in the code", () => {
  it.each<[string, Partial<Assignment>, number]>([
    ["the collector's interval holds", { everyS: 60 }, 60_000],
    ["nothing runs more often than each 15 s", { everyS: 15 }, 15_000],
    ["a portal is asked at most each 5 minutes", { probe: "portal-http", everyS: 15 }, 300_000],
    ["a line is tested at most once an hour", { probe: "link-bandwidth", everyS: 15 }, HOUR_MS],
  ])("%s", (_, more, expected) => {
    expect(intervalMs(assignment(more))).toBe(expected);
  });
});

const anyAssignment = fc.record({
  id: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
  probe: fc.constantFrom("host" as const, "portal-http" as const, "link-bandwidth" as const),
  everyS: fc.integer({ min: 15, max: 7 * 86_400 }),
});
const anyTiming = fc.record({ agent: fc.stringMatching(/^agt-[a-z0-9]{16}$/), anchorMs: fc.integer({ min: 0, max: 2_000_000_000_000 }) });
const anyTimeMs = fc.integer({ min: 0, max: 1_000_000_000 });

describe("the next run", () => {
  it("comes after now, within one and a half intervals, at the agent's own phase", () => {
    fc.assert(
      fc.property(anyAssignment, anyTiming, anyTimeMs, (given, place, now) => {
        const one = assignment(given);
        const every = intervalMs(one);
        const due = nextDueMs(one, now, place);
        expect(due).toBeGreaterThan(now);
        expect(due - now).toBeLessThanOrEqual(1.5 * every);
        const phase = phaseMs(place.agent, one.id, every);
        expect((((due + place.anchorMs - phase) % every) + every) % every).toBe(0);
      }),
    );
  });

  it("is one run after a long stop: what was missed is not caught up", () => {
    const one = assignment();
    const slept = nextDueMs(one, 0, timing) + 50 * 60_000 + 17;
    const first = nextDueMs(one, slept, timing);
    const second = nextDueMs(one, first, timing);
    expect(first - slept).toBeGreaterThanOrEqual(15_000);
    expect(second - first).toBe(60_000);
  });
});

describe("the first run", () => {
  it("comes within 20 s of the start", () => {
    fc.assert(
      fc.property(anyAssignment, anyTiming, anyTimeMs, (given, place, now) => {
        const wait = firstDueMs(assignment(given), now, place) - now;
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(20_000);
      }),
    );
  });

  it("of a rare probe that ran lately waits for its ordinary time", () => {
    const rare = assignment({ probe: "recording-depth", everyS: 6 * 3_600 });
    expect(firstDueMs(rare, 0, timing, HOUR_MS)).toBe(nextDueMs(rare, 0, timing));
    expect(firstDueMs(rare, 0, timing, 7 * HOUR_MS)).toBeLessThan(20_000);
    expect(firstDueMs(assignment(), 0, timing, 1_000)).toBeLessThan(20_000);
  });
});

describe("a run without a measurement", () => {
  it.each<[string, number, "measured" | "failed" | "skipped", number | undefined]>([
    ["of a frequent probe comes again by itself", 300, "failed", undefined],
    ["of a rare probe is repeated after an hour", 21_600, "failed", HOUR_MS],
    ["of a rare probe that was only skipped, after a quarter", 21_600, "skipped", HOUR_MS / 4],
    ["is not what a measured one is", 21_600, "measured", undefined],
  ])("%s", (_, everyS, outcome, expected) => {
    expect(retryMs({ everyS }, outcome)).toBe(expected);
  });
});

describe("windows are Vietnam's local time", () => {
  const nightly = (from: string, to: string) => assignment({ probe: "link-bandwidth", everyS: 3_600, window: { from, to } });
  const localHour = (dueMs: number) => new Date(dueMs + timing.anchorMs + 7 * HOUR_MS).getUTCHours();

  it.each([
    ["19:00", "06:00"],
    ["00:00", "05:00"],
    ["11:30", "13:30"],
    ["08:00", "08:00"],
  ])("%s to %s: no run outside", (from, to) => {
    fc.assert(
      fc.property(anyTimeMs, fc.stringMatching(/^agt-[a-z0-9]{16}$/), (now, agent) => {
        const due = nextDueMs(nightly(from, to), now, { ...timing, agent });
        const minutes = Math.floor(((due + timing.anchorMs + 7 * HOUR_MS) % 86_400_000) / 60_000);
        const [open, close] = [from, to].map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) as [number, number];
        const since = (minutes - open + 1_440) % 1_440;
        expect(since).toBeLessThan((close - open + 1_440) % 1_440 || 1_440);
        expect(due).toBeGreaterThan(now);
      }),
    );
  });

  it("the anchor is midnight in Vietnam", () => {
    expect(localHour(0)).toBe(0);
  });
});

describe("phases", () => {
  it("spread 3,300 agents evenly over an interval: no minute of an hour has more than twice its share", () => {
    const perMinute = new Map<number, number>();
    for (let index = 0; index < 3_300; index++) {
      const minute = Math.floor(phaseMs(`agt-${index.toString(36).padStart(16, "0")}`, "portal-http-a", HOUR_MS) / 60_000);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    expect(perMinute.size).toBe(60);
    expect(Math.max(...perMinute.values())).toBeLessThan(2 * 55);
  });
});

describe("a recorder that did not answer at night", () => {
  const depth = assignment({ id: "recording-depth", probe: "recording-depth", everyS: 86_400, window: { from: "00:30", to: "04:30" } });
  const hourOf = (dueMs: number) => ((((dueMs + timing.anchorMs) / HOUR_MS + 7) % 24) + 24) % 24;
  it.each<[string, number, number, number]>([
    ["is asked again in the same night", 1, 2, 2.1],
    ["but not by day: the next night is early enough", 4, 24.5, 25.1],
  ])("%s", (_, atHour, fromHour, toHour) => {
    // The anchor is midnight in Vietnam.
    const nowMs = atHour * HOUR_MS;
    const dueMs = retryDueMs(depth, nowMs, HOUR_MS, timing);
    expect(dueMs).toBeGreaterThanOrEqual(fromHour * HOUR_MS);
    expect(dueMs).toBeLessThanOrEqual(toHour * HOUR_MS);
  });

  it("135 centres start between 00:30 and 04:30 local time, each at its own minute", () => {
    const hours = Array.from({ length: 135 }, (_, index) => hourOf(nextDueMs(depth, 12 * HOUR_MS, { ...timing, agent: `agt-${index}` })));
    expect(Math.min(...hours)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...hours)).toBeLessThan(4.5);
    expect(new Set(hours.map((hour) => Math.floor(hour * 60))).size).toBeGreaterThan(30);
  });
});
