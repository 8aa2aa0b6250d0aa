import { type Calendar, vietnamDay, workingSpansBefore } from "../calendar.ts";
import type { Duty } from "../duty.ts";
import type { Need, Needs, Run, Span } from "../facts.ts";
import type { ProbeKind } from "../observation.ts";
import { type PolicyProfile, type Requirement, type Rule, restsOnWords } from "../policy.ts";
import { witnessOf } from "./declared-devices.ts";
import { OPENING_MS } from "./rules/capacity.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const RUNS_PER_HOUR = 12;
/** Calendar days that one turn of a duty takes at most, days off included; and what due days and grace add to the oldest. */
const TURN_DAYS = { day: 3, week: 7, month: 31 } as const;
const TURN_MARGIN_DAYS = 75;

/** How many days back things are looked at that are known by days, days off and Tết included: devices that answered or were met by a search, peaks, page counters. */
export const daysLookedAt = { presence: 30, peaks: 92, pages: 62 } as const;

/** All that requirements want to be loaded for a judgement at `nowMs`. */
export function needsOf(requirements: readonly Pick<Requirement, "rule">[], calendar: Calendar, nowMs: number): Needs {
  const duties = requirements.flatMap(({ rule }) => (rule.kind === "checklist" ? rule.duties : []));
  return {
    runs: requirements.flatMap(({ rule }) => [needOf(rule, calendar, nowMs) ?? [], witnessNeed(rule, nowMs) ?? []].flat()),
    ...(duties.length > 0 && { dutiesFrom: vietnamDay(nowMs - Math.max(...duties.map(daysBack)) * DAY_MS) }),
  };
}

/** Needs of the same probe as one: every span that no other one covers. */
export function mergedNeeds(needs: readonly Need[]): Need[] {
  const byProbe = new Map<ProbeKind, Need>();
  for (const { probe, spans, runsMax, bare } of needs) {
    const known = byProbe.get(probe);
    const isBare = bare === true && (known === undefined || known.bare === true);
    byProbe.set(probe, {
      probe,
      spans: uncovered([...(known?.spans ?? []), ...spans]),
      runsMax: Math.max(runsMax, known?.runsMax ?? 0),
      ...(isBare && { bare }),
    });
  }
  return [...byProbe.values()];
}

function uncovered(spans: readonly Span[]): Span[] {
  return spans.filter(
    ({ fromMs, toMs }, place) =>
      !spans.some((other, at) => other.fromMs <= fromMs && toMs <= other.toMs && (other.toMs - other.fromMs > toMs - fromMs || at < place)),
  );
}

/** Of all runs of a centre those that needs want, newest first. */
export function wantedRuns(runs: readonly Run[], needs: readonly Need[]): Run[] {
  const byProbe = new Map(mergedNeeds(needs).map((need) => [need.probe, need]));
  const counts = new Map<string, number>();
  return [...runs]
    .sort((a, b) => b.atMs - a.atMs)
    .filter(({ probe, target = "", atMs }) => {
      const need = byProbe.get(probe);
      if (!need?.spans.some(({ fromMs, toMs }) => fromMs < atMs && atMs <= toMs)) return false;
      const count = (counts.get(`${probe} ${target}`) ?? 0) + 1;
      counts.set(`${probe} ${target}`, count);
      return count <= need.runsMax;
    });
}

function daysBack({ rhythm, breach }: Duty): number {
  return breach.of * TURN_DAYS[rhythm.every] + TURN_MARGIN_DAYS;
}

/** What recorders tell of cameras that nobody asks: the newest look and some before it, since one may have failed. */
function witnessNeed(rule: Rule, nowMs: number): Need | undefined {
  const witness = witnessOf(rule);
  return witness && { probe: witness.probe, spans: [{ fromMs: nowMs - witness.maxAgeMs, toMs: nowMs }], runsMax: 4 };
}

/** The runs that a rule looks at when it judges at `nowMs`; nothing for rules that look at people's words alone. */
export function needOf(rule: Rule, calendar: Calendar, nowMs: number): Need | undefined {
  const last = (ms: number) => [{ fromMs: nowMs - ms, toMs: nowMs }];
  switch (rule.kind) {
    case "floor":
      // A run may be excused, so more are read than counted.
      return { probe: rule.probe, spans: last(rule.passValidDays * 2 * DAY_MS), runsMax: rule.breach.of * 4 };
    case "reachable": {
      const windowMs = rule.windowHours * HOUR_MS;
      const spans = rule.workingHoursOnly ? workingSpansBefore(calendar, nowMs, windowMs) : last(windowMs);
      return { probe: rule.probe, spans, runsMax: Math.ceil(rule.windowHours * RUNS_PER_HOUR) + 4 };
    }
    case "capacity":
      return { probe: rule.probe, spans: workingSpansBefore(calendar, nowMs, (rule.maxAgeHours / 2) * HOUR_MS), runsMax: Math.max(3, rule.breachRuns) };
    case "depth":
      return { probe: rule.probe, spans: last(rule.maxAgeHours * 3 * HOUR_MS), runsMax: 4 };
    case "count":
      // It counts by days; a run only says why there are none.
      return { probe: rule.probe, spans: last(2 * DAY_MS), runsMax: 1, bare: true };
    case "attested":
    case "checklist":
      return undefined;
  }
}

/** How old a run may be and still decide by this rule, ms; undefined for rules that count days or look at people's words. */
export function maxAgeMs(rule: Rule): number | undefined {
  switch (rule.kind) {
    case "floor":
      return rule.passValidDays * DAY_MS;
    case "reachable":
      return rule.maxAgeMinutes * MINUTE_MS;
    case "capacity":
    case "depth":
      return rule.maxAgeHours * HOUR_MS;
    case "count":
    case "attested":
    case "checklist":
      return undefined;
  }
}

/**
 * Working time after opening within which a rule that looks at working time alone may still judge by the answers of days before, ms; 0 for one whose states are
 * meant to stand over days. Undefined for rules that look at all hours, at days, or at people's words.
 */
export function settlingMs(rule: Rule): number | undefined {
  switch (rule.kind) {
    case "reachable":
      return rule.workingHoursOnly ? rule.windowHours * HOUR_MS : undefined;
    case "capacity":
      return OPENING_MS;
    case "floor":
      return rule.hours === "working" ? 0 : undefined;
    case "depth":
    case "count":
    case "attested":
    case "checklist":
      return undefined;
  }
}

/** The requirements that a probe's observations can change. */
export function requirementsTouchedBy({ requirements }: PolicyProfile, probes: ReadonlySet<ProbeKind>): Requirement[] {
  return requirements.filter(({ rule }) => !restsOnWords(rule) && [rule.probe, witnessOf(rule)?.probe ?? []].flat().some((probe) => probes.has(probe)));
}
