import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";
import { IngestReply } from "../../schemas/exchange.ts";
import { type BatchRelay, type Reply, startBatchRelay } from "../support/batch-relay.ts";
import { type CollectorRig, openCollectorRig } from "./collector-rig.ts";
import { drain, promiseAllStored } from "./drained.ts";
import { type LightAgents, startLightAgents } from "./light-agents.ts";
import { PromiseBroken, promise, type Scenario } from "./scenario.ts";

/** Waits of the agents are cut: the order of events stays that of a slow province. */
const HASTE = 0.005;
const READINGS_EACH = 20;
/** How long after a transaction was seen open it may be when something dies, ms. A flush takes longer. */
const AFTER_MAX_MS = 12;
const REPLAYS_AT_ONCE = 16;
/** Until the flow of batches is back after a death, with what `Retry-After` asks for. */
const FLOW_WITHIN_MS = 120_000;
const victims = ["collector, then database", "database and all its processes", "collector", "database, then collector", "database"] as const;

/**
 * Collector and PostgreSQL are killed in the middle of a flush, one of them or both within milliseconds, while each batch comes twice at the same time,
 * over two connections, and once more later. In the end every batch comes twice again, and none of it may be new.
 */
export const crashBoth: Scenario = async ({ full, chance, print }) => {
  const [count, rounds] = full ? [20, 50] : [5, 2];
  await using rig = await openCollectorRig(count);
  await rig.start();
  await using senders = await doubled(rig, chance);
  const fleet = startLightAgents({ url: senders.url, agents: rig.agents, chance: () => chance() * HASTE, splayMs: 0, everyMs: 200 });
  const acked = () => fleet.spools.reduce((sum, { lastSeq, waiting }) => sum + lastSeq - waiting, 0);
  const killed = Object.fromEntries(victims.map((victim) => [victim, 0]));
  let inFlush = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      await untilAnswered(rig, fleet, 2 * count);
      await sleep(chance() * 1_500);
      // Each kind of death comes as often as the others, in an order of its own.
      const victim = victims[round % victims.length] ?? "collector";
      killed[victim] = (killed[victim] ?? 0) + 1;
      if (await untilInFlush(rig)) inFlush++;
      await sleep(chance() * AFTER_MAX_MS);
      await killOf(victim, rig, chance);
      const before = acked();
      if (!rig.database.isRunning) await rig.database.start();
      const stored = Number(await rig.database.psql("SELECT count(*) FROM observation"));
      promise(stored >= before, `round ${round}, ${victim}: ${before} observations were acknowledged, ${stored} are stored`);
      if (rig.pid === 0) await rig.start();
      if (round % 10 === 9) print(`${round + 1} rounds, ${stored} observations`);
    }
    await drain(fleet, 240);
    const stored = await promiseAllStored(rig.database, fleet);
    const replayed = await senders.replayAll();
    promise((await promiseAllStored(rig.database, fleet)) === stored, "a replay was stored");
    await promiseCounted(rig, stored);
    promise(rig.deaths === 0, "the collector ended by itself");
    promise(inFlush > rounds / 2, `only ${inFlush} of ${rounds} deaths fell into a flush`);
    return { rounds, killed, inFlush, observations: stored, ...senders.figures(), replayed, lost: 0, duplicates: 0 };
  } finally {
    await fleet.stop();
  }
};

/** A range of a stream, as often as it came. */
type Sent = { readonly size: number; accepted: number; isAnswered: boolean; forward: () => Promise<Reply> };

type Doubled = AsyncDisposable & {
  readonly url: string;
  /** Sends every batch that was ever answered twice more, at the same time; each must be answered, and none of it be new. Gives their number. */
  replayAll(): Promise<number>;
  figures(): Readonly<Record<string, number>>;
};

/** A line on which each batch comes twice at the same time, and once more later. */
async function doubled({ port }: CollectorRig, chance: () => number): Promise<Doubled> {
  const relay: BatchRelay = await startBatchRelay(port);
  const batches = new Map<string, Sent>();
  const figures = { sent: 0, answered: 0, cut: 0 };
  const late = new Set<Promise<unknown>>();
  const answered = async (batch: Sent, forward: Sent["forward"]) => {
    figures.sent++;
    const reply = await forward().catch((error: unknown) => {
      figures.cut++;
      throw error;
    });
    if (reply.status === 200) {
      // Signed so that it was taken.
      batch.forward = forward;
      batch.isAnswered = true;
      figures.answered++;
      batch.accepted += IngestReply.parse(JSON.parse(reply.body.toString())).accepted;
      promise(batch.accepted <= batch.size, `a batch of ${batch.size} was accepted as ${batch.accepted} new observations`);
    }
    return reply;
  };
  relay.way = async ({ stream, from, to, observations }, forward) => {
    const range = `${stream} ${from} ${to}`;
    const batch = batches.get(range) ?? { size: observations.length, accepted: 0, isAnswered: false, forward };
    batches.set(range, batch);
    const pair = [answered(batch, forward), answered(batch, forward)];
    const again = sleep(chance() * 500)
      .then(() => answered(batch, forward))
      .catch(asBroken)
      .finally(() => late.delete(again));
    late.add(again);
    // The first answer counts for the sender, and an acknowledgement before a refusal.
    const first = await Promise.any(pair.map(async (one) => ((await one).status === 200 ? one : Promise.reject(one)))).catch(() => undefined);
    const settled = first === undefined ? await Promise.allSettled(pair) : [];
    return first ?? settled.find((one) => one.status === "fulfilled")?.value;
  };
  const broken: unknown[] = [];
  const asBroken = (error: unknown) => {
    if (error instanceof Error && error.name === "PromiseBroken") broken.push(error);
  };
  return {
    url: relay.url,
    figures: () => ({ batches: batches.size, ...figures }),
    replayAll: async () => {
      await Promise.all(late);
      if (broken.length > 0) throw broken[0];
      const known = [...batches.values()].filter(({ isAnswered }) => isAnswered);
      for (let at = 0; at < known.length; at += REPLAYS_AT_ONCE / 2) {
        const some = known.slice(at, at + REPLAYS_AT_ONCE / 2);
        for (const { status, body } of await Promise.all([...some, ...some].map(({ forward }) => forward()))) {
          promise(status === 200, `a replay was answered with ${status}: ${body}`);
          const { accepted } = IngestReply.parse(JSON.parse(body.toString()));
          promise(accepted === 0, `${accepted} observations of a replay were taken for new`);
        }
      }
      return 2 * known.length;
    },
    [Symbol.asyncDispose]: () => relay.close(),
  };
}

/** Waits until that many batches were acknowledged from now on: a death before the flow has begun kills little. */
async function untilAnswered(rig: CollectorRig, { attempts }: LightAgents, batches: number): Promise<void> {
  const sinceMs = Date.now();
  const since = () => attempts.filter(({ atMs }) => atMs > sinceMs).map(({ status }) => status);
  while (since().filter((status) => status === 200).length < batches) {
    if (Date.now() - sinceMs > FLOW_WITHIN_MS) {
      const health = await fetch(`${rig.url}/health/ready`).then((reply) => reply.text(), String);
      throw new PromiseBroken(
        `${batches} batches were not acknowledged within ${FLOW_WITHIN_MS / 1_000} s after a death, while the collector ended by itself ${rig.deaths} times: ${since()}; ${health}`,
      );
    }
    await sleep(50);
  }
}

/** Waits until PostgreSQL has a transaction open that writes; false when none was seen within two seconds. */
async function untilInFlush({ database }: CollectorRig): Promise<boolean> {
  const db: PostgresDb = openPostgres(database.url, { connections: 1, statementTimeoutMs: 1_000 });
  try {
    for (const endMs = Date.now() + 2_000; Date.now() < endMs; ) {
      const [open] = await db.query("SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_xid IS NOT NULL LIMIT 1");
      if (open) return true;
    }
    return false;
  } finally {
    await db.close();
  }
}

async function killOf(victim: (typeof victims)[number], rig: CollectorRig, chance: () => number): Promise<void> {
  const { database } = rig;
  switch (victim) {
    case "collector":
      return rig.kill();
    case "database":
      return database.crash();
    case "database and all its processes":
      killChildren(database.pid);
      return database.crash();
    case "collector, then database":
      await Promise.all([rig.kill(), sleep(chance() * 5).then(database.crash)]);
      return;
    case "database, then collector":
      await Promise.all([database.crash(), sleep(chance() * 5).then(rig.kill)]);
  }
}

/** No process of the server ends what it is at. */
function killChildren(pid: number): void {
  process.kill(pid, "SIGSTOP");
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  for (const child of children) process.kill(child, "SIGKILL");
}

/** What is counted beside the rows was counted once, too: values, runs by hour, and what the ledger holds. */
async function promiseCounted({ database }: CollectorRig, stored: number): Promise<void> {
  const samples = Number(await database.psql("SELECT count(*) FROM sample"));
  promise(samples === stored * READINGS_EACH, `${samples} samples of ${stored} observations`);
  const counted = Number(await database.psql("SELECT coalesce(sum(n), 0) FROM run_hour"));
  promise(counted === stored, `${counted} runs are counted by hours, ${stored} are stored`);
}
