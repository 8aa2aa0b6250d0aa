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
  const timed = changes.map(({ to, at }) => ({ state: to, atMs: Date.parse(at) }));
  let next = 0;
  /** Takes the changes before an instant that were not taken yet. */
  const takeBefore = (ms: number) => {
    const from = next;
    while ((timed[next]?.atMs ?? Number.POSITIVE_INFINITY) < ms) next++;
    return timed.slice(from, next);
  };
  let standing = takeBefore(lastMs - (count - 1) * DAY_MS).slice(-1);
  return Array.from({ length: count }, (_, index) => {
    const states = [...standing, ...takeBefore(lastMs - (count - 2 - index) * DAY_MS)];
    standing = states.slice(-1);
    return states.length === 0 ? undefined : worstState(states);
  });
}
