import { setTimeout as sleep } from "node:timers/promises";
import { openCollectorRig } from "./collector-rig.ts";
import { startLightAgents } from "./light-agents.ts";
import { percentile, promise, type Scenario } from "./scenario.ts";

const HOURS_TOLD = 72;
const WITHIN_MIN = 30;
const LIVE_MAX_MIN = 3;
const EVERY_MS = 30_000;
const VALUES_EACH = 20;

/**
 * 135 agents come back after three days with 40 values a minute each. The full version sends a twelfth of that backlog (six hours) and holds its rate
 * against the rate that three days in half an hour need; the live lane is watched meanwhile.
 */
export const backlog: Scenario = async ({ full, chance, print }) => {
  const [count, hours] = full ? [135, 6] : [10, 0.5];
  const each = Math.round((hours * 3_600_000) / EVERY_MS);
  await using rig = await openCollectorRig(count, { settings: ["shared_buffers=256MB", "max_wal_size=4GB"] });
  await rig.start();
  const beganMs = Date.now();
  const fleet = startLightAgents({ url: rig.url, agents: rig.agents, chance, splayMs: 1_000, backlog: each, everyMs: EVERY_MS });
  const staleMs: number[] = [];
  try {
    const total = count * each;
    while (fleet.spools.some((spool) => spool.waiting > 20) && Date.now() - beganMs < 1_200_000) {
      await sleep(500);
      // An agent that has taken its first observation and waits for its answer counts from then on.
      for (const spool of fleet.spools) staleMs.push(Date.now() - Math.max(spool.newestAckedMs, beganMs));
    }
    const elapsedS = (Date.now() - beganMs) / 1_000;
    const valuesPerS = (total * VALUES_EACH) / elapsedS;
    const neededPerS = (135 * HOURS_TOLD * 3_600_000 * VALUES_EACH) / EVERY_MS / (WITHIN_MIN * 60);
    print(`${total} observations (${total * VALUES_EACH} values) in ${elapsedS.toFixed(1)} s`);
    const stored = await rig.database.psql(`SELECT count(*), count(DISTINCT (stream, seq)) FROM observation WHERE lane = 'backlog' OR seq <= ${each}`);
    const [rows, distinct] = stored.split("|").map(Number);
    promise(rows === distinct && (rows ?? 0) >= total, `${stored} rows and distinct numbers stored, of ${total}`);
    const staleMax = Math.max(...staleMs) / 60_000;
    promise(staleMax <= LIVE_MAX_MIN, `an agent's newest observation was ${staleMax.toFixed(1)} minutes old`);
    if (full)
      promise(valuesPerS >= neededPerS, `${Math.round(valuesPerS)} values/s; three days of 135 agents in ${WITHIN_MIN} minutes need ${Math.round(neededPerS)}`);
    return {
      agents: count,
      hours,
      valuesPerS: Math.round(valuesPerS),
      threeDaysOf135AgentsMin: Number(((135 * HOURS_TOLD * 3_600_000 * VALUES_EACH) / EVERY_MS / valuesPerS / 60).toFixed(1)),
      liveAgeP95S: Number((percentile(staleMs, 0.95) / 1_000).toFixed(1)),
      liveAgeMaxS: Number((staleMax * 60).toFixed(1)),
    };
  } finally {
    await fleet.stop();
  }
};
