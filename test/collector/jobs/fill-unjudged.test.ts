import { expect, test } from "vitest";
import type { Transition } from "#schemas/finding.ts";
import { type DayWord, fillUnjudged, type UnjudgedDay, withFills } from "../../../collector/jobs/fill-unjudged.ts";
import { dailyStates } from "../../../collector/web/daily-states.ts";

const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const change = (local: string, to: Transition["to"]): Transition => ({
  centre: "xa-a",
  requirement: "R01",
  to,
  reason: "met",
  at: new Date(vn(local)).toISOString(),
});
const empty = (day: string, word?: DayWord, resumed?: string): UnjudgedDay => ({
  day,
  afterwards: new Map(word && [["R01", word]]),
  ...(resumed && { resumedMs: vn(resumed) }),
});
const held: DayWord = { to: "pass", reason: "met" };
const hole = [empty("2026-11-12"), empty("2026-11-13", undefined, "2026-11-14T15:00")];

test.each([
  [
    "the state before goes on behind the days, and not over them",
    [change("2026-11-10T09:00", "pass")],
    hole,
    ["pass", "pass", "not_judged", "not_judged", "pass", "pass"],
  ],
  [
    "what the first judgement after them says is what its day begins with",
    [change("2026-11-10T09:00", "fail"), change("2026-11-14T15:00", "pass")],
    hole,
    ["fail", "fail", "not_judged", "not_judged", "pass", "pass"],
  ],
  [
    "what comes after the first judgement counts for its day as ever",
    [change("2026-11-10T09:00", "fail"), change("2026-11-14T16:00", "pass")],
    hole,
    ["fail", "fail", "not_judged", "not_judged", "fail", "pass"],
  ],
  [
    "what is known since is what a day counts as",
    [change("2026-11-10T09:00", "fail")],
    [empty("2026-11-12", held), empty("2026-11-13", undefined, "2026-11-14T15:00")],
    ["fail", "fail", "pass", "not_judged", "fail", "fail"],
  ],
  [
    "a requirement that was judged on such a day after all has no hole there",
    [change("2026-11-10T09:00", "pass"), change("2026-11-13T23:59", "fail")],
    hole,
    ["pass", "pass", "not_judged", "fail", "fail", "fail"],
  ],
  ["before the first judgement there is none", [change("2026-11-14T15:00", "pass")], hole, [undefined, undefined, undefined, undefined, "pass", "pass"]],
  ["the day that runs may be one", [change("2026-11-10T09:00", "pass")], [empty("2026-11-15")], ["pass", "pass", "pass", "pass", "pass", "not_judged"]],
] as const)("%s", (_, changes, days, states) => {
  const fills = fillUnjudged(changes, new Map([["xa-a", days]]));
  expect(dailyStates(withFills(changes, fills), "2026-11-15", 6)).toEqual(states);
});

test("days on end are one stretch", () => {
  const fills = fillUnjudged([change("2026-11-10T09:00", "pass")], new Map([["xa-a", hole]]));
  expect(fills.map(({ at, reason }) => [at, reason])).toEqual([
    ["2026-11-11T17:00:00.000Z", "not_judged"],
    ["2026-11-13T17:00:00.000Z", "met"],
  ]);
});
