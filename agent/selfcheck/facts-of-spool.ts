import type { Calendar } from "#schemas/calendar.ts";
import { pagesIn, peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import type { DailyPeak, Facts, Presence, Run } from "#schemas/facts.ts";
import { type Observation, probeKinds } from "#schemas/observation.ts";
import type { SpoolView } from "../spool/read-spool.ts";

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
  const first = runs.at(-1);
  return {
    centre,
    calendar,
    runs,
    presence: presenceOf(runs),
    newlyDeclared,
    found: [],
    peaks: peaksOf(runs, calendar),
    pages: runs.flatMap(({ atMs, outcome }) => pagesIn(outcome, atMs)),
    attestations: [],
    waivers: [],
    duties: [],
    // Whoever runs a self-check is at the site: it is not offline, whatever the collector has heard.
    firstContactMs: first?.atMs ?? nowMs,
    lastContactMs: nowMs,
    sharedFaults: [],
  };
}

function runOf(stream: string, { seq, probe, target, takenAt, outcome }: Observation): Run {
  return { ref: `${stream}:${seq}`, probe, ...(target !== undefined && { target }), atMs: Date.parse(takenAt), outcome };
}

/** Devices by the days on which they answered, each once. */
function presenceOf(runs: readonly Run[]): Presence[] {
  const seen = new Map<string, Presence>();
  for (const { atMs, outcome } of runs) for (const presence of presenceIn(outcome, atMs)) seen.set(`${presence.day} ${presence.device}`, presence);
  return [...seen.values()].sort((a, b) => b.day.localeCompare(a.day));
}

function peaksOf(runs: readonly Run[], calendar: Calendar): DailyPeak[] {
  const peaks = new Map<string, DailyPeak>();
  for (const { atMs, outcome } of runs) {
    for (const peak of peaksIn(outcome, atMs, calendar)) if (peak.value >= (peaks.get(peak.day)?.value ?? 0)) peaks.set(peak.day, peak);
  }
  return [...peaks.values()].sort((a, b) => b.day.localeCompare(a.day));
}
