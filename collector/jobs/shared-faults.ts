import { type Calendar, isWorkingTime } from "#schemas/calendar.ts";
import { needOf } from "#schemas/evaluate/needs.ts";
import { SHARED_FAULTS_MAX, type SharedFaultSpan } from "#schemas/exchange.ts";
import type { SharedFault } from "#schemas/facts.ts";
import type { PolicyProfile, ReachableRule, Requirement } from "#schemas/policy.ts";
import type { Signal } from "../alert/incident-step.ts";
import { isSoughtAt } from "../alert/topic.ts";
import type { PolicyInForce } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import type { Moment } from "../store/moment.ts";
import { type SharedFaultQuestion, sharedFaultsWithin, type TargetShare, targetShares } from "../store/shared-faults.ts";

const MINUTE_MS = 60_000;
/** What version 1 of the first policy meant and did not say. */
const UNSAID = { windowMinutes: 15, centresMin: 5 } as const;

/** All shared faults that can matter to a judgement at a moment: those within the windows of the rules. */
export async function sharedFaultsAt(db: Db, { policy, calendar }: PolicyInForce, moment: Moment): Promise<readonly SharedFault[]> {
  const lists = sharedRules(policy).map(({ rule }) => sharedFaultsWithin(db, questionOf(rule), needOf(rule, calendar, moment.atMs)?.spans ?? [], moment));
  return (await Promise.all(lists)).flat();
}

/** Pure. Shared faults as agents are told of them: windows that follow each other as one span, the newest of them where there are many. */
export function toldOf(faults: readonly SharedFault[]): SharedFaultSpan[] {
  const spans: SharedFault[] = [];
  for (const fault of faults.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const place = spans.findIndex(({ target, toMs }) => target === fault.target && toMs >= fault.fromMs);
    const before = spans[place];
    if (before) spans[place] = { ...before, toMs: Math.max(before.toMs, fault.toMs) };
    else spans.push(fault);
  }
  const newest = spans.sort((a, b) => b.toMs - a.toMs).slice(0, SHARED_FAULTS_MAX);
  return newest.map(({ target, fromMs, toMs }) => ({ target, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }));
}

/** What the province's newest answers say of one target of one requirement. */
export type ProvinceSignal = { readonly requirement: string; readonly target: string; readonly signal: Signal };

/** For each target that could have a shared fault: whether it has one now. */
export async function provinceSignals(db: Db, { policy, calendar }: PolicyInForce, nowMs: number): Promise<ProvinceSignal[]> {
  const lists = sharedRules(policy).map(async ({ id, rule }) => {
    const question = questionOf(rule);
    const shares = await targetShares(db, question, { atMs: nowMs });
    return shares
      .filter(({ target }) => isSoughtAt(rule, target))
      .map((share) => ({ requirement: id, target: share.target, signal: signalOfShare(share, question, isAsked(rule, calendar, nowMs)) }));
  });
  return (await Promise.all(lists)).flat();
}

/**
 * Bad above the share, well at half of it, and in between neither, so that a portal on the edge does not come and go. Too few answers say nothing,
 * and outside the hours that count only its end is seen.
 */
export function signalOfShare({ asked, down }: Omit<TargetShare, "target">, { overPercent, centresMin }: SharedFaultQuestion, isAsked: boolean): Signal {
  if (asked < centresMin) return "unclear";
  const percent = (100 * down) / asked;
  if (percent > overPercent) return isAsked ? "bad" : "unclear";
  return percent <= overPercent / 2 ? "well" : "unclear";
}

function isAsked({ workingHoursOnly }: ReachableRule, calendar: Calendar, nowMs: number): boolean {
  return !workingHoursOnly || isWorkingTime(calendar, nowMs);
}

type SharedRule = Requirement & { readonly rule: ReachableRule & { readonly sharedFaultPercent: number } };

function sharedRules({ requirements }: PolicyProfile): SharedRule[] {
  return requirements.filter((one): one is SharedRule => one.rule.kind === "reachable" && one.rule.sharedFaultPercent !== undefined);
}

function questionOf(rule: SharedRule["rule"]): SharedFaultQuestion {
  return {
    probe: rule.probe,
    metric: rule.metric,
    overPercent: rule.sharedFaultPercent,
    windowMs: (rule.sharedFaultWindowMinutes ?? UNSAID.windowMinutes) * MINUTE_MS,
    centresMin: rule.sharedFaultCentresMin ?? UNSAID.centresMin,
  };
}
