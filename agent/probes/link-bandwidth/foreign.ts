import { HEADER_FACTOR } from "#schemas/measure.ts";
import type { Estimate } from "./estimator.ts";
import type { Counters } from "./surroundings.ts";
import type { Direction } from "./transfer.ts";

/** The interface's counters and our own count at one moment. Their clocks may differ: an upload is counted by the server. */
export type Mark = { readonly counters: Counters; readonly progress: { readonly atMs: number; readonly bytes: number } };

/** Closer marks than this say nothing. */
const SPAN_MS_MIN = 300;
const FRESH_SHARE = 0.8;

/**
 * Pure. Traffic of others in the test's direction between two marks: the interface's rate less our own on the wire; never below zero.
 * Rates and not bytes are subtracted, because the two counts are taken at slightly different moments of a steady flow.
 */
export function foreignMbps(direction: Direction, from: Mark | undefined, to: Mark | undefined): number | undefined {
  if (!from || !to) return undefined;
  const [spanMs, ownSpanMs] = [to.counters.atMs - from.counters.atMs, to.progress.atMs - from.progress.atMs];
  if (spanMs < SPAN_MS_MIN || ownSpanMs < SPAN_MS_MIN) return undefined;
  const moved = direction === "download" ? to.counters.receivedBytes - from.counters.receivedBytes : to.counters.sentBytes - from.counters.sentBytes;
  const own = (to.progress.bytes - from.progress.bytes) * HEADER_FACTOR;
  // Some routers renew their counters every few seconds only: then they have not even seen our own bytes.
  if (moved < own * FRESH_SHARE) return undefined;
  return Math.max(0, ((moved / spanMs - own / ownSpanMs) * 8) / 1000);
}

/** Others took so little that the verdict does not hang on them. */
const FOREIGN_SHARE = 0.02;
/** Two counts of a flow that wavers, taken at slightly different moments: standard error of the difference, as a share of it. */
const FOREIGN_ERROR = 0.05;

/** Whether others took enough of the line for the result to hang on it. */
export function isShared(foreignMbps: number | undefined, ownMbps: number): boolean {
  return foreignMbps !== undefined && foreignMbps > FOREIGN_SHARE * ownMbps;
}

/** Pure. The rate of the line: our own and what others took meanwhile. Its error grows by what is not known exactly of theirs. */
export function withForeign(own: Estimate, foreignMbps: number | undefined): Estimate {
  if (foreignMbps === undefined || !isShared(foreignMbps, own.linkMbps)) return own;
  return {
    ...own,
    linkMbps: own.linkMbps + foreignMbps,
    standardErrorMbps: Math.hypot(own.standardErrorMbps, FOREIGN_ERROR * foreignMbps),
  };
}
