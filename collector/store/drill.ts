import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { verifyAudit } from "./audit.ts";
import type { Db } from "./db.ts";
import { openStore } from "./open.ts";
import { orderRewind } from "./restore.ts";
import { storageMode } from "./settle-storage.ts";
import { allSites } from "./sites.ts";
import { StoreError } from "./store-error.ts";

const run = promisify(execFile);
const DEBIAN = "/usr/lib/postgresql";
const HOUR_MS = 3_600_000;

export type DrillStep = "dump" | "restore" | "compare" | "rewind";
export type DrillResult = {
  readonly tables: number;
  readonly rows: number;
  readonly dumpBytes: number;
  /** Tables whose rows or hash differ: none, when the dump can be trusted. */
  readonly different: readonly string[];
  readonly streams: number;
  readonly centres: number;
  readonly auditIsWhole: boolean;
};
type Drill = {
  readonly url: string;
  readonly name: string;
  readonly keep: boolean;
  readonly nowMs: () => number;
  readonly told: (step: DrillStep, tookMs: number) => void;
};
type Sum = { readonly rows: string; readonly hash: string };

/**
 * Dumps the database as of one instant, restores it into a new database `name` beside it, compares every table, and orders the agents to send again
 * what the copy does not hold. Drops the copy unless it is to be kept. Needs pg_dump and pg_restore, and a user who may make databases.
 * @throws StoreError in one sentence when a program is missing or fails
 */
export async function drill(source: Db, { url, name, keep, nowMs, told }: Drill): Promise<DrillResult> {
  const mode = await storageMode(source);
  if (mode !== "plain")
    throw new StoreError(
      `The drill copies plain databases; this one keeps its rows by ${mode}, whose dumps need steps of their own (docs/operations.md). Try the copy of \`collector backup\` instead: restore it into a new database.`,
    );
  const folder = await mkdtemp(join(tmpdir(), "hcc-drill-"));
  const step = async <T>(title: DrillStep, work: () => Promise<T>): Promise<T> => {
    const beganMs = nowMs();
    const result = await work();
    told(title, nowMs() - beganMs);
    return result;
  };
  try {
    const file = join(folder, "hcc.dump");
    const before = await source.transaction(async (tx) => {
      // The dump and the sums see the same instant, while the collector goes on; this transaction waits for the dump.
      await tx.script(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0",
      );
      const [row] = await tx.query<{ snapshot: string }>("SELECT pg_export_snapshot() AS snapshot");
      await step("dump", async () =>
        pgProgram("pg_dump", ["-Fc", "--no-owner", `--snapshot=${row?.snapshot}`, "-f", file, "-d", await connectionWords(folder, url)]),
      );
      return sumsOf(tx);
    });
    const copyUrl = new URL(url);
    copyUrl.pathname = `/${name}`;
    await source.script(`CREATE DATABASE ${name} TEMPLATE template0`);
    await step("restore", async () => pgProgram("pg_restore", ["--no-owner", "--exit-on-error", "-d", await connectionWords(folder, copyUrl.href), file]));
    const copy = await openStore({ databaseUrl: copyUrl.href, dataDir: folder, connections: 2 });
    try {
      const after = await step("compare", () => copy.db.transaction(sumsOf));
      const different = [...before]
        .filter(([table, sum]) => after.get(table)?.rows !== sum.rows || after.get(table)?.hash !== sum.hash)
        .map(([table]) => table);
      const streams = await step("rewind", () => copy.db.transaction((tx) => orderRewind(tx, {}, nowMs())));
      return {
        tables: before.size,
        rows: [...before.values()].reduce((total, { rows }) => total + Number(rows), 0),
        dumpBytes: (await stat(file)).size,
        different,
        streams,
        centres: (await allSites(copy.db)).length,
        auditIsWhole: (await verifyAudit(copy.db)).ok,
      };
    } finally {
      await copy.close();
    }
  } finally {
    if (!keep) await source.script(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rows and a hash of each table of schema public, whatever the order of the rows. */
async function sumsOf(tx: Db): Promise<ReadonlyMap<string, Sum>> {
  await tx.script("SET LOCAL statement_timeout = 0");
  const tables = await tx.query<{ name: string }>(
    "SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1",
  );
  const sums = new Map<string, Sum>();
  for (const { name } of tables) {
    const [sum] = await tx.query<Sum>(`SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text AS hash FROM ${name} t`);
    if (sum) sums.set(name, sum);
  }
  return sums;
}

/** How PostgreSQL's programs reach a database. The password goes into a file of its own: every user of the machine can read a command line. */
async function connectionWords(folder: string, url: string): Promise<string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const file = join(folder, "pgpass");
  await writeFile(file, `*:*:*:*:${decodeURIComponent(password).replace(/[\\:]/g, "\\$&")}\n`, { mode: 0o600 });
  const words = {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port || "5432",
    ...(username && { user: decodeURIComponent(username) }),
    dbname: decodeURIComponent(pathname.slice(1)),
    passfile: file,
    ...(searchParams.get("sslmode") && { sslmode: searchParams.get("sslmode") }),
  };
  return Object.entries(words)
    .map(([key, value]) => `${key}='${String(value).replace(/['\\]/g, "\\$&")}'`)
    .join(" ");
}

/** Runs a program of PostgreSQL: the newest that Debian has installed, or the one on the PATH. */
async function pgProgram(program: string, words: readonly string[]): Promise<void> {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const own = versions.map((version) => join(DEBIAN, version, "bin", program)).find((file) => existsSync(file));
  await run(own ?? program, [...words], { timeout: HOUR_MS, maxBuffer: 16 * 1024 * 1024 }).catch((error: Error & { code?: unknown; stderr?: string }) => {
    if (error.code === "ENOENT") throw new StoreError(`${program} is not here; install PostgreSQL's client programs (Debian: postgresql-client).`);
    throw new StoreError(`${program} failed: ${(error.stderr ?? "").trim().split("\n")[0] ?? String(error.code)}`);
  });
}
