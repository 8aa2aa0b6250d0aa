import { type Calendar, vietnamDayStartMs } from "#schemas/calendar.ts";
import { pagesIn, peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import type { Facts, Run } from "#schemas/facts.ts";
import { type Observation, probeKinds } from "#schemas/observation.ts";
import type { DayFacts } from "../spool/day-facts.ts";
import type { SpoolView } from "../spool/read-spool.ts";

/** Of each probe: more than any rule looks at. What rules count by days stands in the spool by days. */
const RUNS_MAX = 500;

/** What this PC knows of its centre: the spool's observations and those just made. Papers and waivers are known to the province alone. */
export function factsOfSpool(
  { centre, calendar, newlyDeclared, nowMs }: Pick<Facts, "centre" | "calendar" | "newlyDeclared"> & { readonly nowMs: number },
  spool: SpoolView | undefined,
  fresh: readonly Observation[],
): Facts {
  const kept = spool === undefined ? [] : probeKinds.flatMap((probe) => spool.recent(probe, RUNS_MAX));
  const stream = spool?.status.stream ?? "";
  const runs: Run[] = [...fresh.map((observation) => runOf("fresh", observation)), ...kept.map((observation) => runOf(stream, observation))].sort(
    (a, b) => b.atMs - a.atMs,
  );
  const days = daysOf(spool?.days, runs, calendar);
  const firstDay = days.presence.at(-1)?.day;
  const firstMs = Math.min(runs.at(-1)?.atMs ?? nowMs, firstDay === undefined ? nowMs : vietnamDayStartMs(firstDay));
  return {
    centre,
    calendar,
    runs,
    ...days,
    newlyDeclared,
    found: [],
    attestations: [],
    waivers: [],
    duties: [],
    // Whoever runs a self-check is at the site: it is not offline, whatever the collector has heard.
    firstContactMs: firstMs,
    lastContactMs: nowMs,
    sharedFaults: [],
  };
}

function runOf(stream: string, { seq, probe, target, takenAt, outcome }: Observation): Run {
  return { ref: `${stream}:${seq}`, probe, ...(target !== undefined && { target }), atMs: Date.parse(takenAt), outcome };
}

/** The facts of days that the spool has noted, with those of runs that it has not: this self-check's own, and all of a spool of an earlier version. */
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
