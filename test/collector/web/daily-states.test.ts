import { expect, test } from "vitest";
import type { FindingState } from "#schemas/finding.ts";
import { type DayChange, dailyStates } from "../../../collector/web/daily-states.ts";

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
