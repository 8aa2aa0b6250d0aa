import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { FindingState, Transition } from "#schemas/finding.ts";

const DAY_MS = 86_400_000;

/**
 * The worst state of each of `count` Vietnam days up to and with `lastDay`, oldest first; undefined before the first judgement.
 * `changes` are one requirement's transitions, oldest first; the last one before the window tells how it began.
 */
export function dailyStates(changes: readonly Pick<Transition, "to" | "at">[], lastDay: string, count: number): readonly (FindingState | undefined)[] {
  const lastMs = vietnamDayStartMs(lastDay);
  const atMs = changes.map(({ at }) => Date.parse(at));
  const days: (FindingState | undefined)[] = [];
  let standing: FindingState | undefined;
  let next = 0;
  // A day begins in the state that stands, and is as bad as the worst that comes; what lies before the window is one long day that nobody asks for.
  for (let left = count; left >= 0; left--) {
    const endMs = lastMs - (left - 1) * DAY_MS;
    let worst = standing;
    for (; (atMs[next] ?? Number.POSITIVE_INFINITY) < endMs; next++) {
      standing = changes[next]?.to;
      worst = worse(worst, standing);
    }
    if (left < count) days.push(worst);
  }
  return days;
}

function worse(one: FindingState | undefined, other: FindingState | undefined): FindingState | undefined {
  return worstFirst.find((state) => state === one || state === other);
}
