import { z } from "zod";
import { Code } from "./ids.ts";

const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** Working time of the counters as yearly data: weekly sessions, holidays (with Tết), swapped working days. Times are Asia/Ho_Chi_Minh. */
export const Calendar = z.strictObject({
  id: Code,
  timeZone: z.literal("Asia/Ho_Chi_Minh"),
  /** ISO weekdays, 1 = Monday. */
  weekdays: z.array(z.int().min(1).max(7)).min(1),
  sessions: z.array(z.strictObject({ from: ClockTime, to: ClockTime })).min(1),
  holidays: z.array(z.strictObject({ from: z.iso.date(), to: z.iso.date(), name: z.string() })),
  /** Weekend days that are worked instead of another day. */
  workedDays: z.array(z.iso.date()),
});
export type Calendar = z.infer<typeof Calendar>;

/** Asia/Ho_Chi_Minh is UTC+7 without daylight saving since 1975. */
export const VIETNAM_OFFSET_MS = 7 * 3_600_000;
const DAY_MS = 86_400_000;

/** Vietnam day of an instant as `YYYY-MM-DD`. */
export function vietnamDay(atMs: number): string {
  const day = Math.floor((atMs + VIETNAM_OFFSET_MS) / DAY_MS);
  // Asked for each run that comes, nearly always for the day of the one before.
  if (day !== asked.day) asked = { day, text: new Date(day * DAY_MS).toISOString().slice(0, 10) };
  return asked.text;
}
let asked = { day: Number.NaN, text: "" };

/** Start of a Vietnam day (`YYYY-MM-DD`) in ms since the epoch. */
export function vietnamDayStartMs(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`) - VIETNAM_OFFSET_MS;
}

/** The last millisecond of a Vietnam day. */
export function endOfDayMs(day: string): number {
  return vietnamDayStartMs(day) + DAY_MS - 1;
}

/** The first Vietnam day of the month that lies so many months before the one of an instant. */
export function firstDayOfMonth(atMs: number, monthsBefore: number): string {
  const [year = 0, month = 1] = vietnamDay(atMs).split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 - monthsBefore)).toISOString().slice(0, 10);
}

/** The Vietnam day so many days after one; before it where they are negative. */
export function dayAfter(day: string, days = 1): string {
  return vietnamDay(vietnamDayStartMs(day) + days * DAY_MS);
}

/** The Vietnam days from one to another, both included; none when the second lies before the first. */
export function daysBetween(firstDay: string, lastDay: string): string[] {
  const days: string[] = [];
  for (let day = firstDay; day <= lastDay; day = dayAfter(day)) days.push(day);
  return days;
}

/** Whether the counters work on that Vietnam day at all. */
export function isWorkingDay(calendar: Calendar, day: string): boolean {
  if (calendar.workedDays.includes(day)) return true;
  if (calendar.holidays.some(({ from, to }) => from <= day && day <= to)) return false;
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
  return calendar.weekdays.includes(weekday);
}

/** Whether an instant lies inside a session of a working day; the end of a session is outside. */
export function isWorkingTime(calendar: Calendar, atMs: number): boolean {
  const local = new Date(atMs + VIETNAM_OFFSET_MS).toISOString();
  const time = local.slice(11, 16);
  return isWorkingDay(calendar, local.slice(0, 10)) && calendar.sessions.some(({ from, to }) => from <= time && time < to);
}

/** The last `count` working days that ended or began before `atMs`, newest first, the current day included. Looks back two years at most. */
export function workingDaysBefore(calendar: Calendar, atMs: number, count: number): string[] {
  const days: string[] = [];
  for (let back = 0; back < 731 && days.length < count; back++) {
    const day = vietnamDay(atMs - back * DAY_MS);
    if (isWorkingDay(calendar, day)) days.push(day);
  }
  return days;
}

/** The last `count` working days without working time to come, newest first: only these speak against a device that did not answer. */
export function workingDaysOver(calendar: Calendar, atMs: number, count: number): string[] {
  const isOpen = workingMsBetween(calendar, atMs, endOfDayMs(vietnamDay(atMs))) > 0;
  return workingDaysBefore(calendar, atMs, isOpen ? count + 1 : count).slice(isOpen ? 1 : 0);
}

/** Milliseconds of working time between two instants; 0 when `toMs` is not after `fromMs`. Spans of more than two years count as two years. */
export function workingMsBetween(calendar: Calendar, fromMs: number, toMs: number): number {
  let total = 0;
  let startMs = vietnamDayStartMs(vietnamDay(fromMs));
  for (let ahead = 0; ahead < 731 && startMs < toMs; ahead++, startMs += DAY_MS) {
    if (!isWorkingDay(calendar, vietnamDay(startMs))) continue;
    for (const { from, to } of calendar.sessions) total += Math.max(0, Math.min(toMs, startMs + clockMs(to)) - Math.max(fromMs, startMs + clockMs(from)));
  }
  return total;
}

/** The instant at which `workMs` of working time have passed since `fromMs`; two years later at most. */
export function addWorkingMs(calendar: Calendar, fromMs: number, workMs: number): number {
  let left = workMs;
  let day = vietnamDay(fromMs);
  for (let ahead = 0; ahead < 731; ahead++) {
    const startMs = vietnamDayStartMs(day);
    for (const { from, to } of isWorkingDay(calendar, day) ? calendar.sessions : []) {
      const beginMs = Math.max(fromMs, startMs + clockMs(from));
      const sessionMs = Math.max(0, startMs + clockMs(to) - beginMs);
      if (sessionMs >= left) return beginMs + left;
      left -= sessionMs;
    }
    day = vietnamDay(startMs + DAY_MS);
  }
  return fromMs + 731 * DAY_MS;
}

/** The spans of working time that end at `untilMs` and last `workMs` together, newest first; looks back two years at most. */
export function workingSpansBefore(calendar: Calendar, untilMs: number, workMs: number): { fromMs: number; toMs: number }[] {
  const spans: { fromMs: number; toMs: number }[] = [];
  let left = workMs;
  for (let back = 0; back < 731 && left > 0; back++) {
    const day = vietnamDay(untilMs - back * DAY_MS);
    const startMs = vietnamDayStartMs(day);
    for (const { from, to } of isWorkingDay(calendar, day) ? [...calendar.sessions].reverse() : []) {
      const toMs = Math.min(untilMs, startMs + clockMs(to));
      const fromMs = Math.max(startMs + clockMs(from), toMs - left);
      if (fromMs >= toMs || left <= 0) continue;
      spans.push({ fromMs, toMs });
      left -= toMs - fromMs;
    }
  }
  return spans;
}

/** End of the `count`-th working day after `day`, ms since the epoch. */
export function endOfWorkingDayAfter(calendar: Calendar, day: string, count: number): number {
  let left = count;
  let atMs = vietnamDayStartMs(day);
  for (let ahead = 0; ahead < 731 && left > 0; ahead++) {
    atMs += DAY_MS;
    if (isWorkingDay(calendar, vietnamDay(atMs))) left--;
  }
  return atMs + DAY_MS;
}

function clockMs(time: string): number {
  return (Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))) * 60_000;
}
