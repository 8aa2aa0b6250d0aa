import { type Calendar, dayAfter, endOfWorkingDayAfter, isWorkingDay, vietnamDay, vietnamDayStartMs } from "../calendar.ts";
import type { Duty, KeptDuty, Rhythm } from "../duty.ts";

/** One turn of a duty: from its first day it can be done, by its due day it should be, at `closesMs` it is late. */
export type Turn = { readonly first: string; readonly last: string; readonly dueDay: string; readonly closesMs: number };

/** A turn with what was written of it. A late one may have a record that came too late. */
export type RecordedTurn = Turn & { readonly state: "due" | "done" | "skipped" | "late"; readonly record?: KeptDuty };

/** Turns further back are not looked for: a year of days. */
const STEPS_MAX = 400;

/**
 * The turns of a duty that were still in time on `sinceDay` and have begun by `nowMs`, newest first: those that are open, and the last `closedMax` of
 * those that are closed. A day without work, or a week of holidays, is no turn; one that is due on such a day is due on the next working day.
 */
export function turnsOf({ rhythm, graceDays, from }: Duty, calendar: Calendar, sinceDay: string, nowMs: number, closedMax: number): Turn[] {
  const turns: Turn[] = [];
  let closed = 0;
  let day = vietnamDay(nowMs);
  for (let step = 0; step < STEPS_MAX && closed < closedMax; step++) {
    const turn = turnAround(day, rhythm, graceDays, calendar);
    if (turn.closesMs <= vietnamDayStartMs(sinceDay) || turn.dueDay < from) break;
    day = dayAfter(turn.first, -1);
    if (!hasWork(turn, calendar)) continue;
    turns.push(turn);
    if (turn.closesMs <= nowMs) closed++;
  }
  return turns;
}

/**
 * The turns of a duty that count at an instant, newest first, each with what was written of it. `records` are those of the whole list, newest first:
 * from the day of a centre's first record on it keeps the list, and nothing is asked of it for the time before.
 */
export function recordedTurns(duty: Duty, calendar: Calendar, records: readonly KeptDuty[], nowMs: number): RecordedTurn[] {
  const first = records.at(-1);
  const sinceDay = vietnamDay(first === undefined ? nowMs : Date.parse(first.at));
  const own = records.filter((record) => record.duty === duty.id);
  return turnsOf(duty, calendar, sinceDay, nowMs, duty.breach.of).map((turn) => recordedTurn(turn, duty, own, nowMs));
}

/** The turn that begins on a day, if it has begun by `nowMs`; undefined when none begins on it. */
export function turnFrom(first: string, { rhythm, graceDays, from }: Duty, calendar: Calendar, nowMs: number): Turn | undefined {
  const turn = turnAround(first, rhythm, graceDays, calendar);
  return turn.first === first && first <= vietnamDay(nowMs) && turn.dueDay >= from && hasWork(turn, calendar) ? turn : undefined;
}

/** The first turn of a duty that begins after the one of `nowMs`. */
export function nextTurn({ rhythm, graceDays }: Duty, calendar: Calendar, nowMs: number): Turn {
  let turn = turnAround(vietnamDay(nowMs), rhythm, graceDays, calendar);
  for (let step = 0; step < STEPS_MAX; step++) {
    turn = turnAround(dayAfter(turn.last), rhythm, graceDays, calendar);
    if (hasWork(turn, calendar)) break;
  }
  return turn;
}

/** What was written of a turn by `nowMs`. `records` are those of its duty, newest first. The first word after the last withdrawal decides whether it was in time. */
export function recordedTurn(turn: Turn, { proof }: Duty, records: readonly KeptDuty[], nowMs: number): RecordedTurn {
  const own = records.filter((record) => record.turn === turn.first && Date.parse(record.at) <= nowMs && (!proof || isProven(record)));
  const withdrawn = own.findIndex(({ state }) => state === "withdrawn");
  const standing = withdrawn < 0 ? own : own.slice(0, withdrawn);
  const [record] = standing;
  if (!record) return { ...turn, state: nowMs < turn.closesMs ? "due" : "late" };
  const isInTime = Date.parse(standing.at(-1)?.at ?? "") < turn.closesMs;
  return { ...turn, state: isInTime && record.state !== "withdrawn" ? record.state : "late", record };
}

/** Whether a record that needs a proof has one; what was skipped has nothing to prove. */
export function isProven({ state, proofSha256, document }: Pick<KeptDuty, "state" | "proofSha256" | "document">): boolean {
  return state !== "done" || proofSha256 !== undefined || document !== undefined;
}

function turnAround(day: string, rhythm: Rhythm, graceDays: number, calendar: Calendar): Turn {
  const { first, last } = spanAround(day, rhythm);
  const wished = rhythm.every === "day" ? first : dayAfter(first, rhythm.by - 1);
  let [dueDay = last] = [wished, last].sort();
  // A term that ends on a day off ends with the next working day (Civil Code 2015, art. 148).
  for (let ahead = 0; ahead < 60 && !isWorkingDay(calendar, dueDay); ahead++) dueDay = dayAfter(dueDay);
  return { first, last, dueDay, closesMs: endOfWorkingDayAfter(calendar, dueDay, graceDays) };
}

function spanAround(day: string, { every }: Rhythm): { first: string; last: string } {
  if (every === "day") return { first: day, last: day };
  if (every === "week") {
    const first = dayAfter(day, 1 - (new Date(`${day}T00:00:00Z`).getUTCDay() || 7));
    return { first, last: dayAfter(first, 6) };
  }
  const first = `${day.slice(0, 8)}01`;
  // 31 days after the first of a month is always in the next one.
  return { first, last: dayAfter(`${dayAfter(first, 31).slice(0, 8)}01`, -1) };
}

function hasWork({ first, last }: Turn, calendar: Calendar): boolean {
  for (let day = first; day <= last; day = dayAfter(day)) if (isWorkingDay(calendar, day)) return true;
  return false;
}
