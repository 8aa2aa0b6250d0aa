import { worstFirst } from "#schemas/evaluate/judgement.ts";
import { type FindingState, findingStates, type Tally } from "#schemas/finding.ts";

type Judged = { readonly state: FindingState; readonly waived?: boolean };

/**
 * A stored finding as it stands at `nowMs`: a pass whose evidence has run out is unknown from that moment on,
 * even when the judge has not come by yet. Silence never looks green.
 */
export function asOf<F extends { state: FindingState; reason: string; since: string; validUntil?: string | undefined }>(finding: F, nowMs: number): F {
  const validUntilMs = finding.validUntil === undefined ? undefined : Date.parse(finding.validUntil);
  return hasRunOut(finding.state, validUntilMs, nowMs)
    ? { ...finding, state: "unknown", reason: "stale", since: finding.validUntil ?? finding.since }
    : finding;
}

/** Whether a stored state is a pass whose evidence has run out at `nowMs`; one without an end never had any. */
export function hasRunOut(state: FindingState, validUntilMs: number | undefined, nowMs: number): boolean {
  return state === "pass" && (validUntilMs === undefined || validUntilMs < nowMs);
}

/** The worst state of a list by `worstFirst`; a list of nothing is unknown. */
export function worstState(list: readonly Judged[]): FindingState {
  return worstFirst.find((state) => list.some((one) => one.state === state)) ?? "unknown";
}

/** Counts states; the six counts sum to `total`. Waived ones keep their state and are counted once more beside. */
export function tally(list: readonly Judged[]): Tally {
  const counts = { ...none, total: list.length };
  for (const { state, waived } of list) {
    counts[state]++;
    if (waived) counts.waived++;
  }
  return withShares(counts);
}

/** What several lists come to together. */
export function sumOf(tallies: readonly Tally[]): Tally {
  const counts = { ...none };
  for (const tally of tallies) for (const key of counted) counts[key] += tally[key];
  return withShares(counts);
}

type Counts = Omit<Tally, "coverage" | "score">;
const none = { total: 0, pass: 0, fail: 0, pending: 0, unknown: 0, error: 0, not_applicable: 0, waived: 0 };
const counted = ["total", ...findingStates, "waived"] as const;

function withShares(counts: Counts): Tally {
  const applicable = counts.total - counts.not_applicable;
  const decided = counts.pass + counts.fail;
  return { ...counts, ...(applicable > 0 && { coverage: decided / applicable }), ...(decided > 0 && { score: counts.pass / decided }) };
}
