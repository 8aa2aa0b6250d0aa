import { vietnamDayStartMs } from "#schemas/calendar.ts";
import type { FindingState, Transition } from "#schemas/finding.ts";
import { worstState } from "./standing.ts";

const DAY_MS = 86_400_000;

/**
 * The worst state of each of `count` Vietnam days up to and with `lastDay`, oldest first; undefined before the first judgement.
 * `changes` are one requirement's transitions, oldest first; the last one before the window tells how it began.
 */
export function dailyStates(changes: readonly Pick<Transition, "to" | "at">[], lastDay: string, count: number): readonly (FindingState | undefined)[] {
  const lastMs = vietnamDayStartMs(lastDay);
  return Array.from({ length: count }, (_, index) => {
    const startMs = lastMs - (count - 1 - index) * DAY_MS;
    const before = changes.findLast(({ at }) => Date.parse(at) < startMs);
    const within = changes.filter(({ at }) => Date.parse(at) >= startMs && Date.parse(at) < startMs + DAY_MS);
    const states = [...(before ? [before] : []), ...within].map(({ to }) => ({ state: to }));
    return states.length === 0 ? undefined : worstState(states);
  });
}
