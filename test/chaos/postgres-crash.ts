import { setTimeout as sleep } from "node:timers/promises";
import { openCollectorRig } from "./collector-rig.ts";
import { drain, promiseAllStored } from "./drained.ts";
import { startLightAgents } from "./light-agents.ts";
import { promise, type Scenario } from "./scenario.ts";

const HASTE = 0.005;
const wayside = ["postmaster killed", "backends killed", "immediate stop"] as const;

/** T10: the database dies in the middle of the intake, again and again. What was acknowledged by then is there when it stands up. */
export const postgresCrash: Scenario = async ({ full, chance, print }) => {
  const [count, rounds] = full ? [20, 50] : [5, 2];
  await using rig = await openCollectorRig(count);
  await rig.start();
  const fleet = startLightAgents({ url: rig.url, agents: rig.agents, chance: () => chance() * HASTE, splayMs: 0, everyMs: 100 });
  const acked = () => fleet.spools.reduce((sum, { lastSeq, waiting }) => sum + lastSeq - waiting, 0);
  const done = new Map<string, number>();
  try {
    for (let round = 0; round < rounds; round++) {
      await sleep(500 + chance() * 1_500);
      const way = wayside[Math.floor(chance() * wayside.length)] ?? "postmaster killed";
      done.set(way, (done.get(way) ?? 0) + 1);
      if (way === "backends killed") {
        // PostgreSQL takes the death of one backend for damage of its memory and starts anew by itself.
        await rig.database.killBackend();
        for (let waited = 0; waited < 100 && !(await rig.database.psql("SELECT 1").catch(() => undefined)); waited++) await sleep(100);
      } else {
        await (way === "postmaster killed" ? rig.database.crash() : rig.database.stopAtOnce());
      }
      const before = acked();
      if (way !== "backends killed") await rig.database.start();
      const stored = Number(await rig.database.psql("SELECT count(*) FROM observation"));
      promise(stored >= before, `round ${round}, ${way}: ${before} observations were acknowledged, ${stored} are stored`);
    }
    await drain(fleet, 120);
    const stored = await promiseAllStored(rig.database, fleet);
    const statuses = Object.fromEntries(
      [...new Set(fleet.attempts.map(({ status }) => status))].map((status) => [status, fleet.attempts.filter((one) => one.status === status).length]),
    );
    print(`answers ${JSON.stringify(statuses)}`);
    promise(
      Object.keys(statuses).every((status) => [0, 200, 429, 503].includes(Number(status))),
      `answers ${JSON.stringify(statuses)}`,
    );
    promise(rig.deaths === 0, "the collector ended together with the database");
    return { rounds, ways: Object.fromEntries(done), observations: stored, lost: 0, duplicates: 0, answers: statuses };
  } finally {
    await fleet.stop();
  }
};
