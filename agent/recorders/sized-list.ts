import type { RecordedList, SizedInterval } from "./recorder.ts";

/** A vendor's list of pieces as the shared type. Pure. */
export function listOf(pieces: readonly SizedInterval[], complete: boolean, basis: RecordedList["basis"]): RecordedList {
  return {
    intervals: pieces.map(({ startMs, endMs, bytes }) => ({ startMs, endMs, bytes })),
    claimedOldestMs: undefined,
    claimedNewestMs: undefined,
    gapsKnown: true,
    complete,
    basis,
  };
}

/** How far back the newest recording is looked for, ms: an hourly look must see the whole hour before it. */
export const NEWEST_SPAN_MS = 2 * 3_600_000;

/** The end of the newest piece, at most now; the beginning of the search when it found nothing, undefined when it broke off. Pure. */
export function newestEnd({ intervals, complete }: RecordedList, nowMs: number): number | undefined {
  if (!complete) return undefined;
  return Math.min(
    nowMs,
    intervals.reduce((newest, { endMs }) => Math.max(newest, endMs), nowMs - NEWEST_SPAN_MS),
  );
}
