import type { RecordingNote, RecordingProjection, RecordingReason, RecordingVerdict } from "#schemas/recording-evidence.ts";
import type { ClockVerdict } from "../../recorders/clock.ts";
import type { RecordingPolicy } from "../../recorders/recording-policy.ts";
import { coverageOf, demandedIn, holesOf, recordedOf } from "./demanded.ts";
import { DAY_MS, type Interval, longestMinutes } from "./segments.ts";

/** Everything that decides on one channel. Pure data; times in UTC, ms. */
export type ChannelFacts = {
  readonly nowMs: number;
  readonly clock: ClockVerdict;
  /** Labels were off by the zone, and a search both ways confirmed by how much. */
  readonly zoneConfirmed: boolean;
  readonly serialChanged: boolean;
  readonly mode: "continuous" | "event" | "unknown";
  /** False when the recorder itself says that this channel is not being recorded. */
  readonly enabled: boolean | undefined;
  readonly storageFault: boolean;
  /** The recorder's clock was wrong within the window: what was recorded then is listed under other times. */
  readonly clockWasWrong: boolean;
  readonly capDays: number | undefined;
  /** Merged. Only a span from first to last when `gapsKnown` is false. */
  readonly intervals: readonly Interval[];
  readonly gapsKnown: boolean;
  readonly listComplete: boolean;
  /** The recorder's own word for its oldest data differs by more than an hour from its list. */
  readonly claimsDiffer: boolean;
  readonly invalidStamps: boolean;
  /** A frame out of a recording that the list claims did not come. */
  readonly sampleFailed: boolean;
  /** A frame came out of a gap that the list claims: its gaps prove nothing. */
  readonly gapFilled: boolean;
  readonly recordingNow: boolean | undefined;
  readonly replay: ReplayResult;
  readonly ring: "full" | "filling" | "reset" | "unknown";
  /** The start of the recordings is known from elsewhere: installation, repair, the disk's own date. */
  readonly startExplained: boolean;
  /** Minutes that were seen as recorded in an earlier run are missing now. */
  readonly deleted: boolean;
  /** Times that the agent's own hourly watch saw without a recording. */
  readonly watchedGaps: readonly Interval[];
  readonly projection: RecordingProjection["outlook"];
};

/**
 * Result of asking for the frame at the far end of the window. `not_due`: no data is claimed there.
 * `later` tells where data really begins.
 */
export type ReplayResult =
  | { readonly kind: "frame" | "implied" | "none" | "not_due" | "unavailable" | "busy" }
  | { readonly kind: "later"; readonly frameUtcMs: number };

export type Judgement = {
  readonly verdict: RecordingVerdict;
  readonly reasons: readonly RecordingReason[];
  readonly notes: readonly RecordingNote[];
  readonly oldestMs: number | undefined;
};

/**
 * Verdict of one channel by fields/cameras.md §9: breaches first, then what keeps the proof from being whole.
 * Only a channel without any breach or doubt is COMPLIANT.
 */
export function judgeChannel(facts: ChannelFacts, policy: RecordingPolicy): Judgement {
  const oldestMs = provenOldest(facts);
  const notes = notesOf(facts);
  const say = (verdict: RecordingVerdict, ...reasons: RecordingReason[]): Judgement => ({ verdict, reasons, notes, oldestMs });
  if (facts.serialChanged) return say("UNVERIFIABLE", "CHANGED_DEVICE");

  // Broken disks and a cap too low are breaches whatever the clock says.
  const certain: RecordingReason[] = [];
  if (facts.storageFault) certain.push("STORAGE_FAULT");
  if (facts.capDays !== undefined && facts.capDays < policy.days) certain.push("CAP_BELOW_POLICY");
  const doubt = doubtOfTime(facts, policy);
  if (doubt) return certain.length > 0 ? say("NON_COMPLIANT", ...certain) : say("UNVERIFIABLE", doubt);

  const depth = depthReasons(facts, policy, oldestMs);
  const breaches = [...certain, ...presenceReasons(facts, policy, oldestMs), ...depth.breaches];
  if (facts.clockWasWrong && breaches.length > 0 && breaches.every((reason) => movedByClock.has(reason))) return say("UNVERIFIABLE", "CLOCK_WRONG");
  if (breaches.length > 0) return say("NON_COMPLIANT", ...breaches);
  if (depth.young) return say("TOO_YOUNG");
  const missing = missingProof(facts);
  return missing ? say("UNVERIFIABLE", missing) : say("COMPLIANT");
}

/** Breaches that recordings under wrong times look like. */
const movedByClock: ReadonlySet<RecordingReason> = new Set(["GAPS", "DELETED"]);

/**
 * Verdict where the recorder's labels can be read in several ways: only what all of them say stands. A verdict that hangs on the reading
 * is UNVERIFIABLE. The oldest is the youngest that any reading has: recordings surely reach back to it.
 */
export function judgeReadings(facts: ChannelFacts, rivals: readonly ChannelFacts[], policy: RecordingPolicy): Judgement {
  const judged = judgeChannel(facts, policy);
  const others = rivals.map((rival) => judgeChannel(rival, policy));
  const shared = judged.reasons.filter((reason) => others.every(({ reasons }) => reasons.includes(reason)));
  const isSame = others.every(({ verdict }) => verdict === judged.verdict) && (shared.length > 0 || judged.reasons.length === 0);
  const starts = [judged, ...others].flatMap((reading) => reading.oldestMs ?? []);
  const oldestMs = starts.length > 0 ? Math.max(...starts) : undefined;
  if (isSame) return { ...judged, reasons: shared, oldestMs };
  return { verdict: "UNVERIFIABLE", reasons: ["ZONE_UNKNOWN"], notes: judged.notes, oldestMs };
}

/** Doubts that make every statement about what is missing worthless. */
function doubtOfTime(facts: ChannelFacts, policy: RecordingPolicy): RecordingReason | undefined {
  if (facts.clock === "wrong" || (facts.clock === "zone_mislabelled" && !facts.zoneConfirmed)) return "CLOCK_WRONG";
  if (facts.clock === "unknown") return "CLOCK_UNKNOWN";
  // Recording on motion leaves gaps that are no fault; where the plan wants all hours, nothing can be said.
  if (facts.mode === "event" && policy.recordingMode !== "event") return "EVENT_MODE";
  // What a list that broke off leaves out may well be recorded.
  return facts.gapsKnown && !facts.listComplete ? "INCOMPLETE" : undefined;
}

function presenceReasons(facts: ChannelFacts, policy: RecordingPolicy, oldestMs: number | undefined): RecordingReason[] {
  const reasons: RecordingReason[] = [];
  const { nowMs, intervals, gapsKnown } = facts;
  if (facts.recordingNow === false && facts.mode !== "event") reasons.push("NOT_RECORDING");
  const newestMs = intervals.at(-1)?.endMs;
  if (gapsKnown && oldestMs !== undefined && newestMs !== undefined && policy.recordingMode !== "event" && !facts.gapFilled) {
    // What is missing before the oldest is short retention and after the newest is "not recording": neither is a gap.
    const window = windowOf(nowMs, policy);
    const demanded = demandedIn({ startMs: Math.max(window.startMs, oldestMs), endMs: Math.min(window.endMs, newestMs) }, policy);
    const longest = longestMinutes(holesOf(intervals, demanded));
    if (coverageOf(intervals, demanded) < policy.coveragePercentMin || longest > policy.longestGapMinutesMax) reasons.push("GAPS");
  }
  if (!gapsKnown && policy.recordingMode !== "event" && watchedGap(facts, policy) > policy.longestGapMinutesMax) reasons.push("GAPS");
  if (facts.deleted) reasons.push("DELETED");
  if (facts.replay.kind === "none" || facts.replay.kind === "later") reasons.push("REPLAY_FAILED_AT_30D");
  return reasons;
}

/** The longest gap in demanded time that the agent itself saw, minutes. */
function watchedGap({ nowMs, watchedGaps }: ChannelFacts, policy: RecordingPolicy): number {
  return longestMinutes(recordedOf(watchedGaps, demandedIn(windowOf(nowMs, policy), policy)));
}

/** Too little history is a breach, unless it is still growing from a start that somebody can explain. */
function depthReasons(facts: ChannelFacts, policy: RecordingPolicy, oldestMs: number | undefined): { breaches: RecordingReason[]; young: boolean } {
  const fine = { breaches: [], young: false };
  const replayed = facts.replay.kind === "later";
  if (oldestMs === undefined || replayed || oldestMs <= neededFrom(facts.nowMs, policy)) return fine;
  if (facts.ring === "full") return { breaches: ["RETENTION_SHORT"], young: false };
  if (facts.startExplained) return { breaches: [], young: true };
  if (facts.ring === "reset") return { breaches: ["HISTORY_LOST"], young: false };
  // Before the ring-buffer test has its nights, both stand: too little is kept, and nobody explains since when.
  return { breaches: facts.ring === "filling" ? ["HISTORY_LOST"] : ["RETENTION_SHORT", "HISTORY_LOST"], young: false };
}

/** Nothing is wrong; what is still missing for a proof? */
function missingProof(facts: ChannelFacts): RecordingReason | undefined {
  if (facts.intervals.length === 0) return "NO_API";
  if (facts.replay.kind === "busy") return "DEVICE_BUSY";
  if (!facts.gapsKnown) return "OLDEST_ONLY";
  const replayed = facts.replay.kind === "frame" || facts.replay.kind === "implied";
  if (facts.sampleFailed || facts.gapFilled || (facts.claimsDiffer && facts.replay.kind !== "frame")) return "CONTRADICTION";
  if (!replayed || facts.recordingNow === undefined) return "NO_API";
  return undefined;
}

/** Where data really begins: the replayed frame is trusted over the recorder's list. */
function provenOldest({ intervals, replay }: ChannelFacts): number | undefined {
  return replay.kind === "later" ? replay.frameUtcMs : intervals[0]?.startMs;
}

function notesOf(facts: ChannelFacts): RecordingNote[] {
  const notes: RecordingNote[] = [];
  if (facts.claimsDiffer || facts.sampleFailed || facts.gapFilled || facts.replay.kind === "later") notes.push("CONTRADICTION");
  if (facts.invalidStamps) notes.push("INVALID_TIMESTAMP");
  if (facts.mode === "event") notes.push("EVENT_MODE");
  if (facts.enabled === false) notes.push("SWITCHED_OFF");
  if (facts.clock === "zone_mislabelled") notes.push("ZONE_MISLABELLED");
  if (facts.clock === "warn") notes.push("CLOCK_DRIFTS");
  if (facts.ring === "unknown") notes.push("RING_UNTESTED");
  return notes;
}

/** The window that must be recorded: from the required age to a little before now, since recorders write with delay. */
export function windowOf(nowMs: number, policy: Pick<RecordingPolicy, "days" | "freshMinutes">): Interval {
  return { startMs: nowMs - policy.days * DAY_MS, endMs: nowMs - policy.freshMinutes * 60_000 };
}

/** The first instant of the window at which recording was demanded: recordings must reach back to it. */
export function neededFrom(nowMs: number, policy: RecordingPolicy): number {
  const window = windowOf(nowMs, policy);
  return demandedIn(window, policy)[0]?.startMs ?? window.startMs;
}

/** The last instant of the window at which recording was demanded: the newest recording must reach it. */
export function neededUntil(nowMs: number, policy: RecordingPolicy): number {
  const window = windowOf(nowMs, policy);
  return demandedIn(window, policy).at(-1)?.endMs ?? window.startMs;
}

/** Coverage of demanded time and its holes as they are reported: holes lie between the oldest recording and the window's end. */
export function measureWindow(intervals: readonly Interval[], nowMs: number, policy: RecordingPolicy): { coverage: number; gaps: Interval[] } {
  const window = windowOf(nowMs, policy);
  const startMs = Math.max(window.startMs, intervals.find(({ endMs }) => endMs > window.startMs)?.startMs ?? window.startMs);
  return { coverage: coverageOf(intervals, demandedIn(window, policy)), gaps: holesOf(intervals, demandedIn({ ...window, startMs }, policy)) };
}
