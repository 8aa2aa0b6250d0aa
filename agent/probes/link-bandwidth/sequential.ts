import { type Estimate, estimate, interval, megabits, type Sample } from "./estimator.ts";

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
export function ripeEstimate(samples: readonly Sample[], headerFactor: number): Estimate | undefined {
  const found = estimate(samples, headerFactor);
  if (!found) return undefined;
  const keptMs = samples.slice(found.warmupSamples).reduce((sum, { ms }) => sum + ms, 0);
  return keptMs < DECISION_MS_MIN ? undefined : found;
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
