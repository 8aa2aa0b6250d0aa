import type { Batch, SenderClock } from "#schemas/exchange.ts";
import type { Observation, ProbeKind, Reading } from "#schemas/observation.ts";
import { correctedMs } from "./correct-time.ts";

/** An observation with the instant under which it is filed. */
export type Filed = { readonly observation: Observation; readonly takenMs: number };

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

/** Labels as JSON with sorted names, so that equal labels are equal text. */
export function canonicalLabels(labels: Reading["labels"]): string {
  if (!labels) return "{}";
  const names = Object.keys(labels);
  if (names.length > 1) names.sort();
  let text = "{";
  for (const name of names) text += `${text.length > 1 ? "," : ""}"${name}":${JSON.stringify(labels[name as keyof typeof labels])}`;
  return `${text}}`;
}
