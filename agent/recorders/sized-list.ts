import type { Interval, ListBasis, RecordedList } from "./recorder.ts";

/** A piece of a recording with its size, where the recorder tells it. */
export type SizedInterval = Interval & { readonly bytes: number | undefined };

/** A vendor's list of pieces as the shared type. The sum of bytes stands only when every piece has a size. Pure. */
export function listOf(pieces: readonly SizedInterval[], complete: boolean, basis: ListBasis): RecordedList {
  const sizes = pieces.flatMap(({ bytes }) => bytes ?? []);
  return {
    intervals: pieces.map(({ startMs, endMs }) => ({ startMs, endMs })),
    claimedOldestMs: undefined,
    claimedNewestMs: undefined,
    gapsKnown: true,
    complete,
    basis,
    bytes: pieces.length > 0 && sizes.length === pieces.length ? sizes.reduce((sum, size) => sum + size, 0) : undefined,
  };
}

/** How far back the newest recording is looked for, ms: an hourly look must see the whole hour before it. */
export const NEWEST_SPAN_MS = 2 * 3_600_000;

/** The end of the newest piece, at most now; the beginning of the search when it found nothing. Pure. */
export function newestEnd({ intervals }: RecordedList, nowMs: number): number {
  return Math.min(
    nowMs,
    intervals.reduce((newest, { endMs }) => Math.max(newest, endMs), nowMs - NEWEST_SPAN_MS),
  );
}
