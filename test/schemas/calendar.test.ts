import { describe, expect, it } from "vitest";
import { type Calendar, isWorkingDay, isWorkingTime, vietnamDay, vietnamDayStartMs, workingDaysBefore } from "#schemas/calendar.ts";

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
