import { describe, expect, it } from "vitest";
import { Pacer } from "../../../collector/measure/pacer.ts";

describe("a cap of 8 Mbps, 1,000 bytes a millisecond", () => {
  it("lets a bucket of 20 ms through at once, and then what time brings", () => {
    const pacer = new Pacer(8, 0);
    expect(pacer.take(50_000, 0)).toBe(20_000);
    expect(pacer.take(50_000, 5)).toBe(5_000);
    expect(pacer.waitMs(5)).toBeCloseTo(10);
    expect(pacer.take(50_000, 5 + 1_000)).toBe(20_000);
  });

  it("makes what came in wait for what came in before", () => {
    const pacer = new Pacer(8, 0);
    pacer.owe(50_000, 0);
    expect(pacer.waitMs(0)).toBeCloseTo(40);
    expect(pacer.take(10, 20)).toBe(0);
    expect(pacer.waitMs(40)).toBe(0);
  });

  it("tells once that it held something back", () => {
    const pacer = new Pacer(8, 0);
    pacer.take(1_000, 0);
    expect(pacer.takeWasFull()).toBe(false);
    pacer.take(30_000, 0);
    expect([pacer.takeWasFull(), pacer.takeWasFull()]).toEqual([true, false]);
  });

  it("moves the cap's rate over a second, in whatever steps it is asked", () => {
    const pacer = new Pacer(8, 0);
    let bytes = 0;
    for (let nowMs = 0; nowMs <= 1_000; nowMs += 7) bytes += pacer.take(256 * 1024, nowMs);
    expect(bytes / 1_020_000).toBeCloseTo(1, 1);
  });
});
