import { FRAME_BYTES } from "#schemas/measure.ts";
import { type Estimate, interval } from "./estimator.ts";
import type { Counters } from "./surroundings.ts";
import type { Direction } from "./transfer.ts";

/** The interface's counters and our own count at one moment. Their clocks may differ: an upload is counted by the server. */
export type Mark = {
  readonly counters: Counters;
  readonly progress: { readonly atMs: number; readonly bytes: number };
  /** Segments that this PC had sent again by then, where the system tells: in an upload they left it, too, and are nobody else's traffic. */
  readonly resent?: number | undefined;
};

/** Closer marks than this say nothing. */
const SPAN_MS_MIN = 300;
const FRESH_SHARE = 0.8;

/** Traffic of others through the line during a test: surely `leastMbps`, possibly `mostMbps`. */
export type Foreign = { readonly leastMbps: number; readonly mostMbps: number };

/**
 * Pure. What others took between the mark behind slow start and the last one. Of a PC's own interface nobody knows what went through the line: a
 * recorder in the same LAN, say, uses none of it. A router may renew its counters so seldom that behind slow start they tell of a moment before it:
 * since before the test they count too little then, so the lesser of both is sure.
 */
export function foreignOf(
  direction: Direction,
  headerFactor: number,
  { idle, ramped, last }: { readonly idle: Counters | undefined; readonly ramped: Mark | undefined; readonly last: Mark | undefined },
): Foreign | undefined {
  const beyondMbps = foreignMbps(direction, headerFactor, ramped, last);
  if (beyondMbps === undefined || last === undefined) return undefined;
  const againMbps = direction === "upload" ? resentMbps(ramped, last) : 0;
  // A router may have dropped what was sent again before it was counted; a PC has counted all of it.
  if (!last.counters.isLine) return { leastMbps: 0, mostMbps: Math.max(0, beyondMbps - againMbps) };
  const mostMbps = beyondMbps;
  if (idle === undefined) return { leastMbps: 0, mostMbps };
  const sinceIdle = { counters: idle, progress: { atMs: last.progress.atMs - (last.counters.atMs - idle.atMs), bytes: 0 } };
  return { leastMbps: Math.max(0, Math.min(mostMbps, foreignMbps(direction, headerFactor, sinceIdle, last) ?? 0) - againMbps), mostMbps };
}

/** What was sent again between two marks, Mbps on the wire. */
function resentMbps(from: Mark | undefined, to: Mark): number {
  if (from?.resent === undefined || to.resent === undefined) return 0;
  return (Math.max(0, to.resent - from.resent) * FRAME_BYTES * 8) / ((to.counters.atMs - from.counters.atMs) * 1000);
}

/**
 * Pure. Traffic of others in the test's direction between two marks: the interface's rate less our own on the wire; never below zero.
 * Rates and not bytes are subtracted, because the two counts are taken at slightly different moments of a steady flow.
 */
export function foreignMbps(direction: Direction, headerFactor: number, from: Mark | undefined, to: Mark | undefined): number | undefined {
  if (!from || !to) return undefined;
  const [spanMs, ownSpanMs] = [to.counters.atMs - from.counters.atMs, to.progress.atMs - from.progress.atMs];
  if (spanMs < SPAN_MS_MIN || ownSpanMs < SPAN_MS_MIN) return undefined;
  const moved = direction === "download" ? to.counters.receivedBytes - from.counters.receivedBytes : to.counters.sentBytes - from.counters.sentBytes;
  const own = (to.progress.bytes - from.progress.bytes) * headerFactor;
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

/** Pure. The rate of the line: our own and what others surely took meanwhile, up to what they may have taken. Its error grows by what is not known exactly of theirs. Where the rate fell, they may be why. */
export function withForeign(own: Estimate, foreign: Foreign | undefined): Estimate {
  if (foreign === undefined || !isShared(foreign.mostMbps, own.linkMbps)) return own;
  const upToMbps = own.fell?.upToMbps ?? own.upToMbps;
  const plus = (mbps: number): Estimate => ({
    ...own,
    linkMbps: own.linkMbps + mbps,
    standardErrorMbps: Math.hypot(own.standardErrorMbps, FOREIGN_ERROR * mbps),
    ...(upToMbps !== undefined && { upToMbps: upToMbps + mbps }),
  });
  return { ...plus(foreign.leastMbps), upToMbps: interval(plus(foreign.mostMbps)).highMbps };
}
