import type { AgentConfig } from "#schemas/agent-config.ts";
import type { KnownDevice } from "#schemas/asset-ledger.ts";
import { type Calendar, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { underCodesNow } from "#schemas/codes-now.ts";
import { foundIn, knownDevices, pagesIn, peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import { daysLookedAt, mergedNeeds, needsOf, wantedRuns } from "#schemas/evaluate/needs.ts";
import type { Facts, Run, SharedFault, Span } from "#schemas/facts.ts";
import { type Observation, type ProbeKind, probeKinds } from "#schemas/observation.ts";
import type { DayFacts } from "../spool/day-facts.ts";
import type { SpoolView } from "../spool/read-spool.ts";

/** Of each probe, in a spool of a version before days: as far as it can be read at once. */
const RUNS_MAX = 500;
const DAY_MS = 86_400_000;

/** What an agent was told of its centre and of faults that centres share, and the instant to judge at. */
type Told = Pick<AgentConfig, "centre" | "calendar" | "policy"> &
  Partial<Pick<AgentConfig, "newlyDeclared" | "formerCodes">> & { readonly sharedFaults?: readonly SharedFault[]; readonly nowMs: number };

/**
 * What this PC knows of its centre: the spool's observations and those just made, as far as rules look at them. Papers and waivers are known to the province
 * alone.
 */
export function factsOfSpool(told: Told, spool: SpoolView | undefined, fresh: readonly Observation[]): Facts {
  const { centre, calendar, policy, newlyDeclared = [], formerCodes, sharedFaults = [], nowMs } = told;
  const made = fresh.map((observation) => runOf("fresh", observation));
  const needs = needsOf(policy.requirements, calendar, nowMs).runs;
  const runs = wantedRuns([...made, ...mergedNeeds(needs).flatMap(({ probe, spans }) => runsWithin(spool, probe, spans))], needs);
  const unnoted = spool !== undefined && spool.days === undefined ? probeKinds.flatMap((probe) => runsOf(spool, spool.recent(probe, RUNS_MAX))) : [];
  const { presence, peaks, pages } = daysOf(spool?.days, [...made, ...unnoted], calendar);
  const firstDay = presence.at(-1)?.day;
  const isSince = (days: number) => {
    const first = vietnamDay(nowMs - days * DAY_MS);
    return ({ day }: { readonly day: string }) => day >= first;
  };
  return {
    centre,
    calendar,
    runs,
    presence: underCodesNow(presence, formerCodes).filter(isSince(daysLookedAt.presence)),
    peaks,
    pages: underCodesNow(pages, formerCodes).filter(isSince(daysLookedAt.pages)),
    newlyDeclared,
    found: foundBefore(spool, nowMs),
    attestations: [],
    waivers: [],
    duties: [],
    // Whoever runs a self-check is at the site: it is not offline, whatever the collector has heard.
    firstContactMs: Math.min(spool?.oldestMs ?? nowMs, firstDay === undefined ? nowMs : vietnamDayStartMs(firstDay)),
    lastContactMs: nowMs,
    sharedFaults,
  };
}

/** What the searches that the spool keeps have met in the days at which counts look. */
function foundBefore(spool: SpoolView | undefined, nowMs: number): readonly KnownDevice[] {
  const fromMs = vietnamDayStartMs(vietnamDay(nowMs - daysLookedAt.presence * DAY_MS)) - 1;
  const searches = runsWithin(spool, "device-discovery", [{ fromMs, toMs: nowMs }]).reverse();
  return knownDevices(searches.flatMap(({ probe, outcome, atMs }) => foundIn(probe, outcome).map((found) => ({ found, day: vietnamDay(atMs) }))));
}

/** Newest first. */
function runsWithin(spool: SpoolView | undefined, probe: ProbeKind, spans: readonly Span[]): Run[] {
  return spool === undefined ? [] : spans.flatMap((span) => runsOf(spool, spool.within(probe, span)));
}

function runsOf({ status: { stream } }: SpoolView, observations: readonly Observation[]): Run[] {
  return observations.map((observation) => runOf(stream, observation));
}

function runOf(stream: string, { seq, probe, target, takenAt, outcome }: Observation): Run {
  return { ref: `${stream}:${seq}`, probe, ...(target !== undefined && { target }), atMs: Date.parse(takenAt), outcome };
}

/** The facts of days that the spool has noted, with those of runs of which it has not. */
function daysOf(noted: DayFacts | undefined, runs: readonly Run[], calendar: Calendar): DayFacts {
  const told = runs.map(({ atMs, outcome }) => ({
    presence: presenceIn(outcome, atMs),
    peaks: peaksIn(outcome, atMs, calendar),
    pages: pagesIn(outcome, atMs),
  }));
  const all = noted === undefined ? told : [noted, ...told];
  return {
    presence: foremost(
      all.flatMap(({ presence }) => presence),
      ({ device }) => device,
      (a, b) => a.role < b.role,
    ),
    peaks: foremost(
      all.flatMap(({ peaks }) => peaks),
      ({ metric }) => metric,
      (a, b) => a.value > b.value,
    ),
    pages: foremost(
      all.flatMap(({ pages }) => pages),
      ({ device }) => device,
      (a, b) => a.pages < b.pages,
    ),
  };
}

/** Of each name and day the one fact that counts, newest day first. */
function foremost<Fact extends { readonly day: string }>(
  facts: readonly Fact[],
  nameOf: (fact: Fact) => string,
  counts: (a: Fact, b: Fact) => boolean,
): Fact[] {
  const best = new Map<string, Fact>();
  for (const fact of facts) {
    const key = `${fact.day} ${nameOf(fact)}`;
    const other = best.get(key);
    if (other === undefined || counts(fact, other)) best.set(key, fact);
  }
  return [...best.values()].sort((a, b) => b.day.localeCompare(a.day));
}
