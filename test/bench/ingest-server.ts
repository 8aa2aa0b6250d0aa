import { Hono } from "hono";
import type { App } from "../../collector/app.ts";
import { AgentKeys } from "../../collector/auth/agent-keys.ts";
import { Nonces } from "../../collector/auth/nonces.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { type Acceptor, acceptInto } from "../../collector/ingest/accept.ts";
import { fileBatch } from "../../collector/ingest/filed.ts";
import { IngestQueue } from "../../collector/ingest/ingest-queue.ts";
import { listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import { ingestRoutes } from "../../collector/routes/ingest.ts";
import { type SignedEnv, signedByAgent } from "../../collector/routes/signed.ts";
import { findAgent } from "../../collector/store/agents.ts";
import { doublePrecision, integer, pgTable, text } from "../../collector/store/drizzle.ts";
import { drizzled } from "../../collector/store/drizzle-db.ts";
import { writeParts } from "../../collector/store/flush-part.ts";
import { type IngestTools, instantsOf, writeClaimed } from "../../collector/store/ingest.ts";
import { batchesPart } from "../../collector/store/ledger.ts";
import { openByRole, type RoleStore } from "../../collector/store/open.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import type { Received, Written } from "../../collector/store/received.ts";
import { RunIds, runRowsOf } from "../../collector/store/run-rows.ts";
import { areBlock, copyRuns, runsPart } from "../../collector/store/write-runs.ts";

/**
 * What takes a batch in. `collector`: all of it, judging included. `dedupe`: the same way in, and of the writing only the ledger, which stores a batch once,
 * and the runs. `runs`: only the runs. `values`: the same way in, and each request's samples through drizzle's `insert().values()` in a transaction of its
 * own, a row each, into the plain table.
 */
export type IngestPath = "collector" | "dedupe" | "runs" | "values";
export type IngestServerPlan = { readonly databaseUrl: string; readonly path: IngestPath };
/** What the server says to whoever started it. It is asked for `drained` with any message: all that was taken in is committed and judged then. */
export type IngestServerWord = { readonly port: number } | "drained";
type Served = { readonly app: App; readonly drain: () => Promise<void> };

const { databaseUrl, path } = JSON.parse(process.argv[2] ?? "") as IngestServerPlan;
const store = await openByRole({ databaseUrl, dataDir: "unused", roleUrls: undefined });
const { app, drain } = await served(store);
const server = await listen(app, { port: 0, host: "127.0.0.1", tls: undefined });
const say = (word: IngestServerWord) => process.send?.(word);
process.on("message", () => drain().then(() => say("drained")));
process.once("disconnect", async () => {
  server.close();
  server.closeAllConnections();
  await store.close();
});
say({ port: server.port });

async function served(store: RoleStore): Promise<Served> {
  if (path === "collector") {
    const config = readConfig({ HCC_LOG_LEVEL: "error", DATABASE_URL: databaseUrl });
    return createCollector({ config, store, clock: Date.now, log: createLog("error") });
  }
  const { db, ingest } = store;
  const tools = { db: ingest, partitions: new Partitions(db), ids: new RunIds() };
  const queue = new IngestQueue((group) => (path === "dedupe" ? writeOnce : writeRunsAlone)(tools, group));
  const accept = path === "values" ? acceptValues(tools) : acceptInto(queue, () => undefined);
  const nonces = new Nonces("bench");
  const keys = new AgentKeys((agentId) => findAgent(db, agentId), nonces);
  const routes = ingestRoutes({ accept, nonces, clock: Date.now, onConflict: async () => undefined, sharedFaults: () => [] });
  const bare = new Hono<SignedEnv>().use(signedByAgent({ keys, nonces, clock: Date.now })).route("/", routes);
  return { app: bare as unknown as Hono, drain: () => queue.drain() };
}

type Tools = Omit<IngestTools, "calendar">;

/** `writeGroup` with the ledger and the runs, and nothing else. */
async function writeOnce({ db, partitions, ids }: Tools, group: readonly Received[]): Promise<Written[]> {
  const server = await ids.server(db);
  await partitions.ensure(instantsOf(group));
  const rows = await runRowsOf(db, ids, group);
  return writeClaimed({ db, server, group, rows, besideRuns: (stored) => ({ parts: [batchesPart(stored)], keep: () => undefined }) });
}

/** `writeGroup` without all that is not a run. */
async function writeRunsAlone({ db, partitions, ids }: Tools, group: readonly Received[]): Promise<Written[]> {
  await partitions.ensure(instantsOf(group));
  const runs = (await runRowsOf(db, ids, group)).flat();
  await (areBlock(db, runs) ? db.transaction((tx) => copyRuns(tx, runs)) : writeParts(db, [runsPart(runs)]));
  return group.map(({ batch }) => ({ result: "stored", ackedThrough: batch.to, accepted: batch.observations.length, duplicates: 0, rewindTo: undefined }));
}

function acceptValues({ db, ids }: Pick<IngestTools, "db" | "ids">): Acceptor {
  const samples = pgTable("plain_sample", {
    site_id: integer("site_id").notNull(),
    series_id: integer("series_id").notNull(),
    ts: text("ts").notNull(),
    value: doublePrecision("value").notNull(),
  });
  return async (sender, { batch, bodySha256, nowMs, clock }) => {
    const received: Received = { ...sender, batch, bodySha256, receivedMs: nowMs, filed: fileBatch(batch, nowMs, clock) };
    const [runs = []] = await runRowsOf(db, ids, [received]);
    const rows = runs.flatMap(({ siteId, takenMs, seriesIds, vals }) => {
      const ts = new Date(takenMs).toISOString();
      return seriesIds.map((seriesId, place) => ({ site_id: siteId, series_id: seriesId, ts, value: vals[place] ?? 0 }));
    });
    await db.transaction((tx) => drizzled(tx, (to) => to.insert(samples).values(rows)));
    return {
      ackedThrough: batch.to,
      accepted: batch.observations.length,
      duplicates: 0,
      rejected: [],
      serverTime: new Date(nowMs).toISOString(),
      minIntervalS: 0,
      backlogRate: 50,
    };
  };
}
