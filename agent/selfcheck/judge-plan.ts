import { planLines } from "./plan-checks.ts";
import type { CheckResult } from "./result.ts";
import type { Surroundings } from "./surroundings.ts";

/** The plan's lines; without the rules each is unknown. */
export function judgePlan({ policy, nowMs }: Surroundings): readonly CheckResult[] {
  return planLines(policy.requirements, [], nowMs);
}
