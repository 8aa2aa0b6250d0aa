import { describe, expect, it } from "vitest";
import { vietnamDay, workingDaysBefore } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { pageUse } from "#schemas/evaluate/page-use.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { calendar, DAY, facts, NOW, plan, requirement, seen } from "../../support/facts.ts";

/** Counters by how many days ago they were read. */
const counters = (device: string, ...ofDays: readonly (readonly [number, number])[]) =>
  ofDays.map(([back, pages]) => ({ device, day: vietnamDay(NOW - back * DAY), pages }));
const on = (back: number) => vietnamDay(NOW - back * DAY);

describe("whether a printer is used", () => {
  it.each<[string, readonly (readonly [number, number])[], object]>([
    [
      "it prints every day",
      [
        [3, 100],
        [2, 140],
        [1, 190],
      ],
      { state: "used", printed: 90, resets: 0, grownDay: on(1) },
    ],
    [
      "two counters of one day: the lower one is the day's",
      [
        [2, 150],
        [2, 100],
        [1, 160],
      ],
      { state: "used", printed: 60 },
    ],
    [
      "nothing for longer than the days",
      [
        [30, 100],
        [20, 100],
        [1, 100],
      ],
      { state: "still", printed: 0, baseDay: on(30) },
    ],
    [
      "it printed once, long ago",
      [
        [40, 90],
        [30, 100],
        [1, 100],
      ],
      { state: "still", printed: 10, grownDay: on(30) },
    ],
    [
      "nothing, but not for so long yet",
      [
        [10, 100],
        [1, 100],
      ],
      { state: "unknown" },
    ],
    [
      "the days exactly",
      [
        [21, 100],
        [1, 100],
      ],
      { state: "still" },
    ],
    [
      "growth on the first of the days counts",
      [
        [22, 90],
        [21, 100],
        [1, 100],
      ],
      { state: "used" },
    ],
    [
      "another machine, which prints: what the first one printed stays",
      [
        [30, 900],
        [20, 950],
        [10, 5],
        [5, 25],
      ],
      { state: "used", printed: 70, resets: 1, baseDay: on(10) },
    ],
    [
      "another machine that has printed nothing yet is too young",
      [
        [30, 900],
        [10, 5],
        [1, 5],
      ],
      { state: "unknown", printed: 0, resets: 1 },
    ],
    [
      "no counter within the days",
      [
        [40, 100],
        [30, 100],
      ],
      { state: "unknown" },
    ],
  ])("%s", (_, ofDays, use) => {
    expect(pageUse(counters("p", ...ofDays), 21, NOW)).toMatchObject(use);
    expect(pageUse(counters("p", ...[...ofDays].reverse()), 21, NOW)).toMatchObject(use);
  });

  it("a device without a counter says nothing", () => {
    expect(pageUse([], 21, NOW)).toBeUndefined();
  });
});

describe("R11 and printers that print nothing", () => {
  const days = workingDaysBefore(calendar, NOW, 10);
  const presence = ["p-1", "p-2"].flatMap((id) => seen(id, "printer", days));
  const pages = [...counters("p-1", [30, 100], [1, 100]), ...counters("p-2", [30, 100], [1, 300])];
  const known = facts({ centre: { officers: 2 }, presence, pages });
  const demanding = PolicyProfile.parse({
    ...plan,
    requirements: plan.requirements.map((one) => (one.id === "R11" ? { ...one, rule: { ...one.rule, use: { days: 21, demanded: true } } } : one)),
  });

  it("the plan of Gia Lai says so and holds it against nobody", () => {
    const [finding] = evaluate(plan, known, NOW, [requirement("R11")]);
    expect(finding).toMatchObject({ state: "pass", observed: 2, detail: { unused: 1 } });
  });

  it("a policy that demands use does not count them", () => {
    const wanted = demanding.requirements.filter(({ id }) => id === "R11");
    const [finding] = evaluate(demanding, known, NOW, wanted);
    expect(finding?.state).not.toBe("pass");
    expect(finding).toMatchObject({ observed: 1, required: 2, detail: { unused: 1 } });
  });
});
