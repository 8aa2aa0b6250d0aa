import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { verifyAudit } from "./audit.ts";
import { addressOf, urlForDatabase } from "./database-address.ts";
import type { Db } from "./db.ts";
import { type Copied, type DoStep, type DrillStep, drillBackup } from "./drill-backup.ts";
import { differing, sumsOf } from "./drill-sums.ts";
import { openStore, type Store } from "./open.ts";
import { orderRewind } from "./restore.ts";
import { lackingRight } from "./roles.ts";
import { storageMode } from "./settle-storage.ts";
import { allSites } from "./sites.ts";
import type { StorageMode } from "./storage-mode.ts";
import { StoreError } from "./store-error.ts";

const run = promisify(execFile);
const DEBIAN = "/usr/lib/postgresql";
const HOUR_MS = 3_600_000;

export type DrillResult = Omit<Copied, "before"> & { readonly tables: number; readonly rows: number; readonly centres: number; readonly auditIsWhole: boolean };
type Drill = {
  readonly url: string;
  readonly name: string;
  readonly keep: boolean;
  readonly nowMs: () => number;
  readonly told: (step: DrillStep, tookMs: number) => void;
};
type Copying = Pick<Drill, "url" | "nowMs"> & {
  readonly folder: string;
  readonly step: DoStep;
  /** Makes the database of the copy, and gives its URL. */
  readonly create: () => Promise<string>;
  readonly open: (url: string) => Promise<Db>;
};

/**
 * Copies the database as of one instant into a new one beside it, `name`, compares every table, and orders the agents to send again what the copy does not
 * hold. Drops the copy unless it is to be kept. A plain database goes through pg_dump and pg_restore, one of TimescaleDB, whose dumps need steps of
 * their own, through the backup of `collector backup`, as its operator would. Needs a user who may make databases.
 * @throws StoreError in one sentence when a program is missing or fails, and for a database of Citus
 */
export async function drill(source: Db, { url, name, keep, nowMs, told }: Drill): Promise<DrillResult> {
  const mode = await storageMode(source);
  if (mode === "citus") throw new StoreError("store.drill.citus");
  const folder = await mkdtemp(join(tmpdir(), "hcc-drill-"));
  const stores: Store[] = [];
  const copying: Copying = {
    url,
    folder,
    nowMs,
    step: async (title, work) => {
      const beganMs = nowMs();
      const result = await work();
      told(title, nowMs() - beganMs);
      return result;
    },
    create: async () => {
      await lackingRight(source.script(`CREATE DATABASE ${name} TEMPLATE template0`), "store.no_create_database");
      return urlForDatabase(url, name);
    },
    open: async (copyUrl) => {
      const store = await openStore({ databaseUrl: copyUrl, dataDir: folder, connections: 2 });
      stores.push(store);
      return store.db;
    },
  };
  try {
    const { copy, before, ...result } = mode === "plain" ? await byDump(source, copying) : await byBackup(source, mode, copying);
    return {
      ...result,
      tables: before.size,
      rows: [...before.values()].reduce((total, { rows }) => total + Number(rows), 0),
      centres: (await allSites(copy)).length,
      auditIsWhole: (await verifyAudit(copy)).ok,
    };
  } finally {
    for (const store of stores) await store.close();
    if (!keep) await source.script(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await rm(folder, { recursive: true, force: true });
  }
}

async function byDump(source: Db, { url, folder, nowMs, step, create, open }: Copying): Promise<Copied & { readonly copy: Db }> {
  const file = join(folder, "hcc.dump");
  const copyUrl = await create();
  const before = await source.transaction(async (tx) => {
    // The dump and the sums see the same instant, while the collector goes on; this transaction waits for the dump.
    await tx.script(
      "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0",
    );
    const [row] = await tx.query<{ snapshot: string }>("SELECT pg_export_snapshot() AS snapshot");
    await step("dump", async () =>
      pgProgram("pg_dump", ["-Fc", "--no-owner", `--snapshot=${row?.snapshot}`, "-f", file, "-d", await connectionWords(folder, url)]),
    );
    return sumsOf(tx, "dump");
  });
  await step("restore", async () => pgProgram("pg_restore", ["--no-owner", "--exit-on-error", "-d", await connectionWords(folder, copyUrl), file]));
  const copy = await open(copyUrl);
  const different = await step("compare", async () => differing(before, await copy.transaction((tx) => sumsOf(tx, "dump"))));
  const streams = await step("rewind", () => copy.transaction((tx) => orderRewind(tx, {}, nowMs())));
  return { copy, before, different, streams, dumpBytes: (await stat(file)).size };
}

async function byBackup(source: Db, mode: StorageMode, { folder, nowMs, step, create, open }: Copying): Promise<Copied & { readonly copy: Db }> {
  const copy = await open(await create());
  await copy.script("CREATE EXTENSION IF NOT EXISTS timescaledb");
  return { ...(await drillBackup(source, copy, { file: join(folder, "hcc.backup"), mode, nowMs: nowMs(), step })), copy };
}

/** How PostgreSQL's programs reach a database. The password goes into a file of its own: every user of the machine can read a command line. */
async function connectionWords(folder: string, url: string): Promise<string> {
  const { host, port, user, password, database, sslmode, sslrootcert } = addressOf(url);
  const file = join(folder, "pgpass");
  await writeFile(file, `*:*:*:*:${password.replace(/[\\:]/g, "\\$&")}\n`, { mode: 0o600 });
  const words = { host, port: port || "5432", user, dbname: database, ...(password && { passfile: file }), sslmode, sslrootcert };
  return Object.entries(words)
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}='${String(value).replace(/['\\]/g, "\\$&")}'`)
    .join(" ");
}

/** Runs a program of PostgreSQL: the newest that Debian has installed, or the one on the PATH. */
async function pgProgram(program: string, words: readonly string[]): Promise<void> {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const own = versions.map((version) => join(DEBIAN, version, "bin", program)).find((file) => existsSync(file));
  await run(own ?? program, [...words], { timeout: HOUR_MS, maxBuffer: 16 * 1024 * 1024 }).catch((error: Error & { code?: unknown; stderr?: string }) => {
    if (error.code === "ENOENT") throw new StoreError("store.drill.no_program", { program });
    throw new StoreError("store.drill.failed", { program, error: (error.stderr ?? "").trim().split("\n")[0] || String(error.code) });
  });
}
