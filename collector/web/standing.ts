import { worstFirst } from "#schemas/evaluate/judgement.ts";
import { type FindingState, findingStates, type Tally } from "#schemas/finding.ts";

type Judged = { readonly state: FindingState; readonly waived?: boolean };

/**
 * A stored finding as it stands at `nowMs`: a pass whose evidence has run out is unknown from that moment on,
 * even when the judge has not come by yet. Silence never looks green.
 */
export function asOf<F extends { state: FindingState; reason: string; since: string; validUntil?: string | undefined }>(finding: F, nowMs: number): F {
  const expired = finding.state === "pass" && (finding.validUntil === undefined || Date.parse(finding.validUntil) < nowMs);
  return expired ? { ...finding, state: "unknown", reason: "stale", since: finding.validUntil ?? finding.since } : finding;
}

/** The worst state of a list by `worstFirst`; a list of nothing is unknown. */
export function worstState(list: readonly Judged[]): FindingState {
  return worstFirst.find((state) => list.some((one) => one.state === state)) ?? "unknown";
}

/** Counts states; the six counts sum to `total`. Waived ones keep their state and are counted once more beside. */
export function tally(list: readonly Judged[]): Tally {
  const counts = Object.fromEntries(findingStates.map((state) => [state, list.filter((one) => one.state === state).length])) as Record<FindingState, number>;
  const applicable = list.length - counts.not_applicable;
  const decided = counts.pass + counts.fail;
  return {
    total: list.length,
    ...counts,
    waived: list.filter((one) => one.waived).length,
    ...(applicable > 0 && { coverage: decided / applicable }),
    ...(decided > 0 && { score: counts.pass / decided }),
  };
}
