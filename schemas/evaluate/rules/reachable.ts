import { addWorkingMs, isWorkingTime, workingMsBetween } from "../../calendar.ts";
import type { Facts, Run, SharedFault } from "../../facts.ts";
import type { FindingPart, FindingReason } from "../../finding.ts";
import type { FailureReason } from "../../observation.ts";
import type { ReachableRule } from "../../policy.ts";
import { unnamedDevices } from "../declared-devices.ts";
import { greatest, type Judgement, least, lowestPart, worstPart } from "../judgement.ts";
import { measuredRuns, noEvidence, reasonOfTrouble } from "../silence.ts";

const MINUTE_MS = 60_000;
/** Why a run could not leave the centre. */
export const ownReasons: ReadonlySet<string> = new Set<FailureReason>(["no_route", "dns"]);
/**
 * `isMute`: nobody answered at all, which the line may have caused; an error status comes from the other side, and so does silence beside others that answer.
 * `isOtherPage`: the target answered with a page that is not the one that was asked for.
 */
type Sample = {
  readonly up: boolean;
  readonly isMute: boolean;
  readonly isOtherPage: boolean;
  readonly atMs: number;
  readonly ageMs: number;
  readonly ref: string;
};
/** Runs of different targets this close to each other tell of one moment. */
const MOMENT_MS = 6 * MINUTE_MS;

/**
 * Something answers: each target's share of good runs within the window. With `workingHoursOnly` only working time counts, and ages: what was
 * true when the counter closed is true when it opens. A target that fails everywhere is a fault of its own: what failed while it did counts against
 * no centre, then or later. Without `targets` each one that an agent's newest run names must answer, also one that could not be asked,
 * and each one that the centre declares must be among them, or be known by another word.
 */
export function judgeReachable(rule: ReachableRule, facts: Facts, nowMs: number): Judgement {
  const frame = { required: rule.upPercentMin, unit: "%" };
  const samples = samplesByTarget(rule, facts, nowMs);
  const newest = rule.targets ? [] : newestOfAgents(measuredRuns(facts.runs, rule.probe));
  const unasked = new Map(newest.flatMap((run) => [...unaskedIn(run)]));
  const named = new Set(newest.flatMap((run) => answersOf(run, rule).map(([target]) => target)));
  const targets = rule.targets ?? [...new Set([...[...samples.keys()].filter((target) => named.has(target)), ...unasked.keys()])];
  if (targets.length === 0) return { ...noEvidence(facts, rule.probe), ...frame };
  // Labels that an agent has made up are independent of nothing, and there may be thousands: only targets that the rule names are held against each other.
  const voices = new Map(rule.targets?.map((target) => [target, voiceOf(samples.get(target) ?? [])]));
  const sharedFaults = Map.groupBy(facts.sharedFaults, ({ target }) => target);
  const asked = targets.map((target): FindingPart => {
    const own = samples.get(target) ?? [];
    const faults = sharedFaults.get(target) ?? [];
    const others = [...voices].flatMap(([other, voice]) => (other === target ? [] : [voice]));
    const counted = own.filter((sample) => !isShared(sample, faults) && !isOwnLine(sample, others));
    const blind = blindSince(facts.runs, rule, target, own);
    if (blind !== undefined) return { subject: target, state: "unknown" as const, reason: blind };
    const part = partOf(target, counted, own, rule, faults);
    const why = part.reason === "no_data" || part.reason === "stale" ? unasked.get(target) : undefined;
    return why === undefined ? part : { ...part, reason: why };
  });
  const unnamed = unnamedDevices(rule, facts, nowMs, new Set(targets));
  const parts = [...asked, ...unnamed.parts];
  const worst = worstPart(parts);
  const { state } = worst;
  const all = targets.flatMap((target) => samples.get(target) ?? []);
  const shares = parts.flatMap(({ observed }) => (observed === undefined ? [] : [observed]));
  const failing = lowestPart(parts.filter((part) => part.state === "fail"));
  const bad = failing ?? parts.find((part) => part.state === state && state !== "pass");
  const oldestNewestMs = least(targets.map((target) => samples.get(target)?.[0]?.atMs ?? Number.NEGATIVE_INFINITY));
  const maxAgeMs = rule.maxAgeMinutes * MINUTE_MS;
  return {
    state,
    reason: failing?.reason ?? worst.reason,
    ...frame,
    ...(shares.length > 0 && { observed: failing?.observed ?? least(shares) }),
    parts,
    // Those of the target that the finding names stand first: there may be more than are kept. One run may tell of many targets.
    evidence: [...new Set([...(bad ? (samples.get(bad.subject) ?? []) : []), ...all].map(({ ref }) => ref)), ...unnamed.evidence],
    ...(all.length > 0 && { observedMs: greatest(all.map(({ atMs }) => atMs)) }),
    detail: {
      targets: parts.length,
      ...(bad?.reason === "no_channel" && bad.detail),
      ...(bad && { subject: bad.subject, ...segmentOf(samples.get(bad.subject) ?? []) }),
    },
    ...(state === "pass" && {
      validUntilMs: Math.min(unnamed.untilMs, rule.workingHoursOnly ? addWorkingMs(facts.calendar, oldestNewestMs, maxAgeMs) : oldestNewestMs + maxAgeMs),
    }),
  };
}

type Measured = Run & { readonly outcome: Extract<Run["outcome"], { kind: "measured" }> };

/** The newest run of each agent, newest first: what it no longer names was taken off its list. A reference begins with the agent's stream. */
function newestOfAgents(runs: readonly Measured[]): Measured[] {
  return [...Map.groupBy(runs, ({ ref }) => ref.split(":")[0]).values()].flatMap(([newest]) => newest ?? []);
}

/**
 * Whom a run names in its evidence and says nothing of, and why: somebody is there, and refused the account or speaks another language. No reading at all
 * would let the others pass for all. The lists are those of camera-presence (`cameras`) and vms-link (`links`).
 */
function unaskedIn(run: Measured): ReadonlyMap<string, FindingReason> {
  const { readings, evidence = {} } = run.outcome;
  const told = new Set(readings.flatMap(({ labels }) => labels?.camera ?? []));
  const named = [evidence.cameras, evidence.links].flatMap((list) => (Array.isArray(list) ? list : []));
  return new Map(
    named.flatMap((one): [string, FindingReason][] => {
      if (one === null || typeof one !== "object" || Array.isArray(one)) return [];
      const { camera, trouble } = one;
      return typeof camera !== "string" || told.has(camera) ? [] : [[camera.slice(0, 128), reasonOfTrouble(trouble)]];
    }),
  );
}

/** When somebody asked a target, and when it was not mute; newest first. */
type Voice = { readonly askedMs: readonly number[]; readonly heardMs: readonly number[] };

function voiceOf(samples: readonly Sample[]): Voice {
  return { askedMs: samples.map(({ atMs }) => atMs), heardMs: samples.filter(({ up, isMute }) => up || !isMute).map(({ atMs }) => atMs) };
}

/** Independent targets that fall mute together are the centre's own way out, which says nothing about any of them. Its agent may be heard all the while. */
function isOwnLine({ up, isMute, atMs }: Sample, others: readonly Voice[]): boolean {
  if (up || !isMute || others.length === 0) return false;
  return others.every(({ askedMs, heardMs }) => isNear(askedMs, atMs) && !isNear(heardMs, atMs));
}

/** Whether one of the instants, newest first, lies within a moment of another one. */
function isNear(newestFirst: readonly number[], atMs: number): boolean {
  let [from, to] = [0, newestFirst.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((newestFirst[middle] ?? 0) > atMs + MOMENT_MS) from = middle + 1;
    else to = middle;
  }
  return (newestFirst[from] ?? Number.NEGATIVE_INFINITY) >= atMs - MOMENT_MS;
}

/** Why the newest run could not even leave the centre, or believe who answered: what a target did since its last answer is unknown, and it is no fault of its. */
function blindSince(
  runs: readonly Run[],
  { probe, targets }: ReachableRule,
  target: string,
  [newest]: readonly Sample[],
): "unheard" | "pc_clock_wrong" | undefined {
  const last = targets && runs.find((run) => run.probe === probe && run.target === target);
  if (last?.outcome.kind !== "failed" || last.atMs <= (newest?.atMs ?? Number.NEGATIVE_INFINITY)) return undefined;
  if (last.outcome.evidence?.pcClock !== undefined) return "pc_clock_wrong";
  return ownReasons.has(last.outcome.reason) ? "unheard" : undefined;
}

/** Where the fault lies, when the newest bad answer proves that the centre's way out carried. */
function segmentOf(samples: readonly Sample[]): { segment?: "portal" } {
  const bad = samples.find(({ up }) => !up);
  return bad && !bad.isMute ? { segment: "portal" } : {};
}

function isShared({ up, atMs }: Sample, faults: readonly SharedFault[]): boolean {
  return !up && faults.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
}

function partOf(subject: string, samples: readonly Sample[], own: readonly Sample[], rule: ReachableRule, faults: readonly SharedFault[]): FindingPart {
  const [newest] = samples;
  if (own[0] && own[0] !== newest) return { subject, state: "unknown", reason: isShared(own[0], faults) ? "shared_fault" : "unheard" };
  if (!newest) return { subject, state: "unknown", reason: "no_data" };
  if (newest.ageMs > rule.maxAgeMinutes * MINUTE_MS) return { subject, state: "unknown", reason: "stale" };
  const observed = Math.round((samples.filter(({ up }) => up).length / samples.length) * 1000) / 10;
  const detail = { runs: samples.length };
  if (samples.length < rule.runsMin) return { subject, state: "unknown", reason: "too_few_runs", observed, detail };
  if (observed >= rule.upPercentMin) return { subject, state: "pass", reason: "met", observed, detail };
  const isOtherPage = samples.find(({ up }) => !up)?.isOtherPage === true;
  return { subject, state: "fail", reason: isOtherPage ? "other_page" : "target_down", observed, detail };
}

/** Good and bad answers of each target within the window, newest first. Runs that could not ask say nothing. */
function samplesByTarget(rule: ReachableRule, facts: Facts, nowMs: number): Map<string, Sample[]> {
  const windowMs = rule.windowHours * 60 * MINUTE_MS;
  const byTarget = new Map<string, Sample[]>();
  for (const run of measuredRuns(facts.runs, rule.probe)) {
    if (rule.workingHoursOnly && !isWorkingTime(facts.calendar, run.atMs)) continue;
    const ageMs = rule.workingHoursOnly ? workingMsBetween(facts.calendar, run.atMs, nowMs) : nowMs - run.atMs;
    if (ageMs > windowMs) continue;
    const said = { isMute: isMute(run), isOtherPage: run.outcome.evidence?.expectedTextFound === false, atMs: run.atMs, ageMs, ref: run.ref };
    for (const [target, up] of answersOf(run, rule)) {
      const known = byTarget.get(target);
      if (known) known.push({ up, ...said });
      else byTarget.set(target, [{ up, ...said }]);
    }
  }
  return byTarget;
}

function isMute({ outcome }: Run): boolean {
  const isProven = outcome.evidence?.reference === "answered";
  return outcome.kind === "measured" && !isProven && !outcome.readings.some(({ metric }) => metric === "portal_status");
}

function answersOf({ outcome, target }: Run, { metric }: ReachableRule): [string, boolean][] {
  if (outcome.kind !== "measured") return [];
  const readings = outcome.readings.filter((reading) => reading.metric === metric);
  const labelled = readings.filter(({ labels }) => labels && Object.keys(labels).length > 0);
  // A total beside labelled readings is their sum, not one more target.
  return (labelled.length > 0 ? labelled : readings).map(({ labels, value }) => [Object.values(labels ?? {})[0] ?? target ?? "", value === 1]);
}
