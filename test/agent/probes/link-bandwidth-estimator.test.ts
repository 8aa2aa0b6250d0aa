import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HEADER_FACTOR } from "#schemas/measure.ts";
import { afterDrop, atLeast, estimate, joinStalls, rateMbps, type Sample, warmupSamples } from "../../../agent/probes/link-bandwidth/estimator.ts";

/** Samples of 100 ms at the given rates in Mbps. */
const at = (...mbps: number[]): Sample[] => mbps.map((rate) => ({ ms: 100, bytes: rate * 12_500 }));

describe("the end of slow start", () => {
  it.each([
    ["a steady line needs two samples before the first that counts", at(100, 100, 100, 100), 2],
    ["a ramp is left out", at(10, 40, 90, 100, 100, 100), 4],
    ["a ramp that goes on has no end yet", at(10, 20, 40, 80), undefined],
    ["a dip right behind the ramp is not its end", at(50, 100, 60, 100, 100, 100), 5],
    ["a dip and its surge right after the ramp are both left out", at(196, 193, 110, 291, 198, 197), 4],
    ["at the latest the eleventh sample counts", at(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048), 10],
    ["silence is no plateau", at(0, 0, 0, 0), undefined],
    ["no samples, no end", [], undefined],
  ])("%s", (_name, samples, expected) => {
    expect(warmupSamples(samples)).toBe(expected);
  });
});

describe("the estimate", () => {
  it.each([
    ["of a steady line is its rate with headers", at(...Array<number>(12).fill(191.28)), 200],
    ["ignores slow start", at(10, 50, 120, 191.28, 191.28, 191.28, 191.28, 191.28), 200],
    ["does not follow the best sample", at(...Array<number>(10).fill(100), 300, 20, 300, 20), undefined],
  ])("%s", (_name, samples, expected) => {
    const found = estimate(samples, HEADER_FACTOR);
    if (expected === undefined) expect(found?.linkMbps).toBeLessThan(150);
    else expect(found?.linkMbps).toBeCloseTo(expected, 0);
  });

  it("counts late samples by their own length", () => {
    const samples = [...at(100, 100, 100), { ms: 300, bytes: 300 * 12_500 }, ...at(100, 100)];
    expect(estimate(samples, HEADER_FACTOR)?.goodputMbps).toBeCloseTo(100, 6);
  });

  it("is never surer than 0.4 % of the mean", () => {
    const found = estimate(at(...Array<number>(40).fill(200)), HEADER_FACTOR);
    expect(found?.standardErrorMbps).toBeCloseTo(0.004 * 200 * HEADER_FACTOR, 6);
  });

  it("needs two samples after slow start", () => {
    expect(estimate(at(100, 100, 100), HEADER_FACTOR)).toBeUndefined();
    expect(estimate(at(100, 100, 100, 100), HEADER_FACTOR)).toBeDefined();
  });
});

describe("stalls", () => {
  it.each([
    ["a dip and its surge are one", at(196, 100, 292, 196), [196, 196, 196]],
    ["a long stall is one", at(196, 160, 214, 214, 196), [196, 196, 196]],
    ["a dip without a surge stays", at(196, 100, 196, 196), [196, 100, 196, 196]],
    ["a surge without a dip stays", at(196, 292, 196, 196), [196, 292, 196, 196]],
    ["nothing to join in nothing", [], []],
  ])("%s", (_name, samples, expected) => {
    expect(joinStalls(samples).map((sample) => Math.round(rateMbps(sample)))).toEqual(expected);
  });

  it("joining loses neither bytes nor time", () => {
    const sample = fc.record({ ms: fc.integer({ min: 50, max: 300 }), bytes: fc.integer({ min: 0, max: 1e8 }) });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
        const sum = (list: readonly Sample[]) =>
          list.reduce((total, { ms, bytes }) => ({ ms: total.ms + ms, bytes: total.bytes + bytes }), { ms: 0, bytes: 0 });
        expect(sum(joinStalls(samples))).toEqual(sum(samples));
      }),
    );
  });
});

describe("a rate that falls for good", () => {
  const times = (count: number, mbps: number) => Array<number>(count).fill(mbps);
  it.each([
    ["is told by what came behind", at(...times(6, 1_000), ...times(20, 100)), 20],
    ["may waver on both sides", at(310, 290, 300, 240, 310, 150, 160, 145, 190, 150, 155, 150), 7],
    ["may have begun just now", at(...times(10, 300), 150, 155), 2],
    ["is not one sample", at(...times(10, 300), 150), undefined],
    ["is not a line that wavers", at(200, 150, 210, 160, 190, 140, 205, 150, 200, 160, 190), undefined],
    ["is not a small step", at(...times(6, 210), ...times(10, 190)), undefined],
    ["is not a rise", at(...times(6, 100), ...times(10, 300)), undefined],
    ["is nothing in nothing", [], undefined],
  ])("%s", (_name, samples, length) => {
    expect(afterDrop(samples)?.length).toBe(length);
  });

  it("leaves the line what it fell to, and what it was as possible", () => {
    const found = estimate(at(10, 300, 900, ...times(6, 956.4), ...times(30, 95.64)), HEADER_FACTOR);
    expect(found?.linkMbps).toBeCloseTo(100, 0);
    expect(found?.upToMbps).toBeGreaterThan(200);
  });
});

describe("a line that uses up the bytes before it can be estimated", () => {
  it.each([
    [
      "showed at least its mean, slow start included",
      [
        { ms: 100, bytes: 50e6 },
        { ms: 100, bytes: 150e6 },
      ],
      200,
      8_000,
    ],
    ["says nothing when it moved less than the floor moves in a second", [{ ms: 10, bytes: 500_000 }], 200, undefined],
    ["says nothing when it took a second or more", [{ ms: 1_000, bytes: 25e6 }], 200, undefined],
    ["says nothing without a floor", [{ ms: 100, bytes: 50e6 }], undefined, undefined],
  ])("%s", (_, samples, floorMbps, goodputMbps) => {
    expect(atLeast(samples, floorMbps, HEADER_FACTOR)?.goodputMbps).toBe(goodputMbps);
  });
});
