import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrate } from "../../collector/store/migrate.ts";
import { openStore, type StoreOptions } from "../../collector/store/open.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { runFlags } from "../../deploy/run-flags.ts";
import { loadAgents } from "../bench/load-agents.ts";
import { freeTcpPort } from "../support/free-port.ts";
import { startPostgres } from "../support/postgres.ts";
import { projectRoot } from "../support/source-files.ts";
import { ownPostgres, type RigDatabase } from "./own-postgres.ts";

export type RigAgent = ReturnType<typeof loadAgents>[number] & { readonly centre: string };

/** A real collector as a program, on a real PostgreSQL that syncs, with agents that are enrolled already. */
export type CollectorRig = {
  readonly url: string;
  readonly port: number;
  readonly database: RigDatabase;
  readonly agents: readonly RigAgent[];
  /** Starts the collector and waits until it answers. */
  start(): Promise<void>;
  /** Kills the collector as a power cut would. */
  kill(): Promise<void>;
  /** Process id of the collector; 0 while there is none. */
  readonly pid: number;
  /** How often the collector has ended by itself since it was started. */
  readonly deaths: number;
  [Symbol.asyncDispose](): Promise<void>;
};

export type RigOptions = {
  /** Settings of PostgreSQL, and where its data and its log lie. */
  readonly settings?: readonly string[];
  readonly parent?: string;
  readonly walParent?: string;
  /** The collector brings its own PostgreSQL, in a folder here. */
  readonly ownIn?: string;
  /** Where the collector listens; this machine alone without it. */
  readonly host?: string;
  /** Takes the lines of the collector's log. */
  readonly onLog?: (lines: string) => void;
};

/** Puts `count` centres with an agent each into a fresh database. */
export async function openCollectorRig(count: number, { onLog, ownIn, host = "127.0.0.1", ...server }: RigOptions = {}): Promise<CollectorRig> {
  const folder = await mkdtemp(join(ownIn ?? tmpdir(), "hcc-chaos-"));
  await chmod(folder, 0o755);
  const dataDir = join(folder, "collector");
  const postgres = ownIn === undefined ? await startPostgres({ durable: true, ...server }) : undefined;
  const database = postgres ?? ownPostgres(dataDir);
  const agents = await enrolAgents({ databaseUrl: postgres?.url, dataDir }, count);
  const port = await freeTcpPort();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    ...process.env,
    DATABASE_URL: postgres?.url ?? "",
    HCC_PORT: String(port),
    HCC_HOST: host,
    HCC_MEASURE_PORT: "0",
    HCC_DATA: dataDir,
    HCC_LOG_LEVEL: onLog ? "info" : "silent",
  };
  let child: ChildProcess | undefined;
  let deaths = 0;
  const kill = async () => {
    const dying = child;
    child = undefined;
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = once(dying, "exit");
    dying.kill("SIGKILL");
    await gone;
  };
  return {
    url,
    port,
    database,
    agents,
    start: async () => {
      const started = spawn(process.execPath, [...runFlags("collector"), "collector/main.ts", "serve"], {
        cwd: projectRoot,
        env: environment,
        stdio: ["ignore", "ignore", onLog ? "pipe" : "inherit"],
      });
      if (onLog) started.stderr?.setEncoding("utf8").on("data", onLog);
      child = started;
      started.once("exit", () => {
        if (child === started) deaths++;
      });
      await untilLive(url);
    },
    kill,
    get pid() {
      return child?.pid ?? 0;
    },
    get deaths() {
      return deaths;
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function enrolAgents(place: StoreOptions, count: number): Promise<RigAgent[]> {
  const store = await openStore(place);
  try {
    await migrate(store.db, Date.now());
    const centres = Array.from({ length: count }, (_, index) => ({ code: `c-${index}`, name: `c-${index}`, keyArea: false, devices: [] }));
    await importCentres(store.db, centres, Date.now());
    const agents = loadAgents(count).map((agent, index) => ({ ...agent, centre: `c-${index}` }));
    await store.db.query(
      "INSERT INTO agent (site_id, agent_id, public_key, enrolled_at) SELECT s.site_id, a.agent, a.key, now() FROM unnest($1::text[], $2::text[], $3::text[]) AS a(centre, agent, key) JOIN site s ON s.centre_code = a.centre",
      [agents, agents, agents].map((list, column) => `{${list.map((one) => [one.centre, one.agent, one.publicKey][column]).join(",")}}`),
    );
    return agents;
  } finally {
    await store.close();
  }
}

/** Rejects when nobody answers within a minute. */
export async function untilLive(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const isLive = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(1_000) }).then(
      (reply) => reply.ok,
      () => false,
    );
    if (isLive) return;
    await sleep(100);
  }
  throw new Error(`${url} did not answer within 60 s`);
}
