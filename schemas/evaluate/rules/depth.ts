import type { Facts, Run } from "../../facts.ts";
import type { FindingPart, FindingReason } from "../../finding.ts";
import type { DepthRule } from "../../policy.ts";
import { type ChannelEvidence, RecordingEvidence, type RecordingReason } from "../../recording-evidence.ts";
import { devicesUnlisted } from "../declared-devices.ts";
import { greatest, type Judgement, least, lowestPart, worstPart } from "../judgement.ts";
import { measuredRuns, noEvidence } from "../silence.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const breaches: Partial<Record<RecordingReason, FindingReason>> = {
  RETENTION_SHORT: "retention_short",
  GAPS: "recording_gaps",
  NOT_RECORDING: "not_recording",
  REPLAY_FAILED_AT_30D: "replay_failed",
  STORAGE_FAULT: "storage_fault",
  CAP_BELOW_POLICY: "retention_cap",
  HISTORY_LOST: "history_lost",
  DELETED: "history_lost",
};
const doubts: Partial<Record<RecordingReason, FindingReason>> = {
  AUTH_FAILED: "access_denied",
  NO_PERMISSION: "access_denied",
  OFFLINE: "device_offline",
  CLOCK_UNKNOWN: "clock_wrong",
  CLOCK_WRONG: "clock_wrong",
  CONTRADICTION: "contradiction",
};

/**
 * The recordings of every channel reach back far enough without long gaps. The probe has judged each channel by the policy's own numbers
 * (fields/cameras.md §9); here the newest word of each recorder counts while it is fresh, and the worst channel is the centre's. What is declared and in no
 * list of recordings is unknown, however long the others keep.
 */
export function judgeDepth(rule: DepthRule, facts: Facts, nowMs: number): Judgement {
  const frame = { required: rule.days, unit: "d" };
  const newest = newestPerTarget(measuredRuns(facts.runs, rule.probe));
  if (newest.length === 0) return { ...noEvidence(facts, rule.probe), ...frame };
  // A recorder that could never be read is not proven by its neighbour.
  const read = new Set(newest.map(({ target = "" }) => target));
  const unread = newestPerTarget(facts.runs.filter(({ probe }) => probe === rule.probe)).filter(({ target = "" }) => !read.has(target));
  const fresh = newest.filter(({ atMs }) => atMs + rule.maxAgeHours * HOUR_MS >= nowMs);
  const seen = { evidence: newest.map(({ ref }) => ref), observedMs: greatest(newest.map(({ atMs }) => atMs)) };
  if (fresh.length < newest.length) return { state: "unknown", reason: "stale", ...frame, ...seen };
  const channels = fresh.flatMap(({ outcome, atMs }) => channelsOf(outcome).map((channel) => ({ channel, atMs })));
  if (channels.length === 0) return { state: "unknown", reason: "unverifiable", ...frame, ...seen };
  const listed = [
    ...channels.map(({ channel, atMs }) => partOf(channel, atMs)),
    ...unread.map(
      (run): FindingPart => ({
        subject: run.target ?? run.probe,
        state: "unknown",
        reason: noEvidence({ runs: [run] }, run.probe).reason,
        ...(run.outcome.kind !== "measured" && { detail: { outcome: run.outcome.reason } }),
      }),
    ),
  ];
  const unlisted = devicesUnlisted(
    facts,
    channels.map(({ channel }) => channel),
  );
  const parts = [...listed, ...unlisted];
  const depths = parts.flatMap(({ observed }) => (observed === undefined ? [] : [observed]));
  const { state, reason } = worstPart(parts);
  const validUntilMs = least(fresh.map(({ atMs }) => atMs)) + rule.maxAgeHours * HOUR_MS;
  const named = lowestPart(parts.filter((part) => part.state === state && part.reason === reason));
  const worst = named && channels[parts.indexOf(named)]?.channel;
  // A breach is of the channel that it names, whatever the others hold; a new one may hold less and be none.
  const observed = state === "fail" ? named?.observed : depths.length > 0 ? least(depths) : undefined;
  const detail = {
    channels: listed.length,
    bad: listed.filter((part) => part.state !== "pass").length,
    ...(worst && { channel: worst.name }),
    ...(reason === "unverifiable" && named?.detail?.doubt !== undefined && { doubt: named.detail.doubt }),
    ...(named && unlisted.includes(named) && { subject: named.subject, ...named.detail }),
    // What is proven needs no estimate beside it.
    ...(state !== "pass" && projectionDetail(worst)),
  };
  return {
    state,
    reason,
    ...frame,
    ...seen,
    ...(observed !== undefined && { observed }),
    parts,
    detail,
    ...(state === "pass" && { validUntilMs }),
  };
}

function newestPerTarget<R extends Run>(runs: readonly R[]): R[] {
  const newest = new Map<string, R>();
  for (const run of runs) if (!newest.has(run.target ?? "")) newest.set(run.target ?? "", run);
  return [...newest.values()];
}

function channelsOf(outcome: Run["outcome"]): readonly ChannelEvidence[] {
  const evidence = RecordingEvidence.safeParse(outcome.kind === "measured" ? outcome.evidence : undefined);
  return evidence.data?.channels ?? [];
}

function partOf(channel: ChannelEvidence, atMs: number): FindingPart {
  const { device, name, verdict, reasons, oldest, coveragePercent, longestGapMinutes } = channel;
  const observed = oldest === undefined ? undefined : Math.max(0, Math.floor(((atMs - Date.parse(oldest)) / DAY_MS) * 10) / 10);
  const judged = judgedOf(verdict, reasons);
  const detail = {
    ...(judged.reason === "unverifiable" && reasons[0] && { doubt: reasons[0] }),
    ...(coveragePercent !== undefined && { coverage: coveragePercent }),
    ...(longestGapMinutes !== undefined && { longestGap: longestGapMinutes }),
  };
  return { subject: `${device} ${name}`.slice(0, 128), ...judged, ...(observed !== undefined && { observed }), detail };
}

/** State and reason of one channel, by the recorder's verdict and its reasons. */
export function judgedOf(verdict: ChannelEvidence["verdict"], reasons: readonly RecordingReason[]): Pick<FindingPart, "state" | "reason"> {
  const first = <Reason extends FindingReason>(table: Partial<Record<RecordingReason, FindingReason>>, otherwise: Reason) =>
    reasons.map((reason) => table[reason]).find((reason) => reason !== undefined) ?? otherwise;
  const states = {
    COMPLIANT: { state: "pass", reason: "met" },
    NON_COMPLIANT: { state: "fail", reason: first(breaches, "retention_short") },
    TOO_YOUNG: { state: "pending", reason: "too_young" },
    UNVERIFIABLE: { state: "unknown", reason: first(doubts, "unverifiable") },
  } as const;
  return states[verdict];
}

/** The estimate of a channel's recorder, flat as details are. */
function projectionDetail(channel: ChannelEvidence | undefined): Record<string, string | number> {
  return Object.fromEntries(Object.entries(channel?.projection ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
