import { describe, expect, it } from "vitest";
import { KnownDays } from "../../../collector/store/known-days.ts";

describe("what the database is known to hold of days", () => {
  it("is news while it says less than what was committed", () => {
    const known = new KnownDays();
    const word = (rank: number) => ({ siteId: 1, name: "pages 2026-11-28 may-in-1", rank });
    expect(known.isNews(word(200))).toBe(true);
    known.keep([word(200)]);
    expect([200, 201, 199].map((rank) => known.isNews(word(rank)))).toEqual([false, false, true]);
    known.keep([word(199), word(300)]);
    expect([200, 199, 198].map((rank) => known.isNews(word(rank)))).toEqual([false, false, true]);
    // Of another centre nothing is known.
    expect(known.isNews({ ...word(500), siteId: 2 })).toBe(true);
    known.forget();
    expect(known.isNews(word(500))).toBe(true);
  });

  it("writes again rather than lose what is no whole number, or too large for one", () => {
    const known = new KnownDays();
    const word = (rank: number) => ({ siteId: 1, name: "peak 2026-11-28 wifi_clients", rank });
    known.keep([word(-12.5)]);
    expect([-11, -12, -12.4, -12.5, -13].map((rank) => known.isNews(word(rank)))).toEqual([false, false, true, true, true]);
    known.keep([word(-1e12)]);
    expect(known.isNews(word(-1e11))).toBe(true);
  });

  it("holds no more than it may, and then knows less rather than wrong", () => {
    const known = new KnownDays(10);
    const word = (day: number) => ({ siteId: 1, name: `seen ${day} camera-1`, rank: 0 });
    for (let day = 0; day < 1_000; day++) {
      known.keep([word(day)]);
      expect(known.isNews(word(day))).toBe(false);
    }
    const kept = Array.from({ length: 1_000 }, (_, day) => known.isNews(word(day))).filter((isNews) => !isNews);
    expect(kept.length).toBeLessThanOrEqual(10);
  });
});
