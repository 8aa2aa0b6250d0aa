import { describe, expect, it } from "vitest";
import { HEADER_FACTOR } from "#schemas/measure.ts";
import { foreignMbps, type Mark } from "../../../agent/probes/link-bandwidth/foreign.ts";

/** A moment: the interface's bytes, our own bytes, and by how much the two clocks differ. */
function mark(atMs: number, nicBytes: number, ownBytes: number, otherClockMs = 0): Mark {
  return { counters: { atMs, receivedBytes: nicBytes, sentBytes: nicBytes }, progress: { atMs: atMs + otherClockMs, bytes: ownBytes } };
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
    const found = foreignMbps("download", from, to);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 6);
  });
});
