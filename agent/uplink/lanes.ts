import type { Lane } from "../spool/outbox.ts";

export type LaneState = { readonly waiting: Record<Lane, boolean>; readonly last: Lane; readonly backlogNotBeforeMs: number; readonly steadyMs: number };

/**
 * The lane of the next batch: what is new first, then alternately, so that an outage of days drains at half of the slots or more
 * while the present stays present. The backlog keeps to the rate that the collector allows. Undefined when nothing may go now.
 */
export function chooseLane({ waiting, last, backlogNotBeforeMs, steadyMs }: LaneState): Lane | undefined {
  const backlog = waiting.backlog && steadyMs >= backlogNotBeforeMs;
  if (waiting.live && !(backlog && last === "live")) return "live";
  return backlog ? "backlog" : undefined;
}

/** How long the backlog pauses after a batch of `count` observations at `ratePerS`, ms; a rate of 0 means a minute. */
export function backlogPauseMs(count: number, ratePerS: number): number {
  return ratePerS > 0 ? Math.min(60_000, (count / ratePerS) * 1_000) : 60_000;
}
