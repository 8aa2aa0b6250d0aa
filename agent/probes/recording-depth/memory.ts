import { z } from "zod";
import { DAY_MS, type Interval } from "./segments.ts";

/** What one run leaves for the next about one channel. Pure. */

const HOUR_MS = 3_600_000;
/** Hours of history that are kept: 32 days. */
const HOURS_MAX = 32 * 24;
/** Nights that the ring-buffer test looks back on; runs closer together than a night count as one. */
const RUNS_MAX = 8;
const NIGHT_MS = 20 * HOUR_MS;
/** Least recorded share of an hour to be remembered as recorded, and most to be missed as deleted. */
const HOUR_FULL = 0.95;
const HOUR_LOST = 0.5;

export const ChannelMemory = z.object({
  /** Oldest recording as seen by earlier runs, oldest run first. */
  runs: z.array(z.object({ atMs: z.number(), oldestMs: z.number() })).max(RUNS_MAX),
  /** Hours (since the epoch) that were once fully recorded: first hour, and one character "1" or "0" per hour. */
  firstHour: z.int(),
  hours: z.string().max(HOURS_MAX),
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
 */
export function ringState(runs: ChannelMemory["runs"], nowMs: number, oldestMs: number): "full" | "filling" | "reset" | "unknown" {
  const previous = runs.at(-1);
  if (previous && oldestMs - previous.oldestMs > nowMs - previous.atMs + DAY_MS) return "reset";
  const three = [...runs.filter(({ atMs }) => nowMs - atMs <= 5 * DAY_MS).slice(-2), { atMs: nowMs, oldestMs }];
  const first = three[0];
  if (three.length < 3 || !first) return "unknown";
  const passedDays = (nowMs - first.atMs) / DAY_MS;
  if (passedDays < 1) return "unknown";
  const movedHours = (oldestMs - first.oldestMs) / HOUR_MS;
  if (movedHours >= 20 * passedDays) return "full";
  return movedHours < 1 ? "filling" : "unknown";
}

/** True when hours that an earlier run saw as recorded, and that the ring has not reached yet, are missing now. */
export function hoursDeleted({ firstHour, hours }: ChannelMemory, intervals: readonly Interval[]): boolean {
  const oldestMs = intervals[0]?.startMs;
  if (oldestMs === undefined) return false;
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
  const firstHour = Math.floor(nowMs / HOUR_MS) - HOURS_MAX + 1;
  const shares = hourShares(intervals);
  let hours = "";
  for (let hour = firstHour; hour < firstHour + HOURS_MAX; hour++) {
    const seen = before.hours[hour - before.firstHour] === "1";
    hours += seen || (shares.get(hour) ?? 0) >= HOUR_FULL ? "1" : "0";
  }
  return { runs, firstHour, hours };
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
