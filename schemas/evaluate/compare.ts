import type { Finding, Transition } from "../finding.ts";

/** What has changed in state from one judgement to the next, in the order of `after`. A requirement without a finding before begins. */
export function compare(before: readonly Finding[], after: readonly Finding[], nowMs: number): Transition[] {
  const known = new Map(before.map((finding) => [finding.requirement, finding]));
  return after.flatMap(({ centre, requirement, state, reason }) => {
    const from = known.get(requirement)?.state;
    return from === state ? [] : [{ centre, requirement, ...(from && { from }), to: state, reason, at: new Date(nowMs).toISOString() }];
  });
}

/** Whether a judgement says something that history must keep: another state, reason, waiver, or number by more than a rounding. */
export function isRevision(before: Finding | undefined, after: Finding): boolean {
  return before?.state !== after.state || before.reason !== after.reason || before.waiver?.id !== after.waiver?.id || before.policy !== after.policy;
}
