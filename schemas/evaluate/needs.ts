import type { Need } from "../facts.ts";
import type { ProbeKind } from "../observation.ts";
import type { PolicyProfile, Requirement, Rule } from "../policy.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Tết and the weekends around it: the longest time without working hours. */
const LONGEST_CLOSURE_DAYS = 12;
const RUNS_PER_HOUR = 12;

/** The runs that a rule looks at; nothing for rules that look at people's words alone. */
export function needOf(rule: Rule): Need | undefined {
  switch (rule.kind) {
    case "floor":
      // A run may be excused, so more are read than counted.
      return { probe: rule.probe, windowMs: rule.passValidDays * 2 * DAY_MS, runsMax: rule.breach.of * 4, workingDaysOnly: false };
    case "reachable": {
      const closedMs = rule.workingHoursOnly ? LONGEST_CLOSURE_DAYS * DAY_MS : 0;
      return {
        probe: rule.probe,
        windowMs: rule.windowHours * HOUR_MS + closedMs,
        runsMax: Math.ceil(rule.windowHours * RUNS_PER_HOUR) + 30,
        workingDaysOnly: rule.workingHoursOnly,
      };
    }
    case "capacity":
      return { probe: rule.probe, windowMs: rule.maxAgeHours * 2 * HOUR_MS, runsMax: 3, workingDaysOnly: false };
    case "depth":
      return { probe: rule.probe, windowMs: rule.maxAgeHours * 3 * HOUR_MS, runsMax: 4, workingDaysOnly: false };
    case "count":
      return { probe: rule.probe, windowMs: 2 * DAY_MS, runsMax: 1, workingDaysOnly: false };
    case "attested":
      return undefined;
  }
}

/** The requirements that a probe's observations can change. */
export function requirementsTouchedBy({ requirements }: PolicyProfile, probes: ReadonlySet<ProbeKind>): Requirement[] {
  return requirements.filter(({ rule }) => rule.kind !== "attested" && probes.has(rule.probe));
}
