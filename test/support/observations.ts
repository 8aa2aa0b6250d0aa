import type { SpooledObservation } from "../../agent/spool/rows.ts";

/** A small valid observation, `index` seconds after the start of a day. */
export function observation(index: number, more: Partial<SpooledObservation> = {}): SpooledObservation {
  return {
    probe: "link-quality",
    takenAt: new Date(Date.UTC(2026, 10, 28) + index * 1_000).toISOString(),
    uptimeMs: index * 1_000,
    bootId: "boot-a",
    clock: "ok",
    elapsedMs: 12,
    outcome: { kind: "measured", readings: [{ metric: "loss_percent", value: index % 100 }] },
    ...more,
  };
}
