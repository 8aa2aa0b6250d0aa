import { vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Transition } from "#schemas/finding.ts";
import type { DayChange } from "../web/daily-states.ts";

const DAY_MS = 86_400_000;

/** What a requirement counts as on a day. */
export type DayWord = Pick<DayChange, "to" | "reason">;
/** A Vietnam day on which nobody judged a centre. */
export type UnjudgedDay = {
  readonly day: string;
  /** What its evidence says when it is judged afterwards, by requirement; what is missing is not known. */
  readonly afterwards: ReadonlyMap<string, DayWord>;
  /** When all was judged for the first time on the day after it, if it was. */
  readonly resumedMs?: number | undefined;
};

const NOT_JUDGED: DayWord = { to: "unknown", reason: "not_judged" };

/**
 * The changes that days without a judge bring into the history of centres, by their codes: no state is carried over such a day, and the one that follows begins
 * in what was judged first on it. A requirement that was never judged before, or was on the day itself, has none. `changes` are oldest first.
 */
export function fillUnjudged(changes: readonly Transition[], unjudged: ReadonlyMap<string, readonly UnjudgedDay[]>): DayChange[] {
  const pairs = Map.groupBy(changes, ({ centre, requirement }) => `${centre} ${requirement}`);
  return [...pairs.values()].flatMap((own) => fillsOf(own, unjudged.get(own[0]?.centre ?? "") ?? []));
}

/** Changes together with those of the days without a judge, oldest first; of one instant the latter stand first. */
export function withFills(changes: readonly Transition[], fills: readonly DayChange[]): readonly DayChange[] {
  return fills.length === 0 ? changes : [...fills, ...changes].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function fillsOf(own: readonly Transition[], days: readonly UnjudgedDay[]): DayChange[] {
  const [first] = own;
  if (!first) return [];
  const { centre, requirement } = first;
  const timed = own.map((change) => ({ ...change, atMs: Date.parse(change.at) }));
  const within = (fromMs: number, toMs: number) => timed.find(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const empty = days
    .map((one) => ({ ...one, startMs: vietnamDayStartMs(one.day), word: one.afterwards.get(requirement) ?? NOT_JUDGED }))
    .filter(({ startMs }) => (timed[0]?.atMs ?? startMs) < startMs && !within(startMs, startMs + DAY_MS));
  const change = ({ to, reason }: DayWord, atMs: number): DayChange => ({ centre, requirement, to, reason, at: new Date(atMs).toISOString() });
  return empty.flatMap(({ startMs, word, resumedMs }, place) => {
    const [before, after, endMs] = [empty[place - 1], empty[place + 1], startMs + DAY_MS];
    const goesOn = before?.startMs === startMs - DAY_MS && before.word.to === word.to && before.word.reason === word.reason;
    const begun = goesOn ? [] : [change(word, startMs)];
    if (after?.startMs === endMs) return begun;
    const next = within(endMs, (resumedMs ?? endMs + DAY_MS) + 1) ?? timed.findLast(({ atMs }) => atMs < startMs);
    return next ? [...begun, change(next, endMs)] : begun;
  });
}
