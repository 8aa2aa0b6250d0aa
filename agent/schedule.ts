import type { Assignment } from "#schemas/agent-config.ts";
import { VIETNAM_OFFSET_MS } from "#schemas/calendar.ts";
import type { ProbeKind } from "#schemas/observation.ts";

/** Least time between two runs by probe, s: a good citizen of the portals and of the line, whatever the collector asks. */
const intervalFloorS: Partial<Record<ProbeKind, number>> = { "portal-http": 300, "link-bandwidth": 3_600 };
const INTERVAL_FLOOR_S = 15;
/** First runs after a start are spread over this, ms. */
const FIRST_SPREAD_MS = 20_000;
/** Runs that come rarely are not repeated only because the agent was restarted. */
const RARE_S = 3_600;
const RETRY_SKIPPED_MS = 900_000;
/** When a window opens, the sites that wait for it do not all start in the same minute, ms. */
const WINDOW_SPREAD_MS = 1_800_000;
const DAY_MS = 86_400_000;

/** Time between two runs, ms, never below the ceiling that stands in this code. */
export function intervalMs(assignment: Pick<Assignment, "probe" | "everyS">): number {
  return Math.max(assignment.everyS, intervalFloorS[assignment.probe] ?? INTERVAL_FLOOR_S) * 1_000;
}

/** Place of an agent's run inside the interval, ms: spreads the sites evenly and stays the same over restarts. FNV-1a, 32 bits. */
export function phaseMs(agent: string, assignment: string, spanMs: number): number {
  let hash = 0x811c9dc5;
  for (const sign of `${agent}/${assignment}`) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  // The last steps of FNV hardly move the high bits; this mixes them (MurmurHash3's finaliser).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) % Math.max(1, Math.floor(spanMs));
}

/** Times are those of the steady clock; `anchorMs` is what to add to get the time of day: by the collector, or before its first answer by this PC. */
export type Timing = { readonly agent: string; readonly anchorMs: number };

/**
 * When an assignment runs first after a start at `startMs`: soon, so that a new site is seen at once,
 * but at its ordinary time when it is rare and its last run is younger than its interval.
 */
export function firstDueMs(assignment: Assignment, startMs: number, timing: Timing, lastRunAgeMs?: number): number {
  const isFresh = lastRunAgeMs !== undefined && assignment.everyS >= RARE_S && lastRunAgeMs >= 0 && lastRunAgeMs < intervalMs(assignment);
  const soonMs = startMs + phaseMs(timing.agent, assignment.id, FIRST_SPREAD_MS);
  // Without any run yet a window does not make a new site wait for its first word.
  if (lastRunAgeMs === undefined) return soonMs;
  return isFresh ? nextDueMs(assignment, startMs, timing) : inWindowMs(assignment, soonMs, timing);
}

/** The first time of the assignment's phase after `afterMs`. Runs that were missed meanwhile are gone: nothing is caught up. */
export function nextDueMs(assignment: Assignment, afterMs: number, timing: Timing): number {
  const every = intervalMs(assignment);
  const phase = phaseMs(timing.agent, assignment.id, every);
  const afterWallMs = afterMs + timing.anchorMs;
  const steps = Math.floor((afterWallMs - phase) / every) + 1;
  // A run that began late must not be followed at once by the one of the next slot.
  const earliestMs = afterMs + Math.min(every / 2, INTERVAL_FLOOR_S * 1_000);
  let dueMs = steps * every + phase - timing.anchorMs;
  if (dueMs < earliestMs) dueMs += every;
  return inWindowMs(assignment, dueMs, timing);
}

/**
 * How long a rare assignment waits after a run that brought no measurement, ms; undefined for frequent ones, which come again by themselves.
 * A failed speed test has used the line, so it keeps its hour; a skipped run has used nothing.
 */
export function retryMs({ everyS }: Pick<Assignment, "everyS">, outcome: "measured" | "failed" | "skipped"): number | undefined {
  if (outcome === "measured" || everyS <= RARE_S) return undefined;
  return outcome === "failed" ? RARE_S * 1_000 : RETRY_SKIPPED_MS;
}

/** When a rare assignment runs again after such a wait: inside its window, so that a recorder that was busy at night is asked the next night. */
export function retryDueMs(assignment: Assignment, nowMs: number, afterMs: number, timing: Timing): number {
  return inWindowMs(assignment, nowMs + afterMs, timing);
}

/** `dueMs` when it lies inside the assignment's window, else a time of this agent's own soon after the window opens. */
function inWindowMs({ id, window }: Assignment, dueMs: number, { agent, anchorMs }: Timing): number {
  if (window === undefined) return dueMs;
  const from = minutesOf(window.from) * 60_000;
  const lengthMs = ((minutesOf(window.to) - minutesOf(window.from) + 1_440) % 1_440 || 1_440) * 60_000;
  const localMs = dueMs + anchorMs + VIETNAM_OFFSET_MS;
  const sinceOpening = (((localMs - from) % DAY_MS) + DAY_MS) % DAY_MS;
  if (sinceOpening < lengthMs) return dueMs;
  return dueMs + (DAY_MS - sinceOpening) + phaseMs(agent, id, Math.min(WINDOW_SPREAD_MS, lengthMs / 2));
}

function minutesOf(clockTime: string): number {
  const [hours = 0, minutes = 0] = clockTime.split(":").map(Number);
  return hours * 60 + minutes;
}
