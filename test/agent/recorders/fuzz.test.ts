import { expect, test } from "vitest";
import { fuzzRecorders, fuzzStreams } from "../../support/recorder/fuzz.ts";

test("1,000 damaged answers all end as outcomes that the contract accepts", async () => {
  const { mutated, outcomes, slowestMs } = await fuzzRecorders(1_000, 20_261_128);
  expect(mutated).toBeGreaterThanOrEqual(1_000);
  // Damage must really bite, and must not always kill the run.
  expect(outcomes.failed ?? 0).toBeGreaterThan(25);
  expect(outcomes.NON_COMPLIANT ?? 0).toBeGreaterThan(25);
  expect(slowestMs).toBeLessThan(5_000);
}, 120_000);

test("2,000 damaged RTSP streams end in packets or in one clear error", () => {
  fuzzStreams(2_000, 7);
});
