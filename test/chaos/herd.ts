import { setTimeout as sleep } from "node:timers/promises";
import { openCollectorRig } from "./collector-rig.ts";
import { type Attempt, startLightAgents } from "./light-agents.ts";
import { percentile, promise, type Scenario } from "./scenario.ts";

const CURRENT_WITHIN_S = 300;
const allowed = new Set([0, 200, 429, 503]);

/**
 * T9: a province of agents whose collector is away for ten minutes and comes back. Nobody may be lost for more than five minutes, and the herd
 * must not trample what has just stood up again.
 */
export const herd: Scenario = async ({ full, chance, print }) => {
  const [count, warmS, outageS] = full ? [3_300, 90, 600] : [120, 3, 5];
  await using rig = await openCollectorRig(count, { settings: ["shared_buffers=256MB", "max_wal_size=4GB"] });
  await rig.start();
  const fleet = startLightAgents({ url: rig.url, agents: rig.agents, chance, splayMs: full ? 60_000 : 1_000, everyMs: 30_000 });
  try {
    await sleep(warmS * 1_000);
    const known = new Set(fleet.attempts.filter(({ status }) => status === 200).map(({ agent }) => agent));
    print(`${known.size} of ${count} agents deliver; the collector is killed for ${outageS} s`);
    await rig.kill();
    await sleep(outageS * 1_000);
    const downAttempts = fleet.attempts.length;
    await rig.start();
    const backMs = Date.now();
    const current = () => new Set(fleet.attempts.filter(({ atMs, status }) => status === 200 && atMs >= backMs).map(({ agent }) => agent)).size;
    while (current() < count && Date.now() - backMs < CURRENT_WITHIN_S * 1_000 + 5_000) await sleep(500);
    const since = fleet.attempts.slice(downAttempts).filter(({ atMs }) => atMs >= backMs);
    return judge(since, { backMs, count, current: current(), full });
  } finally {
    await fleet.stop();
  }
};

function judge(since: readonly Attempt[], { backMs, count, current, full }: { backMs: number; count: number; current: number; full: boolean }) {
  const first = new Map<number, number>();
  for (const { agent, atMs, elapsedMs, status } of since) if (status === 200 && !first.has(agent)) first.set(agent, atMs + elapsedMs - backMs);
  const lastS = Math.max(...first.values()) / 1_000;
  const seconds = new Map<number, number>();
  for (const { atMs } of since) seconds.set(Math.floor((atMs - backMs) / 1_000), (seconds.get(Math.floor((atMs - backMs) / 1_000)) ?? 0) + 1);
  const meanPerS = since.length / Math.max(1, lastS);
  const peak = Math.max(...seconds.values()) / meanPerS;
  const statuses = Object.fromEntries(
    [...new Set(since.map(({ status }) => status))].map((status) => [status, since.filter((one) => one.status === status).length]),
  );
  const slowestS = Math.max(...since.map(({ elapsedMs }) => elapsedMs)) / 1_000;
  promise(current === count, `${current} of ${count} agents are current after ${CURRENT_WITHIN_S} s; answers ${JSON.stringify(statuses)}`);
  promise(
    Object.keys(statuses).every((status) => allowed.has(Number(status))),
    `answers ${JSON.stringify(statuses)}`,
  );
  // No answer at all may happen only in the moment in which the port opens.
  promise((statuses[0] ?? 0) <= count / 50, `${statuses[0]} requests without an answer after the collector was back`);
  if (full) {
    promise(peak <= 3, `${peak.toFixed(1)} x the mean in the busiest second`);
    promise(slowestS <= 10, `a request took ${slowestS.toFixed(1)} s`);
  }
  return {
    agents: count,
    allCurrentAfterS: Number(lastS.toFixed(1)),
    halfCurrentAfterS: Number((percentile([...first.values()], 0.5) / 1_000).toFixed(1)),
    answers: statuses,
    busiestSecondOverMean: Number(peak.toFixed(2)),
    slowestRequestS: Number(slowestS.toFixed(2)),
  };
}
