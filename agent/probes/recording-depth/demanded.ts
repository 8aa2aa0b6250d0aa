import type { RecordingPolicy } from "../../recorders/recording-policy.ts";
import { clip, DAY_MS, gapsOf, type Interval, lengthMs, merge } from "./segments.ts";

/** When recording is demanded. Pure; times in UTC, ms. */

type Hours = Pick<RecordingPolicy, "recordingMode" | "schedule" | "zoneMinutes">;
const MINUTE_MS = 60_000;

/** The parts of a window in which the policy demands recording: all of it, or the hours of its schedule. */
export function demandedIn(window: Interval, { recordingMode, schedule, zoneMinutes }: Hours): Interval[] {
  if (recordingMode !== "schedule" || schedule === undefined) return [window];
  const zoneMs = zoneMinutes * MINUTE_MS;
  const firstDay = Math.floor((window.startMs + zoneMs) / DAY_MS);
  const lastDay = Math.floor((window.endMs + zoneMs) / DAY_MS);
  const pieces: Interval[] = [];
  for (let day = firstDay; day <= lastDay; day++) {
    // The first day of the epoch was a Thursday.
    const weekday = ((day + 3) % 7) + 1;
    const midnightMs = day * DAY_MS - zoneMs;
    for (const { weekdays, from, to } of schedule)
      if (weekdays.includes(weekday)) pieces.push({ startMs: midnightMs + minutesOf(from) * MINUTE_MS, endMs: midnightMs + minutesOf(to) * MINUTE_MS });
  }
  return clip(merge(pieces), window);
}

/** How long recording is demanded between two instants, ms; negative when they are the other way round. */
export function demandedMs(fromMs: number, toMs: number, hours: Hours): number {
  return fromMs <= toMs ? lengthMs(demandedIn({ startMs: fromMs, endMs: toMs }, hours)) : -demandedMs(toMs, fromMs, hours);
}

/** What of the recorded time lies in demanded time. */
export function recordedOf(intervals: readonly Interval[], demanded: readonly Interval[]): Interval[] {
  return demanded.flatMap((piece) => clip(intervals, piece));
}

/** The holes in demanded time, in order. */
export function holesOf(intervals: readonly Interval[], demanded: readonly Interval[]): Interval[] {
  return demanded.flatMap((piece) => gapsOf(intervals, piece));
}

/** Recorded share of demanded time, 0 to 100 %; 100 when nothing is demanded. */
export function coverageOf(intervals: readonly Interval[], demanded: readonly Interval[]): number {
  const whole = lengthMs(demanded);
  return whole <= 0 ? 100 : (100 * lengthMs(recordedOf(intervals, demanded))) / whole;
}

function minutesOf(clockTime: string): number {
  const [hours = 0, minutes = 0] = clockTime.split(":").map(Number);
  return hours * 60 + minutes;
}
