import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { Centre, pointOf } from "#schemas/inventory.ts";
import { bundledCalendar } from "../bundled-policy.ts";
import { sharedFaultsOf } from "../status.ts";
import { factsOfSpool } from "./facts-of-spool.ts";
import { planLines } from "./plan-checks.ts";
import type { CheckResult } from "./result.ts";
import type { Surroundings } from "./surroundings.ts";

/** The plan's lines by the same rules as in the province, over what this PC knows. */
export function judgePlan({ config, policy, spool, status, fresh, nowMs }: Surroundings): readonly CheckResult[] {
  const centre = config?.centre ?? Centre.parse({ code: "this-pc", name: "this PC" });
  const calendar = config?.calendar ?? bundledCalendar;
  // What was just measured is of later than the beginning of the self-check.
  const atMs = fresh.reduce((latest, { takenAt }) => Math.max(latest, Date.parse(takenAt)), nowMs);
  const { newlyDeclared, formerCodes } = config ?? {};
  const facts = factsOfSpool({ centre, calendar, policy, newlyDeclared, formerCodes, sharedFaults: sharedFaultsOf(status), nowMs: atMs }, spool, fresh);
  const place = { point: pointOf(config ?? {}), isPart: (config?.otherPoints?.length ?? 0) > 0, isEnrolled: config !== undefined };
  return planLines(policy.requirements, evaluate(policy, facts, atMs), atMs, place);
}
