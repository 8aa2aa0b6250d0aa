import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";
import type { Db } from "../../collector/store/db.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";
import { openPglite } from "./pglite.ts";
import { bin } from "./postgres.ts";
import { MIGRATED } from "./run-server.ts";

/** A database of a test file, and how it is given back. */
export type TestDb = Db & { close(): Promise<void> };

/** A database on the server of the run. */
export type ServerDatabase = {
  readonly url: string;
  /** One statement as the owner, over psql; gives the text of its unaligned answer. */
  psql(statement: string): Promise<string>;
  drop(): Promise<void>;
};

const STATEMENT_TIMEOUT_MS = 60_000;
let made = 0;
/** What makes and drops databases, over one connection for all files of a worker: the server begins a process for each, which takes longer than what is asked of it. */
let owner: PostgresDb | undefined;

/**
 * A database of its own with the schema of this version and no rows: on the server of the run, or in this process where Debian's PostgreSQL is not
 * installed. For tests of what stands on the store; the store itself is held to each kind of database by its contract test.
 */
export async function openTestDb(): Promise<TestDb> {
  if (inject("runServerDesk") !== 0) return onServer(MIGRATED);
  const db = await openPglite();
  await migrate(db, 0);
  return db;
}

/** As `openTestDb`, without the schema: for tests of migrations. */
export async function openEmptyDb(): Promise<TestDb> {
  return inject("runServerDesk") === 0 ? openPglite() : onServer();
}

async function onServer(template?: string): Promise<TestDb> {
  const { url, drop } = await serverDatabase(template);
  const db = openPostgres(url, { connections: 4, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  return {
    ...db,
    close: async () => {
      await db.close();
      await drop();
    },
  };
}

/** A database of its own on the server of the run, which needs the peer `postgres`: empty, or a copy of `template`. */
export async function serverDatabase(template = "template0"): Promise<ServerDatabase> {
  const reply = await fetch(`http://127.0.0.1:${inject("runServerDesk")}`);
  const text = await reply.text();
  if (!reply.ok) throw new Error(`the run's PostgreSQL server did not start: ${text}`);
  const name = `test_${process.pid}_${++made}`;
  owner ??= openPostgres(text, { connections: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const { script: command } = owner;
  // Files are copied as they are: the other way writes each page to the log.
  await command(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  const url = new URL(text);
  url.pathname = name;
  const psql = async (statement: string) => {
    const words = ["-X", "-q", "-A", "-t", "-d", url.href, "-c", statement];
    const { stdout } = await promisify(execFile)(join(bin, "psql"), words, { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  };
  return { url: url.href, psql, drop: () => command(`DROP DATABASE ${name} WITH (FORCE)`) };
}
