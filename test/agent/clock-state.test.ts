import { describe, expect, it } from "vitest";
import { ClockWatch } from "../../agent/clock-state.ts";

const at = (wallMs: number, steadyMs: number) => ({ wallMs, steadyMs });

/** A clock that was compared once with a collector whose clock is `offMs` ahead. */
function compared(offMs: number): ClockWatch {
  const clock = new ClockWatch();
  clock.answered(10_000 + offMs, at(9_900, 900), at(10_100, 1_100));
  return clock;
}

describe("what the agent knows of its clock", () => {
  it.each<[string, number, string]>([
    ["right", 0, "ok"],
    ["4 s slow", 4_000, "ok"],
    ["5 s slow", 5_000, "skewed"],
    ["a minute fast", -60_000, "skewed"],
    ["more than a minute fast", -60_001, "bad"],
    ["in 1970", 1.7e12, "bad"],
  ])("%s", (_, offMs, state) => {
    expect(compared(offMs).state()).toBe(state);
    expect(compared(offMs).offsetMs(at(10_100, 1_100))).toBe(offMs);
  });

  it("nothing before the first answer", () => {
    expect(new ClockWatch().state()).toBe("unknown");
  });

  it("a wall clock that is set makes it bad until the collector confirms it", () => {
    const clock = compared(0);
    clock.observe(at(11_100, 2_100));
    expect(clock.state()).toBe("ok");
    clock.observe(at(11_100 + 5 * 86_400_000, 3_100));
    expect(clock.state()).toBe("bad");
    clock.answered(20_000, at(19_999, 4_000), at(20_001, 4_002));
    expect(clock.state()).toBe("ok");
  });

  it("a slow drift is no jump", () => {
    const clock = compared(0);
    for (let second = 2; second < 4_000; second++) clock.observe(at(10_000 + second * 1_001, second * 1_000));
    expect(clock.state()).toBe("ok");
  });

  it("an answer that took long confirms nothing, and hides no jump", () => {
    const clock = compared(0);
    // The PC slept while an answer was under way: the middle between sending and receiving says nothing.
    clock.answered(310_000, at(10_200, 1_200), at(610_200, 601_200));
    expect([clock.state(), clock.offsetMs(at(10_100, 1_100))]).toEqual(["ok", 0]);
    clock.observe(at(610_200 + 3_600_000, 601_300));
    clock.answered(2_000_000, at(5_000_000, 700_000), at(5_011_000, 711_000));
    expect(clock.state()).toBe("bad");
    const unheard = new ClockWatch();
    unheard.answered(50_000, at(40_000, 1_000), at(60_000, 21_000));
    expect([unheard.state(), unheard.anchorMs(), unheard.trustedMs(at(0, 0)), unheard.offsetMs(at(0, 0))]).toEqual([
      "unknown",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("the collector's time of day follows from the clock that counts from boot, whatever the wall clock does", () => {
    const clock = new ClockWatch();
    clock.answered(500_000, at(0, 1_000), at(200, 1_200));
    expect(clock.anchorMs()).toBe(500_000 - 1_100);
    clock.observe(at(9e9, 2_200));
    expect(clock.anchorMs()).toBe(500_000 - 1_100);
    expect([clock.trustedMs(at(9e9, 2_200)), clock.offsetMs(at(9e9, 2_200))]).toEqual([501_100, 501_100 - 9e9]);
  });

  it("the wait for the answer does not count as an offset, even when the clock was set meanwhile", () => {
    const clock = new ClockWatch();
    clock.answered(500_000, at(0, 1_000), at(500_100, 1_200));
    expect(clock.offsetMs(at(500_100, 1_200))).toBe(0);
  });
});
