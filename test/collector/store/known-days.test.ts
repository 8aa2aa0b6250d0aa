import { describe, expect, it } from "vitest";
import { KnownDays } from "../../../collector/store/known-days.ts";

describe("what the database is known to hold of days", () => {
  it("is news while it says less than what was committed", () => {
    const known = new KnownDays();
    const word = (rank: number) => ({ key: "1 pages 2026-11-28 may-in-1", rank });
    expect(known.isNews(word(200))).toBe(true);
    known.keep([word(200)]);
    expect([200, 201, 199].map((rank) => known.isNews(word(rank)))).toEqual([false, false, true]);
    known.keep([word(199), word(300)]);
    expect([200, 199, 198].map((rank) => known.isNews(word(rank)))).toEqual([false, false, true]);
    known.forget();
    expect(known.isNews(word(500))).toBe(true);
  });

  it("holds no more than it may, and then knows less rather than wrong", () => {
    const known = new KnownDays(10);
    for (let day = 0; day < 1_000; day++) {
      known.keep([{ key: `1 seen ${day} camera-1`, rank: 0 }]);
      expect(known.isNews({ key: `1 seen ${day} camera-1`, rank: 0 })).toBe(false);
    }
    const kept = Array.from({ length: 1_000 }, (_, day) => known.isNews({ key: `1 seen ${day} camera-1`, rank: 0 })).filter((isNews) => !isNews);
    expect(kept.length).toBeLessThanOrEqual(10);
  });
});
