import { describe, expect, test } from "vitest";
import type { FindingState } from "#schemas/finding.ts";
import { type DayChange, dailyStates, workedDays } from "../../../collector/web/daily-states.ts";
import { calendar, requirement } from "../../support/facts.ts";

const change = (at: string, to: FindingState, reason: DayChange["reason"] = "met") => ({ at: `${at}:00.000Z`, to, reason });

test.each([
  ["no judgement, no day", [], [undefined, undefined, undefined]],
  ["a state goes on until it changes", [change("2026-11-20T00:00", "pass")], ["pass", "pass", "pass"]],
  [
    "the worst of the day counts",
    [change("2026-11-20T00:00", "pass"), change("2026-11-27T02:00", "fail"), change("2026-11-27T04:00", "pass")],
    ["pass", "fail", "pass"],
  ],
  [
    "before the window only the last state counts",
    [change("2026-11-20T00:00", "fail"), change("2026-11-21T00:00", "pass"), change("2026-11-27T16:59", "unknown")],
    ["pass", "unknown", "unknown"],
  ],
  // 17:30 UTC of the 26th is 00:30 of the 27th in Vietnam.
  ["days are Vietnam's", [change("2026-11-26T17:30", "unknown")], [undefined, "unknown", "unknown"]],
  [
    "what stands at its first instant is the state that a day begins in",
    [change("2026-11-20T00:00", "fail"), change("2026-11-26T17:00", "pass"), change("2026-11-27T17:00", "fail")],
    ["fail", "pass", "fail"],
  ],
  [
    "a day on which nobody judged is one by itself",
    [change("2026-11-20T00:00", "pass"), change("2026-11-26T17:00", "unknown", "not_judged"), change("2026-11-27T17:00", "pass")],
    ["pass", "not_judged", "pass"],
  ],
] as const)("%s", (_, changes, days) => {
  expect(dailyStates(changes, "2026-11-28", 3)).toEqual(days);
});

/** By Vietnam's clock; the counters are open from 07:00 to 11:30 and from 13:30 to 17:00. */
const at = (day: string, time: string, to: FindingState, reason: DayChange["reason"] = "met") => ({
  at: new Date(`2026-11-${day}T${time}:00+07:00`).toISOString(),
  to,
  reason,
});

describe("what is judged in working hours alone", () => {
  const judged = { rule: requirement("R16").rule, nowMs: Date.parse("2026-11-30T12:00:00+07:00") };
  const before = at("02", "08:00", "pass");

  // The 27th is a Friday.
  test.each<[string, Parameters<typeof dailyStates>[0], ReturnType<typeof dailyStates>]>([
    ["days off are not counted", [before], ["pass", "not_counted", "not_counted", "pass"]],
    ["nothing was judged", [], [undefined, undefined, undefined, undefined]],
    [
      "a breach of Friday's last hour is Friday's, not that of the days off or of Monday's first hour",
      [before, at("27", "16:50", "fail", "target_down"), at("30", "07:35", "pass")],
      ["fail", "not_counted", "not_counted", "pass"],
    ],
    [
      "a PC that is off meanwhile changes nothing of that",
      [
        before,
        at("27", "16:50", "fail", "target_down"),
        at("27", "17:35", "unknown", "site_offline"),
        at("30", "07:05", "fail", "target_down"),
        at("30", "07:40", "pass"),
      ],
      ["fail", "not_counted", "not_counted", "pass"],
    ],
    [
      "a breach that still stands when Monday's own answers alone decide is Monday's",
      [before, at("27", "16:50", "fail", "target_down"), at("30", "08:01", "pass")],
      ["fail", "not_counted", "not_counted", "fail"],
    ],
    [
      "a breach that begins later on Monday is Monday's, however short",
      [before, at("30", "09:00", "fail", "target_down"), at("30", "09:05", "pass")],
      ["pass", "not_counted", "not_counted", "fail"],
    ],
    [
      "answers that are missing at opening are missing on that day",
      [before, at("30", "07:40", "unknown", "stale"), at("30", "07:55", "pass")],
      ["pass", "not_counted", "not_counted", "unknown"],
    ],
    [
      "another reason for what stands since the night begins nothing",
      [before, at("27", "17:35", "unknown", "site_offline"), at("30", "07:05", "unknown", "too_few_runs"), at("30", "07:15", "pass")],
      ["unknown", "not_counted", "not_counted", "pass"],
    ],
    [
      "a day off without a judge is no day either, a working day without one is",
      [before, at("28", "00:00", "unknown", "not_judged"), at("29", "00:00", "pass"), at("30", "00:00", "unknown", "not_judged")],
      ["pass", "not_counted", "not_counted", "not_judged"],
    ],
  ])("%s", (_, changes, days) => {
    expect(dailyStates(changes, "2026-11-30", 4, workedDays(judged.rule, calendar, judged.nowMs))).toEqual(days);
  });

  test("a day that has just opened is not one yet", () => {
    const changes = [before, at("27", "16:50", "fail", "target_down")];
    const early = workedDays(judged.rule, calendar, Date.parse("2026-11-30T07:30:00+07:00"));
    expect(dailyStates(changes, "2026-11-30", 1, early)).toEqual(["not_counted"]);
  });

  test("a Saturday that is worked instead of another day is counted, and a holiday is not", () => {
    const moved = { ...calendar, workedDays: ["2026-11-28"], holidays: [{ from: "2026-11-30", to: "2026-11-30", name: "nghỉ bù" }] };
    expect(dailyStates([before], "2026-11-30", 4, workedDays(judged.rule, moved, judged.nowMs))).toEqual(["pass", "pass", "not_counted", "not_counted"]);
  });

  test.each([
    ["R01", false],
    ["R02", true],
    ["R03", false],
    ["R05", false],
    ["R10", false],
    ["R16", true],
    ["R19", false],
  ])("%s: by its rule, not by its name", (id, isWorked) => {
    expect(workedDays(requirement(id).rule, calendar, judged.nowMs) !== undefined).toBe(isWorked);
  });
});
