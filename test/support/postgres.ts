import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freeTcpPort } from "./free-port.ts";
import { memoryParent } from "./memory-parent.ts";
import { folderOf, packageUser, type UserIdentity } from "./user-identity.ts";

export const bin = "/usr/lib/postgresql/15/bin";
/** Names the folder in which a run of tests keeps a cluster that nobody has started; for this process and its children. */
export const KEPT_CLUSTERS = "HCC_TEST_CLUSTERS";
const run = promisify(execFile);

/** Debian's PostgreSQL 15, alone in a temporary folder. `crash` is kill -9 of the postmaster, `start` brings it back on the same port. */
export type TestPostgres = {
  readonly url: string;
  readonly port: number;
  /** Folder of its Unix socket. */
  readonly socketFolder: string;
  /** The URL of another, fresh database on the same server. */
  database(name: string): Promise<string>;
  /** One statement as the owner, over psql; gives the text of its unaligned answer. */
  psql(statement: string, database?: string): Promise<string>;
  /** `COPY <table> FROM STDIN` over psql; gives the time that it took, ms. */
  copyIn(table: string, lines: string): Promise<number>;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** False when the postmaster has ended by itself. */
  readonly isRunning: boolean;
  crash(): Promise<void>;
  /** Ends the server without a checkpoint, as its service manager does when it loses patience. */
  stopAtOnce(): Promise<void>;
  /** Kills one process that works for a client; the server restarts all of them. */
  killBackend(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts the server as an ordinary user: as root it takes the user `postgres` of Debian's package. Unless `durable`, it waits for no disk and has its files in memory, for tests without crashes. */
export async function startPostgres({
  durable = false,
  settings = [],
  parent = durable ? tmpdir() : memoryParent(),
  walParent,
}: {
  durable?: boolean;
  settings?: readonly string[];
  parent?: string;
  /** Where the write-ahead log goes, when not beside the data. */
  walParent?: string;
} = {}): Promise<TestPostgres> {
  const identity = await packageUser("postgres");
  const folder = await folderOf(identity, parent, "hcc-pg-");
  const data = join(folder, "data");
  const wal = walParent === undefined ? undefined : await folderOf(identity, walParent, "hcc-pg-");
  await initialise(data, identity, wal ? [`--waldir=${join(wal, "wal")}`] : []);
  const port = await freeTcpPort();
  const words = ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", `fsync=${durable ? "on" : "off"}`];
  let server: ReturnType<typeof spawn> | undefined;

  const start = async () => {
    const begin = () =>
      spawn(join(bin, "postgres"), [...words, ...settings.flatMap((setting) => ["-c", setting])], { ...identity, cwd: folder, stdio: "ignore" });
    const isRestart = server !== undefined;
    let child = begin();
    server = child;
    for (let attempt = 0; attempt < 1_200; attempt++) {
      // Backends of a postmaster that was killed hold its memory until they notice, and no other starts meanwhile: its service manager tries again.
      if (child.exitCode !== null && isRestart && attempt < 600) {
        await sleep(200);
        child = begin();
        server = child;
      }
      if (child.exitCode !== null) throw new Error("PostgreSQL ended at once");
      if ((await isListening(port)) && (await psql("SELECT 1", "postgres").catch(() => undefined))) return;
      await sleep(50);
    }
    throw new Error("PostgreSQL was not ready within 60 s");
  };
  const end = async (signal: NodeJS.Signals) => {
    const child = server;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
    // Backends of a killed postmaster notice its death themselves; the port is free when they have.
    for (let attempt = 0; attempt < 100 && (await isListening(port)); attempt++) await sleep(50);
  };
  const psql = async (statement: string, database = "postgres") => {
    const { stdout } = await run(
      join(bin, "psql"),
      ["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", String(port), "-U", "hcc", "-d", database, "-c", statement],
      {
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout.trim();
  };
  await start();
  return {
    url: `postgres://hcc@127.0.0.1:${port}/postgres`,
    port,
    socketFolder: folder,
    psql,
    copyIn: (table, lines) => copyIn(port, table, lines),
    get pid() {
      return server?.pid ?? 0;
    },
    get isRunning() {
      return server !== undefined && server.exitCode === null && server.signalCode === null;
    },
    start,
    crash: () => end("SIGKILL"),
    stopAtOnce: () => end("SIGQUIT"),
    killBackend: async () => {
      const pid = Number(await psql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1"));
      if (pid > 1) process.kill(pid, "SIGKILL");
    },
    database: async (name) => {
      // Files are copied as they are: the other way writes each page to the log.
      await psql(`CREATE DATABASE ${name} STRATEGY file_copy`);
      return `postgres://hcc@127.0.0.1:${port}/${name}`;
    },
    stop: async () => {
      await end("SIGQUIT");
      await rm(folder, { recursive: true, force: true });
      if (wal) await rm(wal, { recursive: true, force: true });
    },
  };
}

/** A cluster of Debian's PostgreSQL 15 that nobody has started, in a folder of its own, which the caller moves away. */
export async function freshCluster(parent = tmpdir()): Promise<string> {
  const identity = await packageUser("postgres");
  const data = join(await folderOf(identity, parent, "hcc-pg-"), "data");
  await initialise(data, identity, []);
  return data;
}

/**
 * Makes a cluster, or copies the one that is kept for this run of tests (run-server.ts), which takes a tenth of the processor time. All copies have one
 * system identifier.
 */
async function initialise(data: string, identity: UserIdentity, words: readonly string[]): Promise<void> {
  const kept = process.env[KEPT_CLUSTERS];
  if (kept === undefined || words.length > 0) return initdb(data, identity, words);
  const pristine = join(kept, "pristine");
  if (!existsSync(pristine)) {
    const own = join(await folderOf(identity, kept, "new-"), "data");
    await initdb(own, identity, []);
    // Somebody else may have been faster.
    await rename(own, pristine).catch(() => undefined);
  }
  await run("cp", ["-a", pristine, data], identity);
}

async function initdb(data: string, identity: UserIdentity, words: readonly string[]): Promise<void> {
  const all = ["-D", data, "-U", "hcc", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", ...words];
  await run(join(bin, "initdb"), all, { ...identity, cwd: dirname(data) });
}

async function copyIn(port: number, table: string, lines: string): Promise<number> {
  const beganMs = performance.now();
  const words = ["-X", "-q", "-h", "127.0.0.1", "-p", String(port), "-U", "hcc", "-d", "postgres", "-c", `COPY ${table} FROM STDIN`];
  const child = spawn(join(bin, "psql"), words, { stdio: ["pipe", "ignore", "inherit"] });
  child.stdin.end(lines);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`psql COPY ended with ${code}`);
  return performance.now() - beganMs;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.end());
  });
}
