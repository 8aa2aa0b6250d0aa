import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { openStore, type Store } from "../../collector/store/open.ts";
import type { TestPostgres } from "../support/postgres.ts";

/** What a scenario does to a database, and asks of it. */
export type RigDatabase = Pick<TestPostgres, "url" | "pid" | "psql" | "crash" | "stopAtOnce" | "killBackend" | "start" | "stop" | "isRunning">;

const run = promisify(execFile);

/** The collector's own PostgreSQL in its data folder: nobody but the collector may start it, so `start` only waits until it has. */
export function ownPostgres(dataDir: string): RigDatabase {
  const postmaster = () => readFileSync(join(dataDir, "postgres", "postmaster.pid"), "utf8").split("\n");
  const psql = async (statement: string) => {
    const password = readFileSync(join(dataDir, "postgres-password"), "utf8").trim();
    const words = ["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", postmaster()[3] ?? "", "-U", "hcc", "-d", "postgres", "-c", statement];
    const { stdout } = await run("psql", words, { env: { ...process.env, PGPASSWORD: password } });
    return stdout.trim();
  };
  const end = async (signal: NodeJS.Signals) => void process.kill(Number(postmaster()[0]), signal);
  return {
    get url() {
      const password = readFileSync(join(dataDir, "postgres-password"), "utf8").trim();
      return `postgres://hcc:${password}@127.0.0.1:${postmaster()[3]}/postgres`;
    },
    get pid() {
      return Number(postmaster()[0]);
    },
    psql,
    crash: () => end("SIGKILL"),
    stopAtOnce: () => end("SIGQUIT"),
    killBackend: async () => {
      const pid = Number(await psql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1"));
      if (pid > 1) process.kill(pid, "SIGKILL");
    },
    start: async () => {
      for (let waited = 0; waited < 300 && !(await psql("SELECT 1").catch(() => undefined)); waited++) await sleep(100);
    },
    stop: () => openStore({ databaseUrl: undefined, dataDir }).then((store: Store) => store.close()),
    // Whoever asks would start it otherwise.
    isRunning: true,
  };
}
