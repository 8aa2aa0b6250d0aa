import type { Signal } from "../../collector/alert/incident-step.ts";
import type { SilenceTrace } from "../../collector/alert/silence-cause.ts";
import { signalOfShare } from "../../collector/jobs/shared-faults.ts";
import { isWorkingDay, isWorkingTime, vietnamDay, vietnamDayStartMs } from "../../schemas/calendar.ts";
import { evaluate } from "../../schemas/evaluate/evaluate.ts";
import type { SharedFault } from "../../schemas/facts.ts";
import type { Finding } from "../../schemas/finding.ts";
import type { ReachableRule } from "../../schemas/policy.ts";
import { calendar, HOUR, MINUTE, plan, requirement } from "../support/facts.ts";
import { portals, type Trouble, World } from "./world.ts";

/** The alerts that a simulation drives: those of the collector on a database, or the same steps in memory. */
export type SimulatedAlerts = {
  /** The last words of centres that were heard since the step before, by their sites. */
  heard(contacts: ReadonlyMap<number, number>): Promise<void> | void;
  province(requirement: string, subject: string, signal: Signal, nowMs: number): Promise<void> | void;
  judged(siteId: number, findings: readonly Finding[], nowMs: number): Promise<void> | void;
  /** What an agent tells of a silence that has ended. */
  traced(siteId: number, trace: SilenceTrace, nowMs: number): Promise<void> | void;
  tick(nowMs: number): Promise<void> | void;
};
export type Simulation = { readonly centres: number; readonly fromMs: number; readonly toMs: number; readonly troubles: readonly Trouble[] };

const STEP = 5 * MINUTE;
const measured = plan.requirements.filter(({ rule }) => rule.kind !== "attested");
const portalRule = requirement("R16").rule as ReachableRule;
const question = {
  probe: portalRule.probe,
  metric: portalRule.metric,
  overPercent: portalRule.sharedFaultPercent ?? 100,
  windowMs: (portalRule.sharedFaultWindowMinutes ?? 0) * MINUTE,
  centresMin: portalRule.sharedFaultCentresMin ?? 0,
};

/**
 * A province under a virtual clock: agents whose runs follow from the troubles, the real rules over them, the alerts behind. A centre is judged whole
 * every working morning; what a trouble touches at each step while it lasts and a while after.
 */
export async function simulateProvince({ centres, fromMs, toMs, troubles }: Simulation, alerts: SimulatedAlerts): Promise<void> {
  const world = new World(centres, troubles);
  const contacts = new Map<number, number>();
  for (let nowMs = fromMs; nowMs <= toMs; nowMs = nextStep(nowMs)) {
    const heard = new Map(world.centres.flatMap((_, at) => wordOf(world, at + 1, nowMs)));
    for (const [site, lastMs] of heard) {
      const trace = nowMs - (contacts.get(site) ?? nowMs) > 2 * STEP ? world.traceOf(site, nowMs) : undefined;
      if (trace) await alerts.traced(site, trace, nowMs);
      contacts.set(site, lastMs);
    }
    await alerts.heard(heard);
    for (const portal of portals) {
      const signal = signalOfShare(world.portalShare(portal, nowMs), question, isWorkingTime(calendar, nowMs));
      await alerts.province("R16", portal, signal, nowMs);
    }
    await judgeCentres(world, contacts, world.sharedFaults(nowMs), alerts, nowMs);
    await alerts.tick(nowMs);
  }
}

function wordOf(world: World, site: number, nowMs: number): [number, number][] {
  const lastMs = world.lastWordMs(site, nowMs);
  return lastMs === undefined ? [] : [[site, lastMs]];
}

async function judgeCentres(world: World, contacts: ReadonlyMap<number, number>, faults: SharedFault[], alerts: SimulatedAlerts, nowMs: number): Promise<void> {
  const isWhole = isMorning(nowMs);
  for (const [site, lastMs] of contacts) {
    const touched = world.touched(site, nowMs);
    const asked = isWhole ? measured : measured.filter(({ id }) => touched.has(id));
    if (asked.length > 0) await alerts.judged(site, evaluate(plan, world.facts(site, nowMs, lastMs, faults, asked), nowMs, asked), nowMs);
  }
}

/** Every five minutes in working time and its hour around, every hour else. */
function nextStep(nowMs: number): number {
  const isNear = [-HOUR, 0, HOUR].some((aroundMs) => isWorkingTime(calendar, nowMs + aroundMs));
  return nowMs + (isNear ? STEP : HOUR);
}

function isMorning(nowMs: number): boolean {
  const day = vietnamDay(nowMs);
  return isWorkingDay(calendar, day) && nowMs === vietnamDayStartMs(day) + 9 * HOUR;
}
