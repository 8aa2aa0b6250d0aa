import { isWorkingTime, vietnamDay } from "../../calendar.ts";
import type { Facts } from "../../facts.ts";
import { carriedOf, testEvidence } from "../../link-evidence.ts";
import { metrics } from "../../metrics.ts";
import { readingOf } from "../../observation.ts";
import type { FloorRule } from "../../policy.ts";
import { type Judgement, median } from "../judgement.ts";
import { measuredRuns, noEvidence } from "../silence.ts";

const DAY_MS = 86_400_000;
type Sample = {
  readonly value: number;
  readonly atMs: number;
  readonly ref: string;
  readonly server: string;
  readonly excuse: string | undefined;
  readonly inHours: boolean;
  /** Of a full-length bandwidth test only, s. */
  readonly carriedS: number | undefined;
};

/**
 * A number against a floor (fields/link.md, "Confirmation"). One run at or above the floor passes for `passValidDays`. A breach needs enough of
 * the newest runs below, on enough days, against enough servers; until then a low number is pending. A run that was limited by something else
 * than the line may show that the floor is reached, never that it is not; where others used the line it shows neither. The number shown is the
 * median of the newest runs where that lies on the side of the floor that the state says, else that of the runs which decide.
 */
export function judgeFloor(rule: FloorRule, facts: Facts, nowMs: number): Judgement {
  const { floor, breach, passValidDays } = rule;
  const frame = { required: floor, unit: metrics[rule.metrics[0] as keyof typeof metrics].unit };
  const all = samplesOf(rule, facts).filter(({ inHours }) => rule.hours === "any" || inHours);
  const counted = all.filter(({ excuse, value }) => excuseThatHolds(excuse, value >= floor) === undefined);
  if (all.length === 0) return { ...noEvidence(facts, rule.probe), ...frame };
  const { contractMbps } = facts.centre;
  // No provider owes more than was bought of it.
  const contract = contractMbps === undefined ? {} : { contract: contractMbps, ...(contractMbps < floor && { contractShort: true }) };
  if (counted.length === 0)
    return {
      state: "unknown",
      reason: "only_excused_runs",
      ...frame,
      ...shown(all.slice(0, breach.of)),
      detail: { excuse: all[0]?.excuse ?? "", ...contract },
    };

  const recent = counted.slice(0, breach.of);
  const below = recent.filter(({ value }) => value < floor);
  const days = new Set(below.map(({ atMs }) => vietnamDay(atMs))).size;
  const servers = new Set(below.map(({ server }) => server)).size;
  const belowInHours = below.filter(({ inHours }) => inHours).length;
  const detail = { runs: recent.length, below: below.length, belowInHours, days, servers, ...contract };
  const numbers = { ...frame, ...shown(recent), detail };
  const newestMs = recent[0]?.atMs ?? 0;
  const validUntilMs = newestMs + passValidDays * DAY_MS;
  if (validUntilMs < nowMs) return { state: "unknown", reason: "stale", ...numbers };
  if (below.length >= breach.runs && days >= breach.days && servers >= breach.servers)
    return { state: "fail", reason: "below_floor", ...numbers, detail: { ...detail, ...carriedBy(below) }, validUntilMs };
  const passing = counted.find(({ value, atMs }) => value >= floor && atMs + passValidDays * DAY_MS >= nowMs);
  // Runs that pass no longer may lift the median of all, but not what is low now.
  if (!passing) return { state: "pending", reason: "unconfirmed", ...numbers, ...shown(below), detail: { ...detail, ...carriedBy(below) } };
  const met = { state: "pass", reason: "met", ...numbers, validUntilMs: passing.atMs + passValidDays * DAY_MS } as const;
  if (numbers.observed >= floor) return met;
  const evidence = [...new Set([passing.ref, ...numbers.evidence])];
  return { ...met, observed: passing.value, evidence, observedMs: passing.atMs, detail: { ...detail, median: numbers.observed } };
}

/** How many low samples are full-length tests, and how long the longest of them carried: a reader who tries a line for seconds may see it fast. */
function carriedBy(below: readonly Sample[]): { readonly fullLength?: number; readonly carriedS?: number } {
  const carried = below.flatMap(({ carriedS }) => carriedS ?? []);
  return carried.length === 0 ? {} : { fullLength: carried.length, carriedS: Math.max(...carried) };
}

/**
 * Why a run is not held against the line; undefined where it counts: one that reached the floor does, whatever else limited it, unless others used the line
 * meanwhile.
 */
export function excuseThatHolds<Excuse extends string>(excuse: Excuse | undefined, hasReached: boolean): Excuse | undefined {
  return hasReached && excuse !== "contended" ? undefined : excuse;
}

function shown(samples: readonly Sample[]): Required<Pick<Judgement, "observed" | "evidence" | "observedMs">> {
  return { observed: median(samples.map(({ value }) => value)), evidence: samples.map(({ ref }) => ref), observedMs: samples[0]?.atMs ?? 0 };
}

/** One sample per run that measured all metrics of the rule: the lowest of them. Newest first. */
function samplesOf({ probe, metrics: names }: FloorRule, facts: Facts): Sample[] {
  return measuredRuns(facts.runs, probe).flatMap(({ outcome, atMs, ref, target }) => {
    const values = names.map((metric) => readingOf(outcome.readings, metric));
    if (values.some((value) => value === undefined)) return [];
    const server = outcome.readings.find(({ metric }) => metric === names[0])?.labels?.server ?? target ?? "";
    const inHours = isWorkingTime(facts.calendar, atMs);
    const carriedS = carriedOf(testEvidence(outcome.evidence))?.carriedS;
    return [{ value: Math.min(...(values as number[])), atMs, ref, server, excuse: outcome.excuse, inHours, carriedS }];
  });
}
