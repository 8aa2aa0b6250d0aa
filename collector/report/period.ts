import { z } from "zod";
import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Moment } from "../store/moment.ts";

/** A calendar month in Vietnam, `YYYY-MM`. */
export const Month = z.string().regex(/^20\d{2}-(0[1-9]|1[0-2])$/, "must be a month such as 2026-11");
export type Month = z.infer<typeof Month>;

/** A month as days and as instants; `to` is the first instant after it. */
export type Period = {
  readonly month: Month;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly from: string;
  readonly to: string;
};

const DAY_MS = 86_400_000;

/**
 * How long after its end a month stays open, so that what agents still hold back can arrive. What becomes known later revises
 * the findings but no longer the report: a closed month is the same for ever.
 */
export const CLOSING_DAYS = 3;

/** The period of a month. */
export function periodOf(month: Month): Period {
  const [year, number] = month.split("-").map(Number) as [number, number];
  const firstDay = `${month}-01`;
  const nextMonth = number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, "0")}`;
  const fromMs = vietnamDayStartMs(firstDay);
  const toMs = vietnamDayStartMs(`${nextMonth}-01`);
  return {
    month,
    firstDay,
    lastDay: vietnamDay(toMs - DAY_MS),
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  };
}

/** From this instant on the month is closed; only what was known by then stands in its report. */
export function closesAt(period: Period): string {
  return new Date(Date.parse(period.to) + CLOSING_DAYS * DAY_MS).toISOString();
}

/** Up to when a report of a month tells that is asked for at `nowMs`, and by when what stands in it was known. */
export function momentOf(period: Period, nowMs: number): Required<Moment> {
  return { atMs: Math.min(Date.parse(period.to) - 1, nowMs), knownMs: Math.min(nowMs, Date.parse(closesAt(period))) };
}

/** The months from that of one Vietnam day to that of another one, both included. */
export function monthsBetween(firstDay: string, lastDay: string): Month[] {
  const months: Month[] = [];
  for (let day = `${firstDay.slice(0, 7)}-01`; day <= lastDay; day = vietnamDay(Date.parse(periodOf(day.slice(0, 7)).to))) months.push(day.slice(0, 7));
  return months;
}

/** The last month that is closed at an instant. */
export function newestClosed(nowMs: number): Month {
  const open = vietnamDay(nowMs - CLOSING_DAYS * DAY_MS).slice(0, 7);
  return vietnamDay(Date.parse(periodOf(open).from) - 1).slice(0, 7);
}
