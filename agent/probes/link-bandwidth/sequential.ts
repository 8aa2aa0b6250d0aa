import { type Estimate, estimate, interval, megabits, type Sample, spanMs } from "./estimator.ts";

/** Where the line stands against a floor, as far as one run can tell. */
export type Decision = {
  readonly verdict: "pass" | "fail" | "borderline";
  readonly leans: "pass" | "fail";
  readonly lowMbps: number;
  readonly highMbps: number;
};

/** No decision on less than this time after slow start: shapers let the first second pass faster (token bucket, "burst"). */
const DECISION_MS_MIN = 1_000;

/** Where the estimate stands now; `borderline` while the interval holds the floor. */
export function compare(found: Estimate, floorMbps: number): Decision {
  const { lowMbps, highMbps } = interval(found);
  const verdict = lowMbps >= floorMbps ? "pass" : highMbps < floorMbps ? "fail" : "borderline";
  return { verdict, leans: found.linkMbps >= floorMbps ? "pass" : "fail", lowMbps, highMbps };
}

/** The estimate once it may decide something; undefined until enough time after slow start is there. */
export function ripeEstimate(samples: readonly Sample[], headerFactor: number, isFullLength = false): Estimate | undefined {
  const found = estimate(samples, headerFactor, isFullLength);
  if (!found) return undefined;
  return spanMs(samples.slice(found.warmupSamples)) < DECISION_MS_MIN ? undefined : found;
}

/** Whether a verdict may end the run: a pass not before the line has carried `passMs` (full-length test), a fail at once, `borderline` never. */
export function isClear(verdict: Decision["verdict"], samples: readonly Sample[], passMs = 0): boolean {
  return verdict === "fail" || (verdict === "pass" && spanMs(samples) >= passMs);
}

/** What ended a run: a clear answer, the longest time, or the lease's bytes. */
export type RunEnd = "decision" | "cap" | "budget";

/**
 * A fail counts only where the run came to it: one that the cap or the lease ended had not seen whether the line was the limit. A pass on less time than
 * a decision takes counts once the line has carried what the floor carries in a second.
 */
export function isProven({ verdict }: Decision, endedBy: RunEnd, samples: readonly Sample[], floorMbps = 0): boolean {
  if (endedBy === "decision") return true;
  return verdict === "pass" && (endedBy === "cap" || megabits(samples) >= floorMbps);
}
