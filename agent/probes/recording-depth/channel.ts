import type { ChannelEvidence, FrameEvidence } from "#schemas/recording-evidence.ts";
import { DeviceError } from "../../io/device-error.ts";
import { SoapFault, saysUnsupported } from "../../io/soap.ts";
import type { ClockVerdict } from "../../recorders/clock.ts";
import type { RecordedList, Recorder, RecorderChannel } from "../../recorders/recorder.ts";
import type { RecordingPolicy } from "../../recorders/recording-policy.ts";
import { type WatchMemory, witnessLost } from "../../recorders/watch-memory.ts";
import { demandedMs, holesOf } from "./demanded.ts";
import { type ChannelMemory, hoursDeleted, ringState } from "./memory.ts";
import { bytesPerDay } from "./projection.ts";
import { farInstant, frameEvidence, frameUtc, judgeFrame, sampleInstants } from "./replay.ts";
import { DAY_MS, EARLIEST_PLAUSIBLE_MS, type Interval, looksEventDriven, merge, plausible } from "./segments.ts";
import { type ChannelFacts, neededFrom, neededUntil, type ReplayResult, windowOf } from "./verdict.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** The far frame is asked for this much inside the window, so that the ring does not overtake the question. */
const FAR_MARGIN_MS = 30 * MINUTE_MS;
/** How near to the beginning of a history lies what explains it. */
export const EXPLAINS_MS = 2 * DAY_MS;
/** How often a frame is asked for inside a gap, and the shortest gap that is worth it. */
const GAP_EVERY_MS = 6.5 * DAY_MS;
const GAP_ASKED_MS = 10 * MINUTE_MS;

/** What holds for all channels of one recorder in one run. */
export type RecorderFacts = {
  readonly nowMs: number;
  readonly policy: RecordingPolicy;
  readonly clock: ClockVerdict;
  readonly labelOffsetMs: number;
  /** Other offsets that the recorder's labels may have as well. */
  readonly rivalOffsetsMs: readonly number[];
  readonly zoneConfirmed: boolean;
  readonly serialChanged: boolean;
  readonly storageFault: boolean;
  /** Its clock was wrong within the window, and is right now. */
  readonly clockWasWrong: boolean;
  /** Its disks have room left: nothing was overwritten yet. */
  readonly hasRoom: boolean;
  /** Instants that explain a young history. */
  readonly explainedMs: readonly number[];
};

/** Facts of one channel, with what else its evidence wants to tell. */
export type ChannelFindings = {
  readonly facts: Omit<ChannelFacts, "projection">;
  /** The same channel as the rival offsets would have it. */
  readonly rivals: readonly Omit<ChannelFacts, "projection">[];
  readonly method: ChannelEvidence["method"];
  readonly frames: readonly FrameEvidence[];
  readonly bytesPerDay: number | undefined;
  /** What the hourly watch saw. */
  readonly watch: WatchMemory;
  /** A frame inside a gap was asked for in this run. */
  readonly gapAsked: boolean;
};

/** Asks a recorder everything about one channel. @throws DeviceError, SoapFault */
export async function examineChannel(
  recorder: Recorder,
  channel: RecorderChannel,
  all: RecorderFacts,
  memory: ChannelMemory,
  watch: WatchMemory,
): Promise<ChannelFindings> {
  const { nowMs, policy, labelOffsetMs, rivalOffsetsMs } = all;
  const fromMs = nowMs - (policy.days + 1) * DAY_MS;
  const list = await recorder.recorded(channel.channel, fromMs + Math.min(labelOffsetMs, ...rivalOffsetsMs), nowMs + labelOffsetMs);
  const read = await timeFacts(recorder, channel, list, all, memory, watch);
  const { intervals } = read;
  const frames: FrameEvidence[] = [];
  const far = await replayFar(recorder, channel.channel, intervals, all, frames);
  const sampleFailed = list.gapsKnown && all.clock !== "unknown" && (await samplesFail(recorder, channel.channel, intervals, all, frames));
  const replay = isPlaybackMissing(far, frames) ? { kind: "unavailable" as const } : far;
  const gap = list.gapsKnown && all.clock !== "unknown" ? await replayGap(recorder, channel.channel, intervals, all, memory, frames) : undefined;
  const facts = {
    ...read,
    nowMs,
    clock: all.clock,
    zoneConfirmed: all.zoneConfirmed,
    serialChanged: all.serialChanged,
    enabled: channel.enabled,
    storageFault: all.storageFault,
    clockWasWrong: all.clockWasWrong,
    capDays: channel.capDays,
    gapsKnown: list.gapsKnown,
    listComplete: list.complete,
    sampleFailed,
    gapFilled: gap === "filled",
    replay,
    watchedGaps: watch.quiet,
  };
  const rivals: ChannelFindings["rivals"][number][] = [];
  // Where only days are told, hours change nothing.
  for (const offsetMs of list.basis === "isapi-days" ? [] : rivalOffsetsMs) {
    const rival = await timeFacts(recorder, channel, list, { ...all, labelOffsetMs: offsetMs }, memory, watch);
    rivals.push({ ...facts, ...rival });
  }
  return { facts, rivals, method: list.basis, frames, bytesPerDay: bytesPerDay(list.intervals, nowMs + labelOffsetMs), watch, gapAsked: gap !== undefined };
}

type TimeFacts = Pick<ChannelFacts, "intervals" | "claimsDiffer" | "invalidStamps" | "recordingNow" | "mode" | "ring" | "startExplained" | "deleted">;

/** What a list says when its labels are ahead of UTC by the offset given. */
async function timeFacts(
  recorder: Recorder,
  channel: RecorderChannel,
  list: RecordedList,
  all: RecorderFacts,
  memory: ChannelMemory,
  watch: WatchMemory,
): Promise<TimeFacts> {
  const { nowMs, policy } = all;
  const { intervals, claimedNewestMs, claimsDiffer, invalidStamps } = await readSpan(recorder, channel.channel, list, all);
  const newestMs = Math.max(intervals.at(-1)?.endMs ?? 0, claimedNewestMs ?? 0);
  const oldestMs = intervals[0]?.startMs;
  const ring = oldestMs === undefined ? "unknown" : ringState(memory.runs, nowMs, oldestMs, (fromMs, toMs) => demandedMs(fromMs, toMs, policy));
  const shaped = list.gapsKnown && looksEventDriven(intervals, windowOf(nowMs, policy), policy.eventPiecesPerDay, policy.coveragePercentMin);
  return {
    intervals,
    claimsDiffer,
    invalidStamps,
    recordingNow: recordingNow(newestMs, list, all),
    mode: channel.mode === "unknown" && shaped ? "event" : channel.mode,
    // The nights' test goes first: disks of several groups fill one by one.
    ring: ring === "unknown" && all.hasRoom ? "filling" : ring,
    startExplained: oldestMs !== undefined && all.explainedMs.some((startMs) => Math.abs(startMs - oldestMs) <= EXPLAINS_MS),
    // What is older than the window may go: no ring gives up its files in the order of the clock alone.
    deleted: list.gapsKnown && (hoursDeleted(memory, intervals, windowOf(nowMs, policy)) || witnessLost(watch, intervals, windowOf(nowMs, policy))),
  };
}

type Span = { intervals: Interval[]; claimedNewestMs: number | undefined; claimsDiffer: boolean; invalidStamps: boolean };

/** The list in UTC, without impossible times, and how it agrees with the recorder's own claim of its oldest data. */
async function readSpan(recorder: Recorder, channel: string, list: RecordedList, all: RecorderFacts): Promise<Span> {
  const { nowMs, policy, labelOffsetMs } = all;
  const latestMs = nowMs + policy.clockSkewSecondsMax * 1000;
  const toUtc = ({ startMs, endMs }: Interval) => ({ startMs: startMs - labelOffsetMs, endMs: endMs - labelOffsetMs });
  const kept = plausible(list.intervals.map(toUtc), latestMs);
  const claims = [list.claimedOldestMs, list.claimedNewestMs].map((ms) => (ms === undefined ? undefined : ms - labelOffsetMs));
  const sane = claims.map((ms) => (ms !== undefined && ms >= EARLIEST_PLAUSIBLE_MS && ms <= latestMs ? ms : undefined));
  const [oldestMs, newestMs] = sane;
  const invalidStamps = kept.dropped > 0 || claims.some((ms, index) => ms !== sane[index]);
  let intervals = merge(kept.intervals, policy.mergeGapSeconds * 1000);
  if (!list.gapsKnown && intervals.length === 0 && newestMs !== undefined) {
    // The claim of the oldest is impossible: look for the oldest that there really is.
    const foundMs = await bisectOldest(recorder, channel, nowMs - (policy.days + 1) * DAY_MS, newestMs, labelOffsetMs);
    if (foundMs !== undefined) intervals = [{ startMs: foundMs, endMs: newestMs }];
  }
  const first = intervals[0]?.startMs;
  // A list that begins at the question's own start cannot contradict an older claim.
  const atEdge = first !== undefined && first <= nowMs - (policy.days + 1) * DAY_MS + HOUR_MS;
  const claimsDiffer =
    list.gapsKnown && first !== undefined && oldestMs !== undefined && (atEdge ? oldestMs > first + HOUR_MS : Math.abs(oldestMs - first) > HOUR_MS);
  return { intervals, claimedNewestMs: newestMs, claimsDiffer, invalidStamps };
}

/** Halves the span until the oldest instant with data is known to 90 minutes; undefined when the device cannot be asked so. */
async function bisectOldest(recorder: Recorder, channel: string, fromMs: number, newestMs: number, labelOffsetMs: number): Promise<number | undefined> {
  if (!recorder.existsAt) return undefined;
  let [emptyMs, fullMs] = [fromMs, newestMs - MINUTE_MS];
  try {
    if (await recorder.existsAt(channel, fromMs + labelOffsetMs)) return fromMs;
    if (!(await recorder.existsAt(channel, fullMs + labelOffsetMs))) return undefined;
    while (fullMs - emptyMs > 90 * MINUTE_MS) {
      const middleMs = Math.floor((emptyMs + fullMs) / 2);
      if (await recorder.existsAt(channel, middleMs + labelOffsetMs)) fullMs = middleMs;
      else emptyMs = middleMs;
    }
    return fullMs;
  } catch (error) {
    if (saysUnsupported(error) || error instanceof SoapFault) return undefined;
    throw error;
  }
}

function recordingNow(newestMs: number, list: RecordedList, { nowMs, policy, clock }: RecorderFacts): boolean | undefined {
  if (clock === "unknown" || clock === "wrong") return undefined;
  if (newestMs === 0 && !list.gapsKnown) return undefined;
  const isFresh = newestMs >= neededUntil(nowMs, policy);
  return isFresh || list.complete ? isFresh : undefined;
}

async function replayFar(
  recorder: Recorder,
  channel: string,
  intervals: readonly Interval[],
  all: RecorderFacts,
  frames: FrameEvidence[],
): Promise<ReplayResult> {
  const neededMs = neededFrom(all.nowMs, all.policy);
  const oldestMs = intervals[0]?.startMs;
  if (oldestMs === undefined) return { kind: "not_due" };
  // What is too short is still shown: the oldest picture that can be fetched.
  const isDue = oldestMs <= neededMs;
  const targetMs = farInstant(intervals, Math.max(neededMs, oldestMs), FAR_MARGIN_MS);
  if (targetMs === undefined) return { kind: "not_due" };
  try {
    const frame = await recorder.frameAt(channel, targetMs + all.labelOffsetMs);
    if (frame === undefined) return { kind: isDue ? "unavailable" : "not_due" };
    frames.push(frameEvidence("oldest", frame, targetMs, all.labelOffsetMs));
    const result = judgeFrame(frame, targetMs, all.labelOffsetMs);
    return isDue || result.kind === "later" ? result : { kind: "not_due" };
  } catch (error) {
    return replayTrouble(error);
  }
}

/** Where samples were asked for as well and everything is "not found", it is the address of playback that does not exist. */
function isPlaybackMissing({ kind }: ReplayResult, frames: readonly FrameEvidence[]): boolean {
  return kind === "none" && frames.length > 1 && frames.every(({ rtspStatus }) => rtspStatus === 404);
}

/** A recorder that is busy or hangs up during playback is no proof of missing recordings; other troubles are the run's. */
function replayTrouble(error: unknown): ReplayResult {
  if (!(error instanceof DeviceError)) throw error;
  if (error.trouble === "device_busy") return { kind: "busy" };
  if (error.trouble === "auth_failed" || error.trouble === "refused" || error.trouble === "unsupported") return { kind: "unavailable" };
  if (error.trouble === "bad_reply" || error.trouble === "malformed") return { kind: "unavailable" };
  return { kind: "busy" };
}

/** True when a frame inside claimed recordings does not come. A recorder without playback, or one that is busy, fails nothing. */
async function samplesFail(recorder: Recorder, channel: string, intervals: readonly Interval[], all: RecorderFacts, frames: FrameEvidence[]): Promise<boolean> {
  const { nowMs, policy, labelOffsetMs } = all;
  let failed = false;
  for (const targetMs of sampleInstants(intervals, policy.replaySamples, Math.floor(nowMs / 1000) ^ hash(channel))) {
    try {
      const frame = await recorder.frameAt(channel, targetMs + labelOffsetMs);
      if (frame === undefined) return failed;
      frames.push(frameEvidence("sample", frame, targetMs, labelOffsetMs));
      const { kind } = judgeFrame(frame, targetMs, labelOffsetMs);
      failed ||= kind === "none" || kind === "later";
    } catch (error) {
      replayTrouble(error);
      return failed;
    }
  }
  return failed;
}

/**
 * Once a week asks for a frame in the middle of the longest gap: replay must jump over it. Undefined when it was not asked.
 * A frame without a time of its own tells nothing.
 */
async function replayGap(
  recorder: Recorder,
  channel: string,
  intervals: readonly Interval[],
  all: RecorderFacts,
  memory: ChannelMemory,
  frames: FrameEvidence[],
): Promise<"filled" | "jumped" | "unknown" | undefined> {
  const { nowMs, labelOffsetMs } = all;
  if (memory.gapAskedMs !== undefined && nowMs - memory.gapAskedMs < GAP_EVERY_MS) return undefined;
  const first = intervals[0]?.startMs ?? nowMs;
  const gaps = holesOf(intervals, [{ startMs: first, endMs: intervals.at(-1)?.endMs ?? nowMs }]);
  const gap = gaps.toSorted((a, b) => b.endMs - b.startMs - (a.endMs - a.startMs))[0];
  if (gap === undefined || gap.endMs - gap.startMs < GAP_ASKED_MS) return undefined;
  const targetMs = Math.floor((gap.startMs + gap.endMs) / 2);
  try {
    const frame = await recorder.frameAt(channel, targetMs + labelOffsetMs);
    if (frame === undefined) return undefined;
    frames.push(frameEvidence("gap", frame, targetMs, labelOffsetMs));
    const utcMs = frameUtc(frame, targetMs, labelOffsetMs);
    if (utcMs === undefined) return "unknown";
    return utcMs > gap.startMs + MINUTE_MS && utcMs < gap.endMs - MINUTE_MS ? "filled" : "jumped";
  } catch (error) {
    replayTrouble(error);
    return undefined;
  }
}

function hash(text: string): number {
  return [...text].reduce((sum, character) => (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) | 0, 7);
}
