import { describe, expect, it } from "vitest";
import { HEADER_FACTOR } from "#schemas/measure.ts";
import type { Sample } from "../../../agent/probes/link-bandwidth/estimator.ts";
import { compare, isProven, ripeEstimate } from "../../../agent/probes/link-bandwidth/sequential.ts";

/** Noise that is the same in every run (mulberry32), 0..1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Samples of a line of `linkMbps` whose rate wavers by `spread`, after a ramp of three samples. */
function line(linkMbps: number, spread: number, seed: number, count: number): Sample[] {
  const random = noise(seed);
  const goodput = linkMbps / HEADER_FACTOR;
  return Array.from({ length: count }, (_, index) => {
    const ramp = [0.2, 0.5, 0.9][index] ?? 1;
    const gauss = Array.from({ length: 6 }, random).reduce((sum, value) => sum + value - 0.5, 0) * Math.SQRT2;
    return { ms: 100, bytes: Math.max(0, goodput * ramp * (1 + spread * gauss)) * 12_500 };
  });
}

/** Feeds samples one by one, as a run does, until it may stop or 40 samples (the cap) are used up. */
function verdict(samples: readonly Sample[], floorMbps: number): { verdict: string; after: number } {
  for (let count = 1; count <= samples.length; count++) {
    const found = ripeEstimate(samples.slice(0, count), HEADER_FACTOR);
    const told = found && compare(found, floorMbps).verdict;
    if (told === "pass" || told === "fail") return { verdict: told, after: count };
  }
  return { verdict: "cap", after: samples.length };
}

describe("the sequential verdict at 200 Mbps", () => {
  it.each([
    ["a line of 300 passes", 300, 0.02, "pass"],
    ["a line of 205 passes", 205, 0.005, "pass"],
    ["a line of 195 fails", 195, 0.005, "fail"],
    ["a line of 100 fails", 100, 0.05, "fail"],
    ["a line of 200.5 goes to the cap", 200.5, 0.01, "cap"],
    ["a line that wavers much goes to the cap", 210, 0.3, "cap"],
  ])("%s", (_name, mbps, spread, expected) => {
    const found = verdict(line(mbps, spread, 7, 40), 200);
    expect(found.verdict).toBe(expected);
  });

  it.each([
    [300, 700, 100],
    [500, 1_000, 150],
    [1_000, 700, 150],
    [1_000, 1_000, 100],
  ])("a bucket that lets %d Mbps pass for %d ms is no line of more than the %d Mbps behind it", (peak, burstMs, mbps) => {
    const [burst, rest] = [line(peak, 0.01, 3, burstMs / 100), line(mbps, 0.01, 4, 50).slice(10)];
    const samples = [...burst, ...rest].slice(0, 40);
    expect(verdict(samples, 200).verdict).not.toBe("pass");
    expect(ripeEstimate(samples, HEADER_FACTOR)?.linkMbps).toBeLessThan(mbps * 1.05);
  });

  it.each([
    ["a fail that it came to", "fail", "decision", 100, true],
    ["no fail that the cap cut short", "fail", "cap", 100, false],
    ["no fail that the lease cut short", "fail", "budget", 100, false],
    ["a pass at the cap", "pass", "cap", 300, true],
    ["a pass of a lease that carried the floor's second", "pass", "budget", 300, true],
    ["no pass of a lease that carried less", "pass", "budget", 205, false],
  ] as const)("proves %s", (_name, told, endedBy, mbps, expected) => {
    const decision = { verdict: told, leans: told, lowMbps: 0, highMbps: 0 };
    expect(isProven(decision, endedBy, line(mbps, 0, 1, 9), 200)).toBe(expected);
  });

  it("never decides on less than a second after slow start", () => {
    expect(verdict(line(1_000, 0, 1, 40), 200).after).toBeGreaterThanOrEqual(12);
  });

  it.each([195, 198, 202, 205].flatMap((mbps) => [0.01, 0.03, 0.1].map((spread) => [mbps, spread] as const)))(
    "is wrong in at most 1 of 200 runs of a line of %d Mbps that wavers by %d",
    (mbps, spread) => {
      const wrong = Array.from({ length: 200 }, (_, seed) => verdict(line(mbps, spread, seed + 1, 40), 200).verdict).filter(
        (word) => word === (mbps < 200 ? "pass" : "fail"),
      );
      expect(wrong.length).toBeLessThanOrEqual(1);
    },
  );
});
