import { type Estimate, estimate, type Sample } from "./estimator.ts";

/** Where the line stands against a floor, as far as one run can tell. */
export type Decision = {
  readonly verdict: "pass" | "fail" | "borderline";
  readonly leans: "pass" | "fail";
  readonly lowMbps: number;
  readonly highMbps: number;
};

/** Half width of the interval in standard errors. */
const Z = 3;
/** No decision on less than this time after slow start: shapers let the first second pass faster (token bucket, "burst"). */
const DECISION_MS_MIN = 1_000;

/** The interval that the line's rate lies in. */
export function interval({ linkMbps, standardErrorMbps }: Estimate): { lowMbps: number; highMbps: number } {
  return { lowMbps: Math.max(0, linkMbps - Z * standardErrorMbps), highMbps: linkMbps + Z * standardErrorMbps };
}

/** Where the estimate stands now; `borderline` while the interval holds the floor. */
export function compare(found: Estimate, floorMbps: number): Decision {
  const { lowMbps, highMbps } = interval(found);
  const verdict = lowMbps >= floorMbps ? "pass" : highMbps < floorMbps ? "fail" : "borderline";
  return { verdict, leans: found.linkMbps >= floorMbps ? "pass" : "fail", lowMbps, highMbps };
}

/** The estimate once it may decide something; undefined until enough time after slow start is there. */
export function ripeEstimate(samples: readonly Sample[]): Estimate | undefined {
  const found = estimate(samples);
  if (!found) return undefined;
  const keptMs = samples.slice(found.warmupSamples).reduce((sum, { ms }) => sum + ms, 0);
  return keptMs < DECISION_MS_MIN ? undefined : found;
}
