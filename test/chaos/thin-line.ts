import { setTimeout as sleep } from "node:timers/promises";
import { startPacedRelay } from "../support/paced-relay.ts";
import { openCollectorRig } from "./collector-rig.ts";
import { startLightAgents } from "./light-agents.ts";
import { percentile, promise, type Scenario } from "./scenario.ts";

const LINE_MBPS = 0.064;
const HOURS_TOLD = 24;
/** 40 values a minute: two runs of twenty readings. */
const EVERY_MS = 30_000;
const LIVE_MAX_S = 120;

/**
 * T8: an agent comes back after a day behind a line of 64 kbit/s, which is what a centre's line still carries when it is all but dead. Its present stays
 * present while the day is delivered. The line is a relay that paces bytes in both directions; the uplink is the agent's own.
 */
export const thinLine: Scenario = async ({ full, chance, print }) => {
  const minutes = full ? 6 : 1.5;
  const backlog = (HOURS_TOLD * 3_600_000) / EVERY_MS;
  await using rig = await openCollectorRig(1);
  await rig.start();
  const relay = await startPacedRelay(rig.port, LINE_MBPS);
  const fleet = startLightAgents({ url: `http://127.0.0.1:${relay.port}`, agents: rig.agents, chance, splayMs: 1_000, backlog, everyMs: EVERY_MS });
  const [spool] = fleet.spools;
  const beganMs = Date.now();
  const liveAgesS: number[] = [];
  try {
    while (Date.now() - beganMs < minutes * 60_000) {
      await sleep(500);
      liveAgesS.push((Date.now() - Math.max(spool?.newestAckedMs ?? 0, beganMs)) / 1_000);
    }
    const [stored = 0, distinct = 0] = (await rig.database.psql("SELECT count(*), count(DISTINCT (stream, seq)) FROM observation")).split("|").map(Number);
    const [live = 0] = (await rig.database.psql("SELECT count(*) FROM observation WHERE lane = 'live'")).split("|").map(Number);
    print(`${stored} of ${backlog} observations of the day came through in ${minutes} minutes, ${live} live ones among them`);
    const liveMaxS = Math.max(...liveAgesS);
    promise(liveMaxS <= LIVE_MAX_S, `the newest live observation was ${liveMaxS.toFixed(0)} s old`);
    promise(live >= Math.floor((minutes * 60_000) / EVERY_MS) - 2, `${live} live observations are stored`);
    promise(stored > live && stored === distinct, `${stored} rows of ${distinct} numbers are stored`);
    return {
      lineMbps: LINE_MBPS,
      minutes,
      liveAgeP95S: Number(percentile(liveAgesS, 0.95).toFixed(1)),
      liveAgeMaxS: Number(liveMaxS.toFixed(1)),
      stored,
      live,
    };
  } finally {
    await fleet.stop();
    await relay.close();
  }
};
