import type { Batch, SenderClock } from "#schemas/exchange.ts";
import type { MetricName } from "#schemas/metrics.ts";
import type { Observation, ProbeKind, Reading } from "#schemas/observation.ts";
import { correctedMs } from "./correct-time.ts";

/** An observation with the instant under which it is filed. */
export type Filed = { readonly observation: Observation; readonly takenMs: number };
export type FiledSample = { readonly metric: MetricName; readonly target: string; readonly labels: string; readonly takenMs: number; readonly value: number };

/** What one batch becomes in the store. */
export type FiledBatch = {
  readonly observations: readonly Filed[];
  /** Numbers whose time cannot be true; kept as they came. */
  readonly unfiled: readonly Observation[];
  readonly probes: ReadonlySet<ProbeKind>;
};

/** Gives each observation of a batch its instant, or puts it aside. */
export function fileBatch(batch: Batch, receivedMs: number, sender?: SenderClock): FiledBatch {
  const observations: Filed[] = [];
  const unfiled: Observation[] = [];
  for (const observation of batch.observations) {
    const takenMs = correctedMs(observation, receivedMs, sender);
    if (takenMs === undefined) unfiled.push(observation);
    else observations.push({ observation, takenMs });
  }
  return { observations, unfiled, probes: new Set(observations.map(({ observation }) => observation.probe)) };
}

/** One sample per reading of a measured outcome. `labels` is JSON with sorted keys, so that equal labels are equal text. */
export function samplesOf({ observation, takenMs }: Filed): FiledSample[] {
  const { outcome, target = "" } = observation;
  if (outcome.kind !== "measured") return [];
  return outcome.readings.map(({ metric, value, labels }) => ({ metric, target, labels: canonicalLabels(labels), takenMs, value }));
}

function canonicalLabels(labels: Reading["labels"]): string {
  if (!labels) return "{}";
  return JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));
}
