import { z } from "zod";
import type { Interval } from "./recorder.ts";

/**
 * What the agent itself saw of a channel, hour by hour (fields/cameras.md §9.10). Pure. One character an hour:
 * "." nobody asked or nobody knew, "!" not recording when asked, else the minute of the hour up to which it had recorded.
 */
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** 32 days. */
export const HOURS_MAX = 32 * 24;
const QUIET_MAX = 64;
const NOT_ASKED = ".";
const NOT_RECORDING = "!";
const MINUTE_ZERO = "0".charCodeAt(0);
/** A list may tell the newest minutes a little differently from what was said an hour before. */
const TOLERANCE_MS = 5 * MINUTE_MS;

export const WatchMemory = z.object({
  /** Hour since the epoch of the first character. */
  firstHour: z.int(),
  hours: z.string().max(HOURS_MAX),
  /** Times that surely hold nothing: from the newest recording to the instant at which it still was the newest. */
  quiet: z.array(z.object({ startMs: z.number(), endMs: z.number() })).max(QUIET_MAX),
  /** Some look found it recording, however long ago. */
  hasRecorded: z.literal(true).optional(),
});
export type WatchMemory = z.infer<typeof WatchMemory>;
export const emptyWatch: WatchMemory = { firstHour: 0, hours: "", quiet: [] };

/** Name of the memory that the probes of recordings share. */
export const recordingsMemory = "recordings";

/** Under which key the watch of a channel is kept. */
export function watchKey(device: string, channel: string): string {
  return `watch/${device}/${channel}`.slice(0, 256);
}

/** Reads what earlier looks left; anything odd counts as nothing. */
export function readWatch(raw: unknown): WatchMemory {
  return WatchMemory.safeParse(raw).data ?? emptyWatch;
}

/** Whether any look ever found the channel recording. */
export function hasSeenRecording({ hours, hasRecorded }: WatchMemory): boolean {
  return hasRecorded === true || [...hours].some((mark) => mark !== NOT_ASKED && mark !== NOT_RECORDING);
}

/** One character per hour moved to a window of 32 days that ends with the hour of `nowMs`. */
export function shiftHours(hours: string, firstHour: number, nowMs: number, filler: string): { firstHour: number; hours: string } {
  const newFirst = Math.floor(nowMs / HOUR_MS) - HOURS_MAX + 1;
  const moved = Array.from({ length: HOURS_MAX }, (_, index) => hours[index + newFirst - firstHour] ?? filler);
  return { firstHour: newFirst, hours: moved.join("") };
}

/** The memory after one look. `newestMs` is the end of the newest recording in UTC; "recording" means that it is at most `freshMs` old. */
export function witness(before: WatchMemory, nowMs: number, newestMs: number, freshMs: number): WatchMemory {
  const { firstHour, hours } = shiftHours(before.hours, before.firstHour, nowMs, NOT_ASKED);
  const marks = [...hours];
  const isRecording = newestMs >= nowMs - freshMs;
  const seenMs = Math.min(isRecording ? newestMs : nowMs, nowMs);
  const place = Math.floor(seenMs / HOUR_MS) - firstHour;
  const isKnown = marks[place] !== undefined && marks[place] !== NOT_ASKED && marks[place] !== NOT_RECORDING;
  if (place >= 0 && isRecording) marks[place] = String.fromCharCode(MINUTE_ZERO + Math.floor((seenMs % HOUR_MS) / MINUTE_MS));
  else if (place >= 0 && !isKnown) marks[place] = NOT_RECORDING;
  const hasRecorded = isRecording || hasSeenRecording(before);
  const quiet = isRecording ? kept(before.quiet, firstHour) : kept(lengthened(before.quiet, newestMs, nowMs), firstHour);
  return { firstHour, hours: marks.join(""), quiet, ...(hasRecorded && { hasRecorded }) };
}

function lengthened(quiet: WatchMemory["quiet"], newestMs: number, nowMs: number): WatchMemory["quiet"] {
  const last = quiet.at(-1);
  // A recorder that tells only the last hours names a new "newest" at each look; what overlaps is one quiet time.
  const goesOn = last !== undefined && newestMs <= last.endMs + MINUTE_MS && newestMs >= last.startMs - MINUTE_MS;
  return [...(goesOn ? quiet.slice(0, -1) : quiet), { startMs: goesOn ? last.startMs : newestMs, endMs: nowMs }];
}

function kept(quiet: WatchMemory["quiet"], firstHour: number): WatchMemory["quiet"] {
  return quiet.filter(({ endMs }) => endMs > firstHour * HOUR_MS).slice(-QUIET_MAX);
}

/** True when a minute of the window that was seen as recorded, and that is younger than the oldest recording, stands in no list any more. */
export function witnessLost({ firstHour, hours }: WatchMemory, intervals: readonly Interval[], { startMs: windowMs }: Interval): boolean {
  if (intervals[0] === undefined) return false;
  const oldestMs = Math.max(intervals[0].startMs, windowMs);
  return [...hours].some((mark, index) => {
    if (mark === NOT_ASKED || mark === NOT_RECORDING) return false;
    const atMs = (firstHour + index) * HOUR_MS + (mark.charCodeAt(0) - MINUTE_ZERO) * MINUTE_MS;
    // Younger than the newest of the list is not lost but not yet listed.
    if (atMs <= oldestMs + HOUR_MS || atMs >= (intervals.at(-1)?.endMs ?? 0)) return false;
    return !intervals.some(({ startMs, endMs }) => startMs - TOLERANCE_MS <= atMs && atMs <= endMs + TOLERANCE_MS);
  });
}

/**
 * Recorded minutes of each of the last `days` calendar days as the watch saw them: the share of the looks that found it recording.
 * `null` for a day of fewer than 12 looks.
 */
export function watchedPerDay({ firstHour, hours }: WatchMemory, nowMs: number, zoneMs: number, days: number): (number | null)[] {
  const firstDay = Math.floor((nowMs + zoneMs) / (24 * HOUR_MS)) - days + 1;
  const looks = Array.from({ length: days }, () => ({ asked: 0, recording: 0 }));
  for (const [index, mark] of [...hours].entries()) {
    const day = looks[Math.floor(((firstHour + index) * HOUR_MS + zoneMs) / (24 * HOUR_MS)) - firstDay];
    if (day === undefined || mark === NOT_ASKED) continue;
    day.asked += 1;
    if (mark !== NOT_RECORDING) day.recording += 1;
  }
  return looks.map(({ asked, recording }) => (asked < 12 ? null : Math.round((1440 * recording) / asked)));
}
