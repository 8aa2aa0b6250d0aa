import { setTimeout as sleep } from "node:timers/promises";
import { startLossyRelay } from "../support/lossy-relay.ts";
import { openCollectorRig } from "./collector-rig.ts";
import { drain, promiseAllStored } from "./drained.ts";
import { startLightAgents } from "./light-agents.ts";
import { promise, type Scenario } from "./scenario.ts";

/** Waits between tries are cut to a fiftieth: half an hour then has the tries of a day, and the order of events stays that of a slow line. */
const HASTE = 0.02;

/** T6: three of ten requests and three of ten answers are lost on the way, for half an hour. */
export const lossyLine: Scenario = async ({ full, chance, print }) => {
  const [count, seconds] = full ? [60, 1_800] : [10, 3];
  await using rig = await openCollectorRig(count);
  await rig.start();
  const relay = await startLossyRelay(rig.port, { requests: 0.3, answers: 0.3, chance });
  const url = `http://127.0.0.1:${relay.port}`;
  const fleet = startLightAgents({ url, agents: rig.agents, chance: () => chance() * HASTE, splayMs: 0, everyMs: 500 });
  try {
    await sleep(seconds * 1_000);
    await drain(fleet, 120);
    const stored = await promiseAllStored(rig.database, fleet);
    const tries = fleet.attempts.length;
    const delivered = fleet.attempts.filter(({ status }) => status === 200).length;
    print(`${tries} tries, ${delivered} answers arrived`);
    promise(relay.cuts.answers > count / 2, `only ${relay.cuts.answers} answers were lost: the line was too good`);
    return { agents: count, observations: stored, duplicates: 0, lost: 0, tries, lostRequests: relay.cuts.requests, lostAnswers: relay.cuts.answers };
  } finally {
    await fleet.stop();
    await relay.close();
  }
};
