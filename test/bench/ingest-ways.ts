import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { migrate } from "../../collector/store/migrate.ts";
import { openStore } from "../../collector/store/open.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { runFlags } from "../../deploy/run-flags.ts";
import { nodeFlags } from "../support/node-flags.ts";
import type { TestPostgres } from "../support/postgres.ts";
import { projectRoot } from "../support/source-files.ts";
import type { IngestPath, IngestServerPlan, IngestServerWord } from "./ingest-server.ts";
import { loadAgents } from "./load-agents.ts";
import { type LoadPlan, type LoadResult, type Shape, STEP_MS, samplesOf } from "./load-plan.ts";
import { cpuUsOf, memoryOf, treeCpuUs, treeMemoryOf } from "./process-cost.ts";

/** What one run of one way has shown; what a way does not have is NaN. `rate` is samples/s, times are ms, CPU us per sample, memory bytes. */
export type Figure = {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly serverUs: number;
  readonly databaseUs: number;
  readonly memory: number;
  readonly bodyBytes: number;
};
/** A system that takes samples in. */
export type Way = { readonly name: string; run(shape: Shape): Promise<Figure> };

/** Connections and centres of the loads that follow a demand; the load of peers has more centres. */
export const CONNECTIONS = 24;
/** Centres of every system. */
export const CENTRES = 135;
/** Runs of all ways are numbered together. */
let runs = 0;

/** The plan of the next run. */
export function nextPlan(shape: Shape, { to, port, nonce = "" }: Pick<LoadPlan, "to" | "port"> & { readonly nonce?: string }): LoadPlan {
  const { name: _, ...what } = shape;
  const lastsMs = shape.requests * shape.observations * STEP_MS;
  return { ...what, to, port, nonce, run: ++runs, startMs: Date.now() - lastsMs };
}

/** The load runs in a process of its own. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult & { p50: number; p99: number; samples: number }> {
  const child = spawn(process.execPath, [...nodeFlags, join(import.meta.dirname, "ingest-load.ts"), JSON.stringify(plan)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString("utf8");
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the load ended with ${code}`);
  const result = JSON.parse(said) as LoadResult;
  const sorted = result.latenciesMs.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { ...result, p50: at(0.5), p99: at(0.99), samples: samplesOf(plan) };
}

/** The figure of one load. CPU of server and database, us, are those before and after it; memory is in bytes. */
export function figureOf(
  { seconds, p50, p99, samples, bytes }: Awaited<ReturnType<typeof runLoad>>,
  before: readonly [number, number],
  after: readonly [number, number],
  memory: number,
): Figure {
  const [serverUs, databaseUs] = [(after[0] - before[0]) / samples, (after[1] - before[1]) / samples];
  return { rate: samples / seconds, p50, p99, serverUs, databaseUs, memory, bodyBytes: bytes / samples };
}

/** The layout that the COPY is measured on: one row per sample. */
const plainTable = `CREATE TABLE plain_sample (site_id integer NOT NULL, series_id integer NOT NULL, ts timestamptz NOT NULL, value double precision NOT NULL);
  CREATE INDEX plain_sample_series ON plain_sample (site_id, series_id, ts)`;
const COPY_ROWS = 300_000;

/** Rows per second of one COPY over psql into the plain table. Every run on a PostgreSQL begins with a checkpoint: none writes what another left in memory. */
export async function copyWay(server: TestPostgres): Promise<Way> {
  await server.psql(plainTable);
  return {
    name: "psql COPY",
    run: async () => {
      await server.psql("CHECKPOINT");
      const startMs = Date.now() - 3_600_000;
      const lines: string[] = [];
      for (let row = 0; row < COPY_ROWS; row++)
        lines.push(`${(row % CONNECTIONS) + 1}\t${row % 3_000}\t${new Date(startMs + Math.floor(row / 100) * 1_000).toISOString()}\t${row % 97}`);
      const ms = await server.copyIn("plain_sample (site_id, series_id, ts, value)", `${lines.join("\n")}\n`);
      const none = Number.NaN;
      return { rate: (COPY_ROWS / ms) * 1_000, p50: none, p99: none, serverUs: none, databaseUs: none, memory: none, bodyBytes: none };
    },
  };
}

/** Our own server with one of its paths, as a program of its own on a database of its own. */
export async function ourWay(postgres: TestPostgres, path: IngestPath, name: string): Promise<Way & AsyncDisposable> {
  const databaseUrl = await postgres.database(path);
  await makeProvince(databaseUrl);
  const plan: IngestServerPlan = { databaseUrl, path };
  const words = [...runFlags("collector"), join(import.meta.dirname, "ingest-server.ts"), JSON.stringify(plan)];
  const child = spawn(process.execPath, words, { cwd: projectRoot, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const gone = once(child, "exit");
  const next = async () => {
    const [word] = await Promise.race([
      once(child, "message"),
      gone.then(([code]) => {
        throw new Error(`the server of ${name} ended with ${code}`);
      }),
    ]);
    return word as IngestServerWord;
  };
  const first = await next();
  if (first === "drained") throw new Error("a server says its port first");
  const { port } = first;
  const pid = child.pid ?? 0;
  return {
    name,
    run: async (shape) => {
      await postgres.psql("CHECKPOINT");
      const loadPlan = nextPlan(shape, { to: "collector", port, nonce: await askNonce(port) });
      const cpu = () => [cpuUsOf(pid), treeCpuUs(postgres.pid)] as const;
      const before = cpu();
      const load = await runLoad(loadPlan);
      child.send("drain");
      await next();
      return figureOf(load, before, cpu(), memoryOf(pid) + treeMemoryOf(postgres.pid));
    },
    [Symbol.asyncDispose]: async () => {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

/** The nonce that whoever signs nothing is told to sign with. */
async function askNonce(port: number): Promise<string> {
  const reply = await fetch(`http://127.0.0.1:${port}/v1/batches`, { method: "POST", body: "{}" });
  const { nonce } = (await reply.json()) as { nonce?: string };
  if (nonce === undefined) throw new Error(`${reply.status} without a nonce`);
  return nonce;
}

/** Centres with an agent each. */
async function makeProvince(databaseUrl: string): Promise<void> {
  const store = await openStore({ databaseUrl, dataDir: "unused" });
  try {
    const nowMs = Date.now();
    await migrate(store.db, nowMs);
    const centres = Array.from({ length: CENTRES }, (_, index) => ({ code: `c-${index}`, name: `c-${index}`, keyArea: false, devices: [] }));
    await importCentres(store.db, centres, nowMs);
    await new Partitions(store.db).ensureAhead(nowMs);
    for (const [index, { agent, publicKey }] of loadAgents(CENTRES).entries())
      await store.db.query("INSERT INTO agent (site_id, agent_id, public_key, enrolled_at) SELECT site_id, $2, $3, now() FROM site WHERE centre_code = $1", [
        `c-${index}`,
        agent,
        publicKey,
      ]);
    await store.db.script(plainTable);
  } finally {
    await store.close();
  }
}
