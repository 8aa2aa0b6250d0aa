import { addWorkingMs, type Calendar, isWorkingDay, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import { settlingMs } from "#schemas/evaluate/needs.ts";
import type { FindingReason, FindingState, Transition } from "#schemas/finding.ts";
import type { Rule } from "#schemas/policy.ts";

const DAY_MS = 86_400_000;

/** A change of state as days are counted by it: a transition, or the beginning of days on which nobody judged (collector/jobs/unjudged-days.ts). */
export type DayChange = Omit<Transition, "reason"> & { readonly reason: FindingReason | "not_judged" };
/**
 * What a day counts as; `not_judged` is an unknown one, since no collector judged on it. `not_counted`: the rule looks at working time alone, and the day had none,
 * or not yet enough to be judged by itself.
 */
export type DayState = FindingState | "not_judged" | "not_counted";
/** Days of a calendar, each with how long a rule looks back, of which it is remembered when they are open. */
const SPANS_MAX = 2_000;
const spans = new WeakMap<Calendar, Map<string, DaySpan | undefined>>();
type Change = Pick<DayChange, "to" | "at" | "reason">;
/** How the days of a rule that looks at working time alone are counted up to now. */
export type WorkedDays = { readonly calendar: Calendar; readonly settlingMs: number; readonly nowMs: number };

/** From worst to best. */
const worstDayFirst: readonly DayState[] = worstFirst.flatMap((state): DayState[] => (state === "unknown" ? ["unknown", "not_judged"] : [state]));
/** States that follow from the answers of a window, wherever it begins; the others tell that answers are missing. */
const decided: ReadonlySet<DayState | undefined> = new Set(["pass", "fail"]);

/** How the days of a rule are counted; undefined where each day counts by the worst of its hours. */
export function workedDays(rule: Rule, calendar: Calendar, nowMs: number): WorkedDays | undefined {
  const ms = settlingMs(rule);
  return ms === undefined ? undefined : { calendar, settlingMs: ms, nowMs };
}

/**
 * The worst state of each of `count` Vietnam days up to and with `lastDay`, oldest first; undefined before the first judgement.
 * `changes` are one requirement's, oldest first; the last one before the window tells how it began. With `worked` days without working time are not counted,
 * and what is met or not counts by the day's own answers: as it stands once no answer of a day before can decide any more, and from then on.
 */
export function dailyStates(changes: readonly Change[], lastDay: string, count: number, worked?: WorkedDays): readonly (DayState | undefined)[] {
  const lastMs = vietnamDayStartMs(lastDay);
  const timed = changes.map((change) => ({ state: stateOf(change), atMs: Date.parse(change.at) }));
  const days: (DayState | undefined)[] = [];
  let next = 0;
  for (let left = count - 1; left >= 0; left--) {
    const startMs = lastMs - left * DAY_MS;
    const span = worked ? countedSpan(worked, startMs) : { openMs: startMs, settledMs: startMs };
    for (; (timed[next]?.atMs ?? Number.POSITIVE_INFINITY) < startMs + DAY_MS; next++);
    days.push(span ? worstOf(timed.slice(0, next), span) : timed[next - 1]?.state && "not_counted");
  }
  return days;
}

type DaySpan = { readonly openMs: number; readonly settledMs: number };

/** When a day is open, and from when on it is judged by itself; undefined where it is not counted. */
function countedSpan({ calendar, settlingMs: ms, nowMs }: WorkedDays, startMs: number): DaySpan | undefined {
  // Asked for the same days of each centre of a province.
  const known = spans.get(calendar) ?? new Map<string, DaySpan | undefined>();
  spans.set(calendar, known);
  const name = `${startMs} ${ms}`;
  if (!known.has(name)) {
    if (known.size >= SPANS_MAX) known.clear();
    known.set(name, spanOf(calendar, ms, startMs));
  }
  const span = known.get(name);
  return span && nowMs >= span.settledMs ? span : undefined;
}

function spanOf(calendar: Calendar, ms: number, startMs: number): DaySpan | undefined {
  if (!isWorkingDay(calendar, vietnamDay(startMs))) return undefined;
  return { openMs: addWorkingMs(calendar, startMs, 0), settledMs: Math.min(addWorkingMs(calendar, startMs, ms), startMs + DAY_MS - 1) };
}

/** The worst of what stands when a day is settled, of what comes after, and of what was missing since it opened. `changes` are those up to its end. */
function worstOf(changes: readonly { state: DayState | undefined; atMs: number }[], { openMs, settledMs }: DaySpan) {
  const standing = changes.findLast(({ atMs }) => atMs <= settledMs)?.state;
  // Another reason for the same state begins none.
  const begun = changes.filter(({ state, atMs }, place) => atMs >= openMs && changes[place - 1]?.state !== state);
  const later = begun.filter(({ state, atMs }) => atMs > settledMs || !decided.has(state));
  return [standing, ...later.map(({ state }) => state)].reduce(worse);
}

function stateOf({ reason, to }: Change): DayState {
  return reason === "not_judged" ? "not_judged" : to;
}

function worse(one: DayState | undefined, other: DayState | undefined): DayState | undefined {
  return worstDayFirst.find((state) => state === one || state === other);
}
