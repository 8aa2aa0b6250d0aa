import { afterAll, expect, it } from "vitest";
import { runTarget } from "../fuzz/run-target.ts";
import { closeFuzzTargets, fuzzTargets } from "../fuzz/targets.ts";
import { randomFrom } from "../support/recorder/mutate.ts";

/** `npm run fuzz` tries a million cases with a seed of its own; here a few of a fixed one show that every parser is still held. */
const SEED = 20_261_128;
const CASES = 150;

afterAll(closeFuzzTargets);

it.each(fuzzTargets.map((target) => [target.name, target] as const))("%s: nothing escapes, nothing takes long", async (_, target) => {
  const { cases } = await runTarget(target, Math.ceil(CASES * (target.weight ?? 1)), randomFrom(SEED));
  expect(cases).toBeGreaterThan(0);
});

it("the bench sees what escapes and what is slow", async () => {
  const sample = [Buffer.from("abc")];
  const escaping = {
    name: "escaping",
    samples: sample,
    parse: () => {
      throw new TypeError("out");
    },
  };
  const slow = {
    name: "slow",
    samples: sample,
    parse: () => {
      for (const began = process.threadCpuUsage(); process.threadCpuUsage(began).user < 80_000; );
    },
  };
  await expect(runTarget(escaping, 1, randomFrom(SEED))).rejects.toThrow("TypeError");
  await expect(runTarget(slow, 1, randomFrom(SEED))).rejects.toThrow("took");
});
