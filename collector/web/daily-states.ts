import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { FindingReason, FindingState, Transition } from "#schemas/finding.ts";

const DAY_MS = 86_400_000;

/** A change of state as days are counted by it: a transition, or the beginning of days on which nobody judged (collector/jobs/unjudged-days.ts). */
export type DayChange = Omit<Transition, "reason"> & { readonly reason: FindingReason | "not_judged" };
/** What a day counts as; `not_judged` is an unknown one, since no collector judged on it. */
export type DayState = FindingState | "not_judged";

/** From worst to best. */
const worstDayFirst: readonly DayState[] = worstFirst.flatMap((state): DayState[] => (state === "unknown" ? ["unknown", "not_judged"] : [state]));

/**
 * The worst state of each of `count` Vietnam days up to and with `lastDay`, oldest first; undefined before the first judgement.
 * `changes` are one requirement's, oldest first; the last one before the window tells how it began.
 */
export function dailyStates(changes: readonly Pick<DayChange, "to" | "at" | "reason">[], lastDay: string, count: number): readonly (DayState | undefined)[] {
  const lastMs = vietnamDayStartMs(lastDay);
  const atMs = changes.map(({ at }) => Date.parse(at));
  const days: (DayState | undefined)[] = [];
  let standing: DayState | undefined;
  let next = 0;
  const isBefore = (ms: number) => (atMs[next] ?? Number.POSITIVE_INFINITY) < ms;
  for (let left = count - 1; left >= 0; left--) {
    const startMs = lastMs - left * DAY_MS;
    // A day begins in the state that stands at its first instant, and is as bad as the worst that comes.
    for (; isBefore(startMs + 1); next++) standing = stateOf(changes[next]);
    let worst = standing;
    for (; isBefore(startMs + DAY_MS); next++) {
      standing = stateOf(changes[next]);
      worst = worse(worst, standing);
    }
    days.push(worst);
  }
  return days;
}

function stateOf(change: Pick<DayChange, "to" | "reason"> | undefined): DayState | undefined {
  return change?.reason === "not_judged" ? "not_judged" : change?.to;
}

function worse(one: DayState | undefined, other: DayState | undefined): DayState | undefined {
  return worstDayFirst.find((state) => state === one || state === other);
}
