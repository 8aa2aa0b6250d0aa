import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { canLoopMount, type LoopDisk, loopDisk } from "../support/loop-disk.ts";
import { type CollectorRig, openCollectorRig, type RigOptions } from "./collector-rig.ts";
import { drain, promiseAllStored } from "./drained.ts";
import { type LightAgents, startLightAgents } from "./light-agents.ts";
import { type ChaosContext, promise, type Scenario } from "./scenario.ts";

const MB = 1024 * 1024;
/** Waits of the agents are cut: a full disk need not be waited for in their pace. */
const HASTE = 0.02;
const AGENTS = 10;
const DISK_MB = 200;
const WITHIN_S = 120;
/** Small enough for a small disk: PostgreSQL uses its log again instead of letting it grow. */
const settings = ["shared_buffers=16MB", "min_wal_size=32MB", "max_wal_size=32MB", "checkpoint_timeout=30s"];

/**
 * What lies on the disk that fills up. A full data disk fails single statements; a full log ends the server, which cannot even start without room;
 * `own` is the server that the collector looks after itself.
 */
const places = ["data", "log", "both", "own"] as const;
type Place = (typeof places)[number];

/** T11: the disk of the database is full. Nothing is acknowledged that is not stored, one sentence says so, and room alone heals it. */
export const databaseFull: Scenario = async (context) => {
  promise(canLoopMount(), "this scenario mounts a disk: run it as root");
  const figures: Record<string, unknown> = {};
  for (const place of context.full ? places : (["data"] as const)) figures[place] = await fillUp(place, context);
  return figures;
};

function rigOptions(place: Place, { folder }: LoopDisk): RigOptions {
  switch (place) {
    case "data":
      return { settings, parent: folder, walParent: tmpdir() };
    case "log":
      return { settings, walParent: folder };
    case "both":
      return { settings, parent: folder };
    case "own":
      return { ownIn: folder };
  }
}

async function fillUp(place: Place, { chance, print }: ChaosContext) {
  using disk = loopDisk(DISK_MB);
  const log: string[] = [];
  await using rig = await openCollectorRig(AGENTS, { ...rigOptions(place, disk), onLog: (lines) => void log.push(...lines.trimEnd().split("\n")) });
  await rig.start();
  const fleet = startLightAgents({ url: rig.url, agents: rig.agents, chance: () => chance() * HASTE, splayMs: 0, everyMs: 20 });
  const acked = () => fleet.spools.reduce((sum, { lastSeq, waiting }) => sum + lastSeq - waiting, 0);
  try {
    disk.fill(12 * MB);
    const fullAfterS = await untilNothingIsStored(fleet);
    const said = await sentenceOf(rig);
    print(`${place}: ${said}`);
    const [ackedFull, atFull] = [acked(), log.length];
    await sleep(10_000);
    promise(log.length - atFull <= 12, `the collector wrote ${log.length - atFull} lines to its log within ten seconds: ${log.at(-1)}`);
    promise(
      log.some((line) => line.includes("The disk of the database is")),
      `the log does not say that the disk is full: ${log.slice(-3).join("\n")}`,
    );
    disk.empty();
    const healedAfterS = await untilStoredAgain(rig, fleet);
    await drain(fleet, WITHIN_S);
    const stored = await promiseAllStored(rig.database, fleet);
    promise(rig.deaths === 0, "the collector ended together with the database's disk");
    return { fullAfterS, healedAfterS, acked: ackedFull, stored, lost: 0, duplicates: 0, linesOfLog: log.length };
  } finally {
    await fleet.stop();
  }
}

/** Waits until the agents have got nothing but refusals for five seconds. */
async function untilNothingIsStored({ attempts }: LightAgents): Promise<number> {
  const beganMs = Date.now();
  for (;;) {
    await sleep(250);
    const lastMs = attempts.findLast(({ status }) => status === 200)?.atMs ?? beganMs;
    if (Date.now() - lastMs > 5_000 && attempts.some(({ atMs, status }) => status === 503 && atMs > lastMs)) return Math.round((lastMs - beganMs) / 1_000);
    promise(Date.now() - beganMs < WITHIN_S * 1_000, `the disk was not full within ${WITHIN_S} s`);
  }
}

/** What a person who asks `/health/ready` is told. */
async function sentenceOf({ url }: CollectorRig): Promise<string> {
  const reply = await fetch(`${url}/health/ready`);
  const { checks } = (await reply.json()) as { checks: { storage: { detail: string } } };
  promise(reply.status === 503, `/health/ready answers ${reply.status} while nothing can be stored`);
  promise(/^The disk of the database is full \(\d+ MB of \d+ MB free at /.test(checks.storage.detail), `/health/ready says "${checks.storage.detail}"`);
  return checks.storage.detail;
}

/** Starts PostgreSQL when it has ended, as its service manager does, and waits until something is stored again. Gives the seconds. */
async function untilStoredAgain({ database }: CollectorRig, { attempts }: LightAgents): Promise<number> {
  const beganMs = Date.now();
  while (!attempts.some(({ atMs, status }) => status === 200 && atMs > beganMs)) {
    if (!database.isRunning) await database.start().catch(() => undefined);
    await sleep(250);
    promise(Date.now() - beganMs < WITHIN_S * 1_000, `nothing is stored ${WITHIN_S} s after there is room again`);
  }
  return Math.round((Date.now() - beganMs) / 1_000);
}
