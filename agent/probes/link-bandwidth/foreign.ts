import type { DirectionResult } from "./direction.ts";
import { HEADER_FACTOR } from "./estimator.ts";
import type { Counters } from "./surroundings.ts";

/**
 * Pure. Traffic of others in the test's direction, from the interface's counters less our own bytes on the wire; never below zero.
 * The counters also cover connecting and the end of the run, so the mean is over the run itself.
 */
export function foreignMbps(
  before: Counters | undefined,
  after: Counters | undefined,
  run: Pick<DirectionResult, "direction" | "bytes" | "elapsedMs">,
): number | undefined {
  if (!before || !after || run.elapsedMs <= 0) return undefined;
  const moved = run.direction === "download" ? after.receivedBytes - before.receivedBytes : after.sentBytes - before.sentBytes;
  return Math.max(0, ((moved - run.bytes * HEADER_FACTOR) * 8) / (run.elapsedMs * 1000));
}
