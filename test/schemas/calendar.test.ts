import { describe, expect, it } from "vitest";
import {
  addWorkingMs,
  type Calendar,
  endOfWorkingDayAfter,
  isWorkingDay,
  isWorkingTime,
  vietnamDay,
  vietnamDayStartMs,
  workingDaysBefore,
  workingMsBetween,
  workingSpansBefore,
} from "#schemas/calendar.ts";

const calendar: Calendar = {
  id: "test",
  timeZone: "Asia/Ho_Chi_Minh",
  weekdays: [1, 2, 3, 4, 5],
  sessions: [
    { from: "07:00", to: "11:30" },
    { from: "13:30", to: "17:00" },
  ],
  holidays: [{ from: "2027-02-05", to: "2027-02-11", name: "Tết" }],
  workedDays: ["2027-02-13"],
};
/** An instant by the clock on the wall in Viet Nam. */
const local = (time: string) => Date.parse(`${time}:00+07:00`);

describe("Vietnam days", () => {
  it.each([
    ["midnight belongs to the new day", "2026-11-28T00:00", "2026-11-28"],
    ["a minute before belongs to the old one", "2026-11-27T23:59", "2026-11-27"],
  ])("%s", (_, time, day) => {
    expect(vietnamDay(local(time))).toBe(day);
  });

  it("a day starts at 17:00 UTC of the day before", () => {
    expect(new Date(vietnamDayStartMs("2026-11-28")).toISOString()).toBe("2026-11-27T17:00:00.000Z");
  });
});

describe("working time", () => {
  it.each([
    ["a Friday is worked", "2026-11-27", true],
    ["a Saturday is not", "2026-11-28", false],
    ["Tết is not", "2027-02-08", false],
    ["a swapped Saturday is", "2027-02-13", true],
  ])("%s", (_, day, worked) => {
    expect(isWorkingDay(calendar, day)).toBe(worked);
  });

  it.each([
    ["the counter opens at seven", "2026-11-27T07:00", true],
    ["lunch is no working time", "2026-11-27T12:00", false],
    ["the last minute is", "2026-11-27T16:59", true],
    ["closing time is not", "2026-11-27T17:00", false],
  ])("%s", (_, time, working) => {
    expect(isWorkingTime(calendar, local(time))).toBe(working);
  });

  it("counts working days backwards over weekends and holidays", () => {
    expect(workingDaysBefore(calendar, local("2027-02-15T09:00"), 3)).toEqual(["2027-02-15", "2027-02-13", "2027-02-12"]);
    expect(workingDaysBefore(calendar, local("2027-02-12T09:00"), 2)).toEqual(["2027-02-12", "2027-02-04"]);
  });
});

describe("spans of working time", () => {
  const HOUR = 3_600_000;
  const shown = (spans: { fromMs: number; toMs: number }[]) =>
    spans.map(({ fromMs, toMs }) => [fromMs, toMs].map((ms) => new Date(ms + 7 * HOUR).toISOString().slice(5, 16)).join(" to "));

  it.each([
    ["within a session", "2026-11-27T10:00", 1, ["11-27T09:00 to 11-27T10:00"]],
    ["over lunch", "2026-11-27T14:00", 1, ["11-27T13:30 to 11-27T14:00", "11-27T11:00 to 11-27T11:30"]],
    ["at night the last session counts", "2026-11-27T23:00", 2, ["11-27T15:00 to 11-27T17:00"]],
    ["over the weekend", "2026-11-30T07:15", 1, ["11-30T07:00 to 11-30T07:15", "11-27T16:15 to 11-27T17:00"]],
    ["over Tết", "2027-02-12T07:00", 1, ["02-04T16:00 to 02-04T17:00"]],
  ])("%s", (_, until, hours, spans) => {
    const found = workingSpansBefore(calendar, local(until), hours * HOUR);
    expect(shown(found)).toEqual(spans);
    expect(found.reduce((sum, { fromMs, toMs }) => sum + workingMsBetween(calendar, fromMs, toMs), 0)).toBe(hours * HOUR);
  });

  it("working time goes on where it stopped", () => {
    expect(addWorkingMs(calendar, local("2026-11-27T16:30"), HOUR)).toBe(local("2026-11-30T07:30"));
    expect(workingMsBetween(calendar, local("2026-11-27T16:30"), local("2026-11-30T07:30"))).toBe(HOUR);
    expect(workingMsBetween(calendar, local("2026-11-28T00:00"), local("2026-11-29T23:00"))).toBe(0);
  });

  it("a deadline in working days skips what is not worked", () => {
    expect(endOfWorkingDayAfter(calendar, "2026-11-27", 1)).toBe(local("2026-12-01T00:00"));
    expect(endOfWorkingDayAfter(calendar, "2027-02-04", 2)).toBe(local("2027-02-14T00:00"));
  });
});
