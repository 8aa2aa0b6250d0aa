import { z } from "zod";
import { HOURS_MAX, shiftHours } from "../../recorders/watch-memory.ts";
import { DAY_MS, type Interval } from "./segments.ts";

/** What one run leaves for the next about one channel. Pure. */

const HOUR_MS = 3_600_000;
/** Nights that the ring-buffer test looks back on; runs closer together than a night count as one. */
const RUNS_MAX = 8;
const NIGHT_MS = 20 * HOUR_MS;
/** A full ring gives up at least 20 hours for each day that it records. */
const FULL_SHARE = 20 / 24;
/** Least recorded share of an hour to be remembered as recorded, and most to be missed as deleted. */
const HOUR_FULL = 0.95;
const HOUR_LOST = 0.5;

export const ChannelMemory = z.object({
  /** Oldest recording as seen by earlier runs, oldest run first. */
  runs: z.array(z.object({ atMs: z.number(), oldestMs: z.number() })).max(RUNS_MAX),
  /** Hours (since the epoch) that were once fully recorded: first hour, and one character "1" or "0" per hour. */
  firstHour: z.int(),
  hours: z.string().max(HOURS_MAX),
  /** When a frame was last asked for inside a gap, ms. */
  gapAskedMs: z.number().optional(),
});
export type ChannelMemory = z.infer<typeof ChannelMemory>;

export const emptyMemory: ChannelMemory = { runs: [], firstHour: 0, hours: "" };

/** Reads what an earlier run left; anything odd counts as nothing. */
export function readMemory(raw: unknown): ChannelMemory {
  const parsed = ChannelMemory.safeParse(raw);
  return parsed.success ? parsed.data : emptyMemory;
}

/**
 * Ring-buffer test (fields/cameras.md §9.7): when the oldest recording moves on by at least 20 hours a day over three runs, the
 * disk is full and what it holds is final. When it stands still, the disk is still filling. A jump ahead by far more
 * than the time that passed means that history was lost.
 * @param demanded how much of a span is to be recorded, ms: a recorder that rests at night overwrites nothing then
 */
export function ringState(
  runs: ChannelMemory["runs"],
  nowMs: number,
  oldestMs: number,
  demanded: (fromMs: number, toMs: number) => number = (fromMs, toMs) => toMs - fromMs,
): "full" | "filling" | "reset" | "unknown" {
  const previous = runs.at(-1);
  if (previous && demanded(previous.oldestMs, oldestMs) > demanded(previous.atMs, nowMs) + DAY_MS) return "reset";
  const three = [...runs.filter(({ atMs }) => nowMs - atMs <= 5 * DAY_MS).slice(-2), { atMs: nowMs, oldestMs }];
  const first = three[0];
  if (three.length < 3 || !first || nowMs - first.atMs < DAY_MS) return "unknown";
  const passedMs = demanded(first.atMs, nowMs);
  if (passedMs <= 0) return "unknown";
  const movedMs = demanded(first.oldestMs, oldestMs);
  if (movedMs >= FULL_SHARE * passedMs) return "full";
  return movedMs < HOUR_MS ? "filling" : "unknown";
}

/** True when hours of the window that an earlier run saw as recorded, and that the ring has not reached yet, are missing now. */
export function hoursDeleted({ firstHour, hours }: ChannelMemory, intervals: readonly Interval[], { startMs: windowMs }: Interval): boolean {
  if (intervals[0] === undefined) return false;
  const oldestMs = Math.max(intervals[0].startMs, windowMs);
  const shares = hourShares(intervals);
  for (let index = 0; index < hours.length; index++) {
    const hour = firstHour + index;
    if (hours[index] === "1" && hour * HOUR_MS > oldestMs && (shares.get(hour) ?? 0) < HOUR_LOST) return true;
  }
  return false;
}

/** The memory after a run: its oldest recording, and all hours that were ever seen as recorded within the last 32 days. */
export function remember(before: ChannelMemory, nowMs: number, intervals: readonly Interval[]): ChannelMemory {
  const oldestMs = intervals[0]?.startMs;
  const last = before.runs.at(-1);
  const sameNight = last !== undefined && nowMs >= last.atMs && nowMs - last.atMs < NIGHT_MS;
  const runs = oldestMs === undefined || sameNight ? before.runs : [...before.runs, { atMs: nowMs, oldestMs }].slice(-RUNS_MAX);
  const shares = hourShares(intervals);
  const { firstHour, hours } = shiftHours(before.hours, before.firstHour, nowMs, "0");
  const seen = [...hours].map((mark, index) => (mark === "1" || (shares.get(firstHour + index) ?? 0) >= HOUR_FULL ? "1" : "0"));
  return { ...before, runs, firstHour, hours: seen.join("") };
}

function hourShares(intervals: readonly Interval[]): Map<number, number> {
  const shares = new Map<number, number>();
  for (const { startMs, endMs } of intervals) {
    // An absurdly long interval must not fill the memory: only its last hours matter.
    const from = Math.max(startMs, endMs - 2 * HOURS_MAX * HOUR_MS);
    for (let hour = Math.floor(from / HOUR_MS); hour * HOUR_MS < endMs; hour++) {
      const part = Math.min(endMs, (hour + 1) * HOUR_MS) - Math.max(from, hour * HOUR_MS);
      shares.set(hour, (shares.get(hour) ?? 0) + part / HOUR_MS);
    }
  }
  return shares;
}
