import { describe, expect, it } from "vitest";
import { scenarios } from "../chaos/scenarios.ts";
import { requirePeer } from "../support/require-peer.ts";
import { seeded } from "../support/seeded.ts";

/** A fixed seed: a failure can be repeated. `npm run chaos` draws another one each time. */
const SEED = 20_261_128;

async function inShort(name: string): Promise<unknown> {
  return scenarios[name]?.run({ full: false, seed: SEED, chance: seeded(SEED), print: () => undefined });
}

/** Short versions; the figures of the promises need `npm run chaos`. One after the other, beside the one whose agent is mostly waited for. */
describe.skipIf(!requirePeer("postgres"))("what breaks, in short", () => {
  let before: Promise<unknown> = Promise.resolve();
  it.concurrent.each(["kill", "lossy-line", "postgres-crash", "crash-both"])(
    "%s",
    async (name) => {
      const own = before.then(() => inShort(name));
      before = own.catch(() => undefined);
      expect(await own).toMatchObject({ lost: 0, duplicates: 0 });
    },
    400_000,
  );

  it.skipIf(!requirePeer("libfaketime")).concurrent("clock", async () => expect(await inShort("clock")).toMatchObject({ lost: 0, duplicates: 0 }), 400_000);
});

it("3,300 agents are all current within five minutes after ten minutes without a collector, in virtual time", async () => {
  expect(await inShort("herd-virtual")).toMatchObject({ agents: 3_300, answers: { "200": expect.any(Number) } });
});
