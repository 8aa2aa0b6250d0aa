import { describe, expect, it } from "vitest";
import { HEADER_FACTOR } from "#schemas/measure.ts";
import type { ProbeMemory } from "../../../agent/probe.ts";
import { estimate, type Sample } from "../../../agent/probes/link-bandwidth/estimator.ts";
import { withForeign } from "../../../agent/probes/link-bandwidth/foreign.ts";
import { asksFullLength, bytesOfFirst, rememberFullLength } from "../../../agent/probes/link-bandwidth/full-length.ts";
import { compare, isClear, ripeEstimate } from "../../../agent/probes/link-bandwidth/sequential.ts";

const FLOOR_MBPS = 200;
const PASS_MS = 8_000;
const CAP_SAMPLES = 100;

/** Samples of a line that carries each rate for so many seconds, one after the other; it wavers by 1 %. */
function line(...parts: readonly (readonly [mbps: number, seconds: number])[]): Sample[] {
  const rates = parts.flatMap(([mbps, seconds]) => Array<number>(Math.round(seconds * 10)).fill(mbps));
  return rates.map((mbps, index) => ({ ms: 100, bytes: (mbps / HEADER_FACTOR) * (1 + 0.01 * Math.sin(index * 7)) * 12_500 }));
}

/** Feeds samples one by one, as a run does, until it may stop or the cap is reached. */
function run(samples: readonly Sample[], passMs?: number): { readonly verdict: string; readonly seconds: number; readonly mbps: number } {
  const capped = samples.slice(0, CAP_SAMPLES);
  for (let count = 1; count <= capped.length; count++) {
    const seen = capped.slice(0, count);
    const found = ripeEstimate(seen, HEADER_FACTOR, passMs !== undefined);
    const verdict = found && compare(found, FLOOR_MBPS).verdict;
    if (verdict && isClear(verdict, seen, passMs)) return { verdict, seconds: count / 10, mbps: found.linkMbps };
  }
  const last = estimate(capped, HEADER_FACTOR, passMs !== undefined);
  return { verdict: "borderline", seconds: capped.length / 10, mbps: last?.linkMbps ?? Number.NaN };
}

describe("a full-length test at 200 Mbps", () => {
  it.each([
    ["a line of 300 passes, once it has carried that long", [[300, 12]], "pass", 8],
    ["a line of 120 fails as early as in a short test", [[120, 12]], "fail", 1.3],
    [
      "300 for two seconds and 120 behind them fail once that has lasted",
      [
        [300, 2],
        [120, 10],
      ],
      "fail",
      5.1,
    ],
    [
      "300 for six seconds and 120 behind them, too",
      [
        [300, 6],
        [120, 6],
      ],
      "fail",
      9.1,
    ],
    [
      "1,000 for three seconds and 150 behind them, too",
      [
        [1_000, 3],
        [150, 10],
      ],
      "fail",
      6.1,
    ],
    [
      "a bucket that lets hardly more pass than the line carries: 230, then 185",
      [
        [230, 3],
        [185, 10],
      ],
      "fail",
      6.1,
    ],
    [
      "a bucket that is empty at eight seconds just so is too close to the end to tell",
      [
        [300, 7.7],
        [120, 6],
      ],
      "borderline",
      10,
    ],
    [
      "a line that falls to 300 passes",
      [
        [900, 2],
        [300, 10],
      ],
      "pass",
      8,
    ],
    ["a line at the floor stays there", [[200, 12]], "borderline", 10],
  ] as const)("%s", (_name, parts, verdict, seconds) => {
    const found = run(line(...parts), PASS_MS);
    expect(found.verdict).toBe(verdict);
    expect(Math.abs(found.seconds - seconds)).toBeLessThan(0.5);
    if (verdict === "fail") expect(found.mbps).toBeCloseTo(parts.at(-1)?.[0] ?? 0, -1);
  });

  it("is what it takes: a short one lets the same lines pass", () => {
    for (const parts of [
      [
        [300, 2],
        [120, 10],
      ],
      [
        [1_000, 3],
        [150, 10],
      ],
      [
        [230, 3],
        [185, 10],
      ],
    ] as const)
      expect(run(line(...parts))).toMatchObject({ verdict: "pass", seconds: expect.closeTo(1.3, 0) });
  });

  it("does not let a line pass that wavers so much that no fall is clear, and ends below the floor", () => {
    const wavering = line([400, 6], [120, 6]).map((sample, index) => (index < 60 && index % 5 === 4 ? { ms: 100, bytes: 120 * 12_500 } : sample));
    expect(run(wavering.slice(0, 80), PASS_MS)).toMatchObject({ verdict: "borderline", seconds: 8 });
    expect(run(wavering, PASS_MS).verdict).not.toBe("pass");
  });

  it("blames no line whose rate may have fallen because somebody else began to load it", () => {
    const found = estimate(line([300, 2], [120, 4]), HEADER_FACTOR, true);
    if (!found) throw new Error("too few samples");
    expect(compare(withForeign(found, { leastMbps: 0, mostMbps: 0 }), FLOOR_MBPS).verdict).toBe("fail");
    // 60 Mbps over the whole test were 90 behind the fall.
    expect(compare(withForeign(found, { leastMbps: 0, mostMbps: 60 }), FLOOR_MBPS).verdict).toBe("borderline");
  });
});

describe("what a test says about the next one", () => {
  const memory = (asks?: boolean): ProbeMemory & { readonly writes: unknown[] } => {
    const writes: unknown[] = [];
    return { writes, get: () => (writes.length > 0 ? writes.at(-1) : asks), set: (_key, value) => void writes.push(value) };
  };
  const result = (verdict: "pass" | "fail" | "borderline", more: { readonly passMs?: number; readonly fell?: boolean } = {}) => ({
    decision: { verdict, leans: "pass", lowMbps: 0, highMbps: 0 } as const,
    estimate: { warmupSamples: 0, samples: 9, goodputMbps: 1, linkMbps: 1, standardErrorMbps: 0, ...(more.fell && { fell: { upToMbps: 1 } }) },
    passMs: more.passMs,
  });
  const full = { passMs: PASS_MS };

  it.each([
    ["a full-length one that failed asks for another", undefined, result("fail", full), true],
    ["one at the floor, too", undefined, result("borderline", full), true],
    ["one that passes again asks for none", true, result("pass", full), false],
    ["one that passes after a fall, neither", true, result("pass", { ...full, fell: true }), false],
    ["a short one whose rate fell asks", undefined, result("borderline", { fell: true }), true],
    ["a short one that just fails does not", undefined, result("fail"), false],
    ["a short pass says nothing against an earlier fall", true, result("pass"), true],
  ] as const)("%s", (_name, before, found, asks) => {
    const kept = memory(before);
    rememberFullLength(kept, [found]);
    expect(asksFullLength(kept)).toBe(asks);
    // The file is written only when something has changed.
    expect(kept.writes).toHaveLength(asks === (before ?? false) ? 0 : 1);
  });

  it("and nothing when no direction is held against a floor", () => {
    const kept = memory(true);
    rememberFullLength(kept, []);
    expect(kept.writes).toEqual([]);
  });
});

it("the direction that carries long gets three parts of the bytes, and equals get the same", () => {
  const [long, short] = [{ passMs: PASS_MS }, { passMs: undefined }];
  expect(bytesOfFirst(600, [long, short])).toBe(450);
  expect(bytesOfFirst(600, [short, long])).toBe(150);
  expect(bytesOfFirst(600, [long, long])).toBe(300);
  expect(bytesOfFirst(400, [short, short])).toBe(200);
  expect(bytesOfFirst(200, [short])).toBe(200);
});
