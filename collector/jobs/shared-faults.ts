import type { PolicyProfile } from "#schemas/policy.ts";
import type { Db } from "../store/db.ts";
import { type SharedFaultQuestion, sharedFaultTargets } from "../store/facts.ts";
import type { Moment } from "../store/moment.ts";

const MINUTE_MS = 60_000;
/** What version 1 of the first policy meant and did not say. */
const UNSAID = { windowMinutes: 15, centresMin: 5 } as const;

/** Targets that failed from so many sites at a moment that the fault is not the sites'. */
export async function sharedFaultsAt(db: Db, policy: PolicyProfile, moment: Moment): Promise<readonly string[]> {
  const lists = await Promise.all(sharedFaultQuestions(policy).map((question) => sharedFaultTargets(db, question, moment)));
  return [...new Set(lists.flat())].sort();
}

function sharedFaultQuestions({ requirements }: PolicyProfile): SharedFaultQuestion[] {
  return requirements.flatMap(({ rule }) =>
    rule.kind === "reachable" && rule.sharedFaultPercent !== undefined
      ? [
          {
            probe: rule.probe,
            metric: rule.metric,
            sharePercent: rule.sharedFaultPercent,
            windowMs: (rule.sharedFaultWindowMinutes ?? UNSAID.windowMinutes) * MINUTE_MS,
            centresMin: rule.sharedFaultCentresMin ?? UNSAID.centresMin,
          },
        ]
      : [],
  );
}
