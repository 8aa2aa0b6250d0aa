import { SEGMENT_BYTES } from "#schemas/measure.ts";
import type { Sample } from "./estimator.ts";

/** One round trip beside the transfer: when it began and how long it took. */
export type RoundTrip = { readonly atMs: number; readonly rttMs: number };

/** A part of a run with the same number of streams throughout, slow start left out. */
export type Stage = {
  readonly linkMbps: number;
  readonly samples: readonly Sample[];
  /** How much longer each round trip took than on the idle line: the queue that the test has built. */
  readonly queuesMs: readonly number[];
};

/** A full line fills its queue. A round trip that grew by less says that the queue was empty. */
const QUEUE_MS = 10;
/** The line was full only when its queue stood nearly all the time: while it is empty, the line has room. */
const STANDING_SHARE = 0.9;
const ROUND_TRIPS_MIN = 5;
/** More streams must bring at least this much more before TCP counts as the limit. */
const GAIN = 1.05;
/** Fewer segments sent again are not loss but the odd full buffer. */
const LOSS_SHARE = 1e-4;
/** On a line that drops because it is full, three times the streams lose several times as much; random loss stays what it was. */
const LOSS_GROWTH = 3;
/** Slow start overshoots, and what it lost is repeated for some round trips: loss is counted in the last part of a stage. */
const LOSS_WINDOW_MS = 700;

/** Whether the line's queue stood full throughout: then what was measured is the line's own rate. False when too few round trips are known. */
export function isQueueStanding(queuesMs: readonly number[]): boolean {
  return queuesMs.length >= ROUND_TRIPS_MIN && queuesMs.filter((queueMs) => queueMs >= QUEUE_MS).length >= STANDING_SHARE * queuesMs.length;
}

/** Share of segments that were sent again in the last part of a stage; undefined where the system does not tell. */
export function lossShare(samples: readonly Sample[], windowMs = LOSS_WINDOW_MS): number | undefined {
  let [ms, bytes, resent] = [0, 0, 0];
  for (const sample of samples.toReversed()) {
    if (sample.resent === undefined) return undefined;
    if (ms >= windowMs) break;
    ms += sample.ms;
    bytes += sample.bytes;
    resent += sample.resent;
  }
  return bytes > 0 ? resent / (bytes / SEGMENT_BYTES) : undefined;
}

/**
 * Pure. Whether TCP and not the line was the limit of a run that first had a few streams and then three times as many.
 * TCP slows down at each lost segment (RFC 5681), so random loss holds a stream below the line's rate, and more streams bring more.
 * A full line shows by its standing queue, or, where it drops instead of queueing, by losing more the more streams there are.
 */
export function isTcpLimited(few: Stage, many: Stage): boolean {
  if (isQueueStanding(many.queuesMs)) return false;
  const [lossOfFew, lossOfMany] = [lossShare(few.samples), lossShare(many.samples)];
  const hasGained = many.linkMbps > GAIN * few.linkMbps;
  if (lossOfFew === undefined || lossOfMany === undefined) return hasGained;
  if (lossOfMany < LOSS_SHARE) return hasGained;
  return lossOfMany < LOSS_GROWTH * Math.max(lossOfFew, LOSS_SHARE);
}
