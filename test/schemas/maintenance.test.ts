import { describe, expect, it } from "vitest";
import { type Expiry, remindersDue } from "#schemas/expiry.ts";
import { isUnderWay, MaintenanceWindow, maintenanceAt } from "#schemas/maintenance.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const window = (more: object) =>
  MaintenanceWindow.parse({ id: "w", mode: "mute", from: "2026-11-24", until: "2026-11-26", reason: "thay tủ", person: "Anh Bình", ...more });

describe("announced work", () => {
  it.each([
    ["whole days begin at midnight", {}, "2026-11-24T00:00", true],
    ["and not before", {}, "2026-11-23T23:59", false],
    ["whole days end with their last one", {}, "2026-11-26T23:59", true],
    ["and not later", {}, "2026-11-27T00:00", false],
    ["one span runs through its nights", { start: "08:00", end: "10:00" }, "2026-11-25T03:00", true],
    ["one span ends by its clock", { start: "08:00", end: "10:00" }, "2026-11-26T10:00", false],
    ["a weekly one is over between its hours", { weekdays: [2, 4], start: "08:00", end: "10:00" }, "2026-11-24T12:00", false],
    ["a weekly one comes again", { weekdays: [2, 4], start: "08:00", end: "10:00" }, "2026-11-26T09:59", true],
    ["and not on other days", { weekdays: [2, 4], start: "08:00", end: "10:00" }, "2026-11-25T09:00", false],
    ["a night that begins on its last day runs into the next one", { weekdays: [4], start: "22:00", end: "02:00" }, "2026-11-27T01:59", true],
    ["and ends there", { weekdays: [4], start: "22:00", end: "02:00" }, "2026-11-27T02:00", false],
    ["a whole day that comes again", { weekdays: [4] }, "2026-11-26T23:59", true],
    ["one that was ended by hand is over", { endedAt: "2026-11-24T05:00:00Z" }, "2026-11-24T12:00", false],
    ["and was under way before", { endedAt: "2026-11-24T05:00:00Z" }, "2026-11-24T11:59", true],
  ])("%s", (_, more, at, expected) => expect(isUnderWay(window(more), vn(at))).toBe(expected));

  it("the strictest mode of all that is announced for a place and a requirement holds", () => {
    const at = (centre: string, requirement: string, ...windows: object[]) => maintenanceAt(windows.map(window), centre, requirement, vn("2026-11-25T09:00"));
    expect(at("xa-1", "R01", { mode: "run" }, { mode: "skip" }, { mode: "mute" })).toBe("skip");
    expect(at("xa-1", "R01", { mode: "run" }, { mode: "mute", centres: ["xa-2"] })).toBe("run");
    expect(at("xa-1", "R01", { mode: "skip", requirements: ["R16", "agent"] })).toBeUndefined();
    expect(at("xa-1", "agent", { mode: "skip", requirements: ["R16", "agent"] })).toBe("skip");
  });

  it.each([
    ["backwards", { until: "2026-11-23" }],
    ["of no length", { until: "2026-11-24", start: "10:00", end: "10:00" }],
    ["for two years", { until: "2028-11-24" }],
    ["without a reason", { reason: "" }],
    ["without a person", { person: "" }],
  ])("%s is none", (_, more) => {
    expect(() => window(more)).toThrow();
  });
});

describe("reminders", () => {
  const expiry: Expiry = { kind: "waiver", centre: "xa-1", requirement: "R05", until: "2026-12-31" };
  it.each([
    ["30 days before", "2026-11-30", "2026-12-01", [30]],
    ["between two of them", "2026-12-01", "2026-12-02", []],
    ["on the first working day after a weekend", "2026-12-23", "2026-12-26", [5]],
    ["the day before", "2026-12-29", "2026-12-30", [1]],
    ["a holiday over two of them is one reminder", "2026-12-22", "2026-12-31", [0]],
    ["what has ended is none", "2026-12-30", "2027-01-02", []],
  ])("%s", (_, since, day, left) => expect(remindersDue([expiry], since, day).map(({ daysLeft }) => daysLeft)).toEqual(left));
});
