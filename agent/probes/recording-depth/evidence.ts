import { cleanText } from "#schemas/clean-text.ts";
import type { Reading } from "#schemas/observation.ts";
import { type ChannelEvidence, GAPS_MAX, type RecordingEvidence, type RecordingProjection, STRIP_DAYS } from "#schemas/recording-evidence.ts";
import type { RecordingPolicy } from "../../recorders/recording-policy.ts";
import { type WatchMemory, watchedPerDay } from "../../recorders/watch-memory.ts";
import type { ChannelFindings } from "./channel.ts";
import { demandedIn, recordedOf } from "./demanded.ts";
import { DAY_MS, type Interval, longestMinutes, minutesPerDay } from "./segments.ts";
import { judgeReadings, measureWindow, windowOf } from "./verdict.ts";

/** Most bytes that this probe's evidence takes: below the limit of all evidence, with room for what the runner adds. */
const BYTES_MAX = 60 * 1024;

/** What names a channel in evidence and readings. */
export type ChannelName = { readonly device: string; readonly channel: string; readonly name: string };

/** Judges a channel and writes its evidence (pure). */
export function channelEvidence(
  label: ChannelName,
  found: ChannelFindings,
  policy: RecordingPolicy,
  projection: RecordingProjection | undefined,
): ChannelEvidence {
  const { facts, rivals, method, frames, watch } = found;
  const { intervals, gapsKnown } = facts;
  const projected = (read: ChannelFindings["facts"]) => ({ ...read, projection: projection?.outlook ?? ("unknown" as const) });
  const judged = judgeReadings(projected(facts), rivals.map(projected), policy);
  // Numbers that may be off by hours, or of a list that broke off, are not shown as if they were known.
  const isRead = !judged.reasons.includes("ZONE_UNKNOWN") && (facts.listComplete || !gapsKnown);
  const newestMs = isRead ? intervals.at(-1)?.endMs : undefined;
  const isSure = rivals.every(({ recordingNow }) => recordingNow === facts.recordingNow);
  const shown: Shown = !isRead ? { perDay: [] } : gapsKnown ? listedTime(facts, policy) : watchedTime(facts, watch, policy);
  return {
    ...label,
    verdict: judged.verdict,
    reasons: [...judged.reasons],
    notes: [...judged.notes],
    method: shown.method ?? method,
    ...(judged.oldestMs === undefined ? {} : { oldest: instant(judged.oldestMs) }),
    ...(newestMs === undefined ? {} : { newest: instant(newestMs) }),
    ...(facts.recordingNow === undefined || !isSure ? {} : { recordingNow: facts.recordingNow }),
    ...(shown.coverage === undefined ? {} : { coveragePercent: Math.round(shown.coverage * 100) / 100 }),
    ...(shown.gaps === undefined ? {} : { longestGapMinutes: Math.round(longestMinutes(shown.gaps) * 10) / 10 }),
    gaps: longest(shown.gaps ?? [], GAPS_MAX),
    gapsTotal: shown.gaps?.length ?? 0,
    perDayMinutes: shown.perDay,
    ring: facts.ring,
    probes: [...frames],
    ...(projection === undefined ? {} : { projection }),
  };
}

type Shown = {
  readonly coverage?: number;
  readonly gaps?: readonly Interval[];
  readonly perDay: (number | null)[];
  readonly method?: ChannelEvidence["method"];
};

function listedTime({ intervals, nowMs }: ChannelFindings["facts"], policy: RecordingPolicy): Shown {
  return { ...measureWindow(intervals, nowMs, policy), perDay: stripOf(intervals, nowMs, policy) };
}

/** Where the recorder gives no list, what the agent saw hour by hour stands for it, under its own name. */
function watchedTime({ nowMs, watchedGaps }: ChannelFindings["facts"], watch: WatchMemory, policy: RecordingPolicy): Shown {
  if (watch.hours === "") return { perDay: [] };
  const perDay = watchedPerDay(watch, nowMs, policy.zoneMinutes * 60_000, STRIP_DAYS);
  const gaps = recordedOf(watchedGaps, demandedIn(windowOf(nowMs, policy), policy));
  return { gaps, perDay, method: "agent-history" };
}

/** Recorded minutes of demanded time on each of 31 days. */
export function stripOf(intervals: readonly Interval[], nowMs: number, policy: RecordingPolicy): number[] {
  const demanded = demandedIn({ startMs: nowMs - (STRIP_DAYS + 1) * DAY_MS, endMs: nowMs }, policy);
  return minutesPerDay(recordedOf(intervals, demanded), nowMs, policy.zoneMinutes * 60_000, STRIP_DAYS);
}

/** Evidence of a device that could not be asked: one channel "*" that nothing is known of. */
export function unaskedChannel(device: string, reason: ChannelEvidence["reasons"][number], channel = "*"): ChannelEvidence {
  return {
    device,
    channel,
    name: channel,
    verdict: "UNVERIFIABLE",
    reasons: [reason],
    notes: [],
    method: "none",
    gaps: [],
    gapsTotal: 0,
    perDayMinutes: [],
    ring: "unknown",
    probes: [],
  };
}

function longest(gaps: readonly Interval[], count: number) {
  const kept = gaps.toSorted((a, b) => b.endMs - b.startMs - (a.endMs - a.startMs)).slice(0, count);
  return kept.toSorted((a, b) => a.startMs - b.startMs).map(({ startMs, endMs }) => ({ from: instant(startMs), to: instant(endMs) }));
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Drops the shorter gaps, then frames, until the evidence fits; `gapsTotal` keeps the truth. */
export function fitEvidence(evidence: RecordingEvidence): RecordingEvidence {
  let fitted = evidence;
  for (let gapsMax = GAPS_MAX; JSON.stringify(fitted).length > BYTES_MAX; gapsMax = Math.floor(gapsMax / 2)) {
    if (gapsMax < 1) return { ...fitted, channels: fitted.channels.map((channel) => ({ ...channel, gaps: [], probes: channel.probes.slice(0, 1) })) };
    fitted = { ...fitted, channels: fitted.channels.map((channel) => ({ ...channel, gaps: longest(channel.gaps.map(parseGap), gapsMax) })) };
  }
  return fitted;
}

function parseGap({ from, to }: { from: string; to: string }): Interval {
  return { startMs: Date.parse(from), endMs: Date.parse(to) };
}

/**
 * Readings of all channels, and totals of the worst. A total stands only when every channel is decided, or when one is a breach:
 * a channel that nobody could check must not hide behind the others.
 */
export function recordingReadings(channels: readonly ChannelEvidence[], nowMs: number): Reading[] {
  const readings: Reading[] = [];
  const several = new Set(channels.map(({ device }) => device)).size > 1;
  for (const each of channels) {
    const labels = { channel: cleanText(several ? `${each.device}/${each.channel}` : each.channel) };
    for (const [metric, value] of valuesOf(each, nowMs)) readings.push({ metric, value, labels });
  }
  const breach = channels.some(({ verdict }) => verdict === "NON_COMPLIANT");
  const counted = channels.filter(({ verdict }) => verdict !== "UNVERIFIABLE");
  if (!breach && counted.length < channels.length) return readings;
  for (const metric of ["recording_depth_days", "recording_coverage_percent", "recording_longest_gap_minutes", "recording_now"] as const) {
    const values = counted.flatMap((each) => valuesOf(each, nowMs).flatMap(([name, value]) => (name === metric ? value : [])));
    if (values.length === 0) continue;
    readings.push({ metric, value: metric === "recording_longest_gap_minutes" ? Math.max(...values) : Math.min(...values) });
  }
  return readings;
}

function valuesOf(channel: ChannelEvidence, nowMs: number): [Reading["metric"], number][] {
  const { oldest, coveragePercent, longestGapMinutes, recordingNow } = channel;
  const values: [Reading["metric"], number][] = [];
  if (oldest !== undefined) values.push(["recording_depth_days", Math.max(0, (nowMs - Date.parse(oldest)) / DAY_MS)]);
  if (coveragePercent !== undefined) values.push(["recording_coverage_percent", coveragePercent]);
  if (longestGapMinutes !== undefined) values.push(["recording_longest_gap_minutes", longestGapMinutes]);
  if (recordingNow !== undefined) values.push(["recording_now", recordingNow ? 1 : 0]);
  return values;
}
