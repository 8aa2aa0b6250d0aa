import { expect, test } from "vitest";
import { fuzzRecorders, fuzzStreams } from "../../support/recorder/fuzz.ts";

test("2,000 damaged answers all end as outcomes that the contract accepts", async () => {
  const { mutated, outcomes, slowestMs } = await fuzzRecorders(2_000, 20_261_128);
  expect(mutated).toBeGreaterThanOrEqual(2_000);
  // Damage must really bite, and must not always kill the run.
  expect(outcomes.failed ?? 0).toBeGreaterThan(50);
  expect(outcomes.NON_COMPLIANT ?? 0).toBeGreaterThan(50);
  expect(slowestMs).toBeLessThan(5_000);
}, 120_000);

test("2,000 damaged RTSP streams end in packets or in one clear error", () => {
  fuzzStreams(2_000, 7);
});
