import { describe, expect, it } from "vitest";
import { HEADER_FACTOR } from "#schemas/measure.ts";
import { foreignMbps, foreignOf, type Mark, withForeign } from "../../../agent/probes/link-bandwidth/foreign.ts";

/** A moment: the interface's bytes, our own bytes, and by how much the two clocks differ. */
function mark(atMs: number, nicBytes: number, ownBytes: number, otherClockMs = 0, isLine = true): Mark {
  return { counters: { atMs, receivedBytes: nicBytes, sentBytes: nicBytes, isLine }, progress: { atMs: atMs + otherClockMs, bytes: ownBytes } };
}

const own = 20e6;
const wire = own * HEADER_FACTOR;

describe("traffic of others", () => {
  it.each([
    ["is nothing when the interface moved just our bytes", mark(0, 0, 0), mark(1_000, wire, own), 0],
    ["is what the interface moved beyond ours", mark(0, 0, 0), mark(1_000, wire + 10e6, own), 80],
    ["is never negative", mark(0, 0, 0), mark(1_000, wire - 1e6, own), 0],
    ["does not mind the server's clock", mark(0, 0, 0, 5e6), mark(1_000, wire + 10e6, own, 5e6), 80],
    ["is unknown when the counters did not even see our bytes", mark(0, 0, 0), mark(1_000, wire * 0.5, own), undefined],
    ["is unknown without a first mark", undefined, mark(1_000, wire, own), undefined],
    ["is unknown between marks that lie too close", mark(0, 0, 0), mark(100, wire, own), undefined],
  ])("%s", (_name, from, to, expected) => {
    const found = foreignMbps("download", HEADER_FACTOR, from, to);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 6);
  });
});

describe("what is sure of it", () => {
  const idle = mark(0, 0, 0).counters;
  const [ramped, last] = [mark(500, wire / 4, own / 4), mark(1_500, wire + 10e6, own)];

  it.each([
    ["all that a router's counters say twice", { idle, ramped: mark(500, wire / 4 + 5e6, own / 4), last: mark(1_500, wire + 15e6, own) }, 80, 80],
    ["not what they had to catch up with", { idle, ramped: mark(500, 0, own / 4), last: mark(1_500, wire, own) }, 0, 41.82],
    ["nothing of what a PC's own interface carried: it may have stayed in the office", { idle, ramped, last: mark(1_500, wire + 10e6, own, 0, false) }, 0, 80],
    ["nothing without a look before the test", { idle: undefined, ramped, last }, 0, 80],
  ])("%s", (_name, marks, least, most) => {
    const found = foreignOf("download", HEADER_FACTOR, marks);
    expect(found?.leastMbps).toBeCloseTo(least, 1);
    expect(found?.mostMbps).toBeCloseTo(most, 1);
  });

  // 6,000 segments of 1,514 bytes in a second.
  const lossy = (isLine: boolean) => ({
    idle,
    ramped: { ...mark(500, wire / 4, own / 4, 0, isLine), resent: 1_000 },
    last: { ...mark(1_500, wire + 9.084e6, own, 0, isLine), resent: 7_000 },
  });
  it.each([
    ["an upload that this PC had to send again is its own", "upload", false, 0, 0],
    ["a router may never have seen it", "upload", true, 0, 72.7],
    ["what this PC sends again takes nothing of a download", "download", true, 48.4, 72.7],
  ] as const)("%s", (_name, direction, isLine, least, most) => {
    const found = foreignOf(direction, HEADER_FACTOR, lossy(isLine));
    expect(found?.leastMbps).toBeCloseTo(least, 1);
    expect(found?.mostMbps).toBeCloseTo(most, 1);
  });

  it("is added to the line's rate, and what may be makes it possible", () => {
    const measured = { warmupSamples: 2, samples: 20, goodputMbps: 143, linkMbps: 150, standardErrorMbps: 0.6 };
    expect(withForeign(measured, { leastMbps: 0, mostMbps: 60 })).toMatchObject({ linkMbps: 150, upToMbps: expect.closeTo(219.2, 1) });
    expect(withForeign(measured, { leastMbps: 60, mostMbps: 60 })).toMatchObject({ linkMbps: 210 });
    expect(withForeign(measured, { leastMbps: 1, mostMbps: 2 })).toBe(measured);
    expect(withForeign(measured, undefined)).toBe(measured);
  });
});
