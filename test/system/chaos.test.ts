import { describe, expect, it } from "vitest";
import { scenarios } from "../chaos/scenarios.ts";
import { requirePeer } from "../support/require-peer.ts";
import { seeded } from "../support/seeded.ts";

/** A fixed seed: a failure can be repeated. `npm run chaos` draws another one each time. */
const SEED = 20_261_128;

/** Short versions; the figures of the promises need `npm run chaos`. */
describe.skipIf(!requirePeer("postgres"))("what breaks, in short", () => {
  it.each(["kill", "lossy-line", "postgres-crash", "crash-both", ...(requirePeer("libfaketime") ? ["clock"] : [])])(
    "%s",
    async (name) => {
      const figures = await scenarios[name]?.run({ full: false, seed: SEED, chance: seeded(SEED), print: () => undefined });
      expect(figures).toMatchObject({ lost: 0, duplicates: 0 });
    },
    400_000,
  );
});

it("3,300 agents are all current within five minutes after ten minutes without a collector, in virtual time", async () => {
  const figures = await scenarios["herd-virtual"]?.run({ full: false, seed: SEED, chance: seeded(SEED), print: () => undefined });
  expect(figures).toMatchObject({ agents: 3_300, answers: { "200": expect.any(Number) } });
});
