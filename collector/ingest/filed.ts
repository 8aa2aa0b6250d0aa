import { type Calendar, isWorkingTime, vietnamDay } from "#schemas/calendar.ts";
import type { Batch, SenderClock } from "#schemas/exchange.ts";
import type { DeviceRole } from "#schemas/inventory.ts";
import { DeviceRole as Role } from "#schemas/inventory.ts";
import type { MetricName } from "#schemas/metrics.ts";
import type { Observation, ProbeKind, Reading } from "#schemas/observation.ts";
import { correctedMs } from "./correct-time.ts";

/** An observation with the instant under which it is filed. */
export type Filed = { readonly observation: Observation; readonly takenMs: number };
export type FiledSample = { readonly metric: MetricName; readonly target: string; readonly labels: string; readonly takenMs: number; readonly value: number };
export type FiledPresence = { readonly device: string; readonly role: DeviceRole; readonly day: string };
export type FiledPeak = { readonly metric: MetricName; readonly day: string; readonly value: number };

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

/** Devices that answered in this run, with the Vietnam day. */
export function presenceOf({ observation, takenMs }: Filed): FiledPresence[] {
  const { outcome } = observation;
  if (outcome.kind !== "measured") return [];
  return outcome.readings.flatMap(({ metric, value, labels }) => {
    if (metric !== "device_up" || value !== 1 || !labels?.device) return [];
    const role = Role.safeParse(labels.role).data;
    return role ? [{ device: labels.device, role, day: vietnamDay(takenMs) }] : [];
  });
}

/** The total of Wi-Fi clients of a run in working hours: a candidate for the day's peak. */
export function peaksOf({ observation, takenMs }: Filed, calendar: Calendar): FiledPeak[] {
  const { outcome } = observation;
  if (outcome.kind !== "measured") return [];
  const totals = outcome.readings.filter(({ metric, labels }) => metric === "wifi_clients" && !labels);
  if (totals.length === 0 || !isWorkingTime(calendar, takenMs)) return [];
  return totals.map(({ metric, value }) => ({ metric, day: vietnamDay(takenMs), value }));
}
