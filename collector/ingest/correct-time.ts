import type { SenderClock } from "#schemas/exchange.ts";
import { CLOCK_OK_MS, type Observation } from "#schemas/observation.ts";

/** Oldest and newest instant that an observation may have, seen from its arrival, ms. Outside of it the time says nothing. */
export const PAST_MAX_MS = 45 * 86_400_000;
export const FUTURE_MAX_MS = 600_000;

/**
 * When an observation was really taken, ms since the epoch. A clock that the agent itself calls `ok` is believed. Else the monotonic
 * clock decides when the sender still runs in the same boot, and after that the wall clock's offset at sending.
 * Undefined when the result lies outside of what can be true.
 */
export function correctedMs(
  observation: Pick<Observation, "takenAt" | "uptimeMs" | "bootId" | "clock">,
  receivedMs: number,
  sender?: SenderClock,
): number | undefined {
  const rawMs = Date.parse(observation.takenAt);
  const takenMs = observation.clock === "ok" || !sender ? rawMs : Math.round(bySender(observation, rawMs, receivedMs, sender));
  return takenMs >= receivedMs - PAST_MAX_MS && takenMs <= receivedMs + FUTURE_MAX_MS ? takenMs : undefined;
}

function bySender({ uptimeMs, bootId }: Pick<Observation, "uptimeMs" | "bootId">, rawMs: number, receivedMs: number, sender: SenderClock): number {
  const ageMs = sender.uptimeMs - uptimeMs;
  if (sender.bootId === bootId && ageMs >= 0) return receivedMs - ageMs;
  const offsetMs = receivedMs - sender.wallMs;
  return Math.abs(offsetMs) <= CLOCK_OK_MS ? rawMs : rawMs + offsetMs;
}
