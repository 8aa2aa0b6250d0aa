import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { AgentKeys } from "../../collector/auth/agent-keys.ts";
import { Nonces } from "../../collector/auth/nonces.ts";
import { acceptInto } from "../../collector/ingest/accept.ts";
import { IngestQueue } from "../../collector/ingest/ingest-queue.ts";
import { ingestRoutes } from "../../collector/routes/ingest.ts";
import { type SignedEnv, signedByAgent } from "../../collector/routes/signed.ts";
import { findAgent } from "../../collector/store/agents.ts";
import { writeGroup } from "../../collector/store/ingest.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { openStore } from "../../collector/store/open.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import { RunIds } from "../../collector/store/run-rows.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { Calendar } from "../../schemas/calendar.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { requirePeer } from "../support/require-peer.ts";
import { type LoadPlan, type LoadResult, loadAgents } from "./ingest-load.ts";
import { treeCpuUs } from "./process-cost.ts";

type Print = (line: string) => void;
type Figure = { readonly rate: number; readonly p50: number; readonly p99: number; readonly nodeUs: number; readonly pgUs: number; readonly bytes: number };

const CONNECTIONS = 24;
/** Shapes of a request: observations times readings. */
const shapes = [
  { name: "60 samples per request", observations: 12, readings: 5, requests: 120, columns: false },
  { name: "60 samples per request, in columns", observations: 12, readings: 5, requests: 120, columns: true },
  { name: "1,000 samples per request", observations: 100, readings: 10, requests: 12, columns: false },
  { name: "1,000 samples per request, in columns", observations: 100, readings: 10, requests: 12, columns: true },
] as const;

/**
 * Samples per second from signed HTTP request to commit, against one `psql COPY` of as many samples, a row each, into a table with an index over
 * (site, series, time) (= 1.00), in interleaved rounds on Debian's PostgreSQL 15 with fsync on. That table is the plain layout; ours keeps the samples of
 * a run as arrays, and also writes the observation with its outcome, ledger, newest values and dirty hours, which the COPY does not. Prints the median.
 */
export async function benchIngest({ print = console.log, rounds = 5 }: { print?: Print; rounds?: number } = {}): Promise<void> {
  if (!requirePeer("postgres")) return;
  const server = await startPostgres({ durable: true, settings: ["shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=30min"] });
  try {
    const bench = await openBench(server);
    print(`ingest on ${cpus().length} x ${cpus()[0]?.model.trim()}, PostgreSQL 15, fsync on, ${CONNECTIONS} connections, median of ${rounds} rounds`);
    print("shape | k samples/s | psql COPY k/s | share of COPY | p50 ms | p99 ms | Node us/sample | PG us/sample | body B/sample");
    for (const shape of shapes) {
      const figures: Figure[] = [];
      const copies: number[] = [];
      for (let round = 0; round <= rounds; round++) {
        const figure = await bench.run(shape, round);
        const copy = await copyRate(server);
        // The first round warms caches and the compiler.
        if (round === 0) continue;
        figures.push(figure);
        copies.push(copy);
      }
      const of = (name: keyof Figure) => median(figures.map((figure) => figure[name]));
      const share = median(figures.map(({ rate }, index) => rate / (copies[index] ?? Number.NaN)));
      print(
        [
          shape.name,
          (of("rate") / 1e3).toFixed(1),
          (median(copies) / 1e3).toFixed(0),
          share.toFixed(3),
          of("p50").toFixed(1),
          of("p99").toFixed(1),
          of("nodeUs").toFixed(1),
          of("pgUs").toFixed(1),
          of("bytes").toFixed(1),
        ].join(" | "),
      );
    }
    await bench.close();
  } finally {
    await server.stop();
  }
}

async function openBench(server: TestPostgres) {
  const store = await openStore({ databaseUrl: server.url, dataDir: "unused" });
  const { db } = store;
  const startMs = Date.now();
  await migrate(db, startMs);
  const centres = Array.from({ length: CONNECTIONS }, (_, index) => ({ code: `c-${index}`, name: `c-${index}`, keyArea: false, devices: [] }));
  await importCentres(db, centres, startMs);
  await db.script(plainTable);
  const partitions = new Partitions(db);
  await partitions.ensureAhead(startMs);
  const tools = { db, partitions, ids: new RunIds(), calendar };
  const nonces = new Nonces("bench");
  const accept = acceptInto(new IngestQueue((group) => writeGroup(tools, group)), () => undefined);
  const keys = new AgentKeys((agentId) => findAgent(db, agentId), nonces);
  const app = new Hono<SignedEnv>();
  app.use(signedByAgent({ keys, nonces, clock: Date.now })).route("/", ingestRoutes({ accept, nonces, clock: Date.now, onConflict: async () => undefined }));
  const http = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(http, "listening");
  const address = http.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const agents = loadAgents(CONNECTIONS);
  for (const [index, { agent, publicKey }] of agents.entries()) {
    await db.query("INSERT INTO agent (site_id, agent_id, public_key, enrolled_at) VALUES ($1, $2, $3, now())", [index + 1, agent, publicKey]);
  }
  let run = 0;
  return {
    async run({ observations, readings, requests, columns }: (typeof shapes)[number], round: number): Promise<Figure> {
      const plan: LoadPlan = {
        url: `http://127.0.0.1:${port}`,
        nonce: nonces.current(Date.now()),
        run: ++run,
        connections: CONNECTIONS,
        requests: round === 0 ? Math.ceil(requests / 2) : requests,
        observations,
        readings,
        startMs: Date.now() - 3_600_000,
        columns,
      };
      const [nodeBefore, pgBefore] = [process.cpuUsage(), treeCpuUs(server.pid)];
      const { seconds, latenciesMs, bytes } = await runLoad(plan);
      const [node, pg] = [process.cpuUsage(nodeBefore), treeCpuUs(server.pid) - pgBefore];
      const samples = plan.connections * plan.requests * observations * readings;
      const sorted = latenciesMs.sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
      return { rate: samples / seconds, p50: at(0.5), p99: at(0.99), nodeUs: (node.user + node.system) / samples, pgUs: pg / samples, bytes: bytes / samples };
    },
    async close() {
      http.close();
      await store.close();
    },
  };
}

/** The load runs in a process of its own; what it prints last is its result. */
async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const child = spawn(process.execPath, [...nodeFlags, join(import.meta.dirname, "ingest-load.ts"), JSON.stringify(plan)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString("utf8");
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the load ended with ${code}`);
  return JSON.parse(said) as LoadResult;
}

/** The layout that the COPY is measured on: one row per sample. */
const plainTable = `CREATE TABLE plain_sample (site_id integer NOT NULL, series_id integer NOT NULL, ts timestamptz NOT NULL, value double precision NOT NULL);
  CREATE INDEX plain_sample_series ON plain_sample (site_id, series_id, ts)`;
const COPY_ROWS = 300_000;

/** Rows per second of one COPY over psql into the plain table. */
async function copyRate(server: TestPostgres): Promise<number> {
  const startMs = Date.now() - 3_600_000;
  const lines: string[] = [];
  for (let row = 0; row < COPY_ROWS; row++)
    lines.push(`${(row % CONNECTIONS) + 1}\t${row % 3_000}\t${new Date(startMs + Math.floor(row / 100) * 1_000).toISOString()}\t${row % 97}`);
  return (COPY_ROWS / (await server.copyIn("plain_sample (site_id, series_id, ts, value)", `${lines.join("\n")}\n`))) * 1_000;
}

const calendar = Calendar.parse({
  id: "vn",
  timeZone: "Asia/Ho_Chi_Minh",
  weekdays: [1, 2, 3, 4, 5],
  sessions: [{ from: "07:30", to: "11:30" }],
  holidays: [],
  workedDays: [],
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
