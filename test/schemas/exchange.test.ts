import { describe, expect, it } from "vitest";
import { Batch } from "#schemas/exchange.ts";
import type { Observation } from "#schemas/observation.ts";

const observation = (seq: number): Observation => ({
  seq,
  probe: "host",
  takenAt: "2026-11-28T01:00:00.000Z",
  uptimeMs: 1_000,
  bootId: "boot",
  clock: "ok",
  elapsedMs: 5,
  outcome: { kind: "measured", readings: [{ metric: "host_uptime_s", value: 1 }] },
});

const batch = (from: number, to: number, seqs: readonly number[], gaps: readonly { from: number; to: number }[] = []) => ({
  protocol: 1,
  stream: "0123456789abcdef",
  from,
  to,
  sentAt: "2026-11-28T01:00:01.000Z",
  lane: "live",
  observations: seqs.map(observation),
  gaps: gaps.map((gap) => ({ ...gap, reason: "evicted_disk_full" })),
});

describe("Batch", () => {
  it.each([
    ["every number of the range is an observation", batch(1, 3, [1, 2, 3])],
    ["observations may stand in any order", batch(1, 3, [3, 1, 2])],
    ["a gap accounts for what is gone", batch(1, 9, [1, 9], [{ from: 2, to: 8 }])],
    ["a batch may be one gap", batch(4, 7, [], [{ from: 4, to: 7 }])],
  ])("is taken when %s", (_, body) => {
    expect(Batch.safeParse(body).error).toBeUndefined();
  });

  it.each([
    ["a number is missing", batch(1, 3, [1, 3]), "seq 2"],
    ["a number comes twice", batch(1, 2, [1, 1, 2]), "seq 2"],
    ["a number lies before the range", batch(2, 3, [1, 2, 3]), "seq 2"],
    ["a number lies after the range", batch(1, 2, [1, 2, 3]), "seq 4"],
    ["a gap covers an observation", batch(1, 3, [1, 2, 3], [{ from: 2, to: 2 }]), "seq 3"],
    ["a gap runs backwards", batch(1, 3, [1], [{ from: 3, to: 2 }]), "seq 2"],
    ["the range is empty", batch(3, 2, []), "seq 3"],
  ])("is refused with the number at fault when %s", (_, body, named) => {
    const parsed = Batch.safeParse(body);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues.map(({ message }) => message).join()).toContain(named);
  });

  it("names no centre: a body that does is refused", () => {
    expect(Batch.safeParse({ ...batch(1, 1, [1]), centre: "other" }).success).toBe(false);
  });
});
