/** The load of `bench -- fleet`, in a process of its own: fleet-load.ts URL AGENTS SECONDS; prints its result as JSON. */
import { setTimeout as sleep } from "node:timers/promises";
import { startLightAgents } from "../chaos/light-agents.ts";
import { percentile } from "../chaos/scenario.ts";
import { seeded } from "../support/seeded.ts";
import { minute, tell } from "./fleet-minute.ts";
import { loadAgents } from "./load-agents.ts";

export type FleetLoad = {
  /** Runs that were made, and those that were not acknowledged at the end. */
  readonly runs: number;
  readonly waiting: number;
  /** Answers by status; 0 is none. */
  readonly answers: Readonly<Record<string, number>>;
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly max: number };
};

/** The agents begin within this time as after a restart of the collector, in a short run within a tenth of it, ms. */
const SPLAY_MS = 60_000;
/** How long they may still deliver what waits when they have taken their last run, ms. */
const REST_MS = 60_000;

async function load(url: string, count: number, seconds: number): Promise<FleetLoad> {
  const everyMs = 60_000 / minute.length;
  const fleet = startLightAgents({ url, agents: loadAgents(count), chance: seeded(count), splayMs: Math.min(SPLAY_MS, seconds * 100), everyMs, tell });
  await sleep(seconds * 1_000);
  fleet.hush();
  const waiting = () => fleet.spools.reduce((sum, spool) => sum + spool.waiting, 0);
  for (const endMs = Date.now() + REST_MS; waiting() > 0 && Date.now() < endMs; ) await sleep(250);
  const result = { runs: fleet.spools.reduce((sum, { lastSeq }) => sum + lastSeq, 0), waiting: waiting() };
  await fleet.stop();
  const elapsed = fleet.attempts.map(({ elapsedMs }) => elapsedMs);
  const answers: Record<string, number> = {};
  for (const { status } of fleet.attempts) answers[status] = (answers[status] ?? 0) + 1;
  return { ...result, answers, latencyMs: { p50: percentile(elapsed, 0.5), p95: percentile(elapsed, 0.95), max: percentile(elapsed, 1) } };
}

const [url, count, seconds] = process.argv.slice(2);
if (url !== undefined) process.stdout.write(JSON.stringify(await load(url, Number(count), Number(seconds))));
