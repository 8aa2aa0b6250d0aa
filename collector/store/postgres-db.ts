import { randomUUID } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import type { Db, Value } from "./db.ts";

type Options = {
  /** Most connections at once. */
  readonly connections: number;
  /** A statement that takes longer is cancelled by the server, ms. */
  readonly statementTimeoutMs: number;
};

/** A server reached by its URL. */
export type PostgresDb = Db & { close(): Promise<void> };

/** Opens a pool on a PostgreSQL URL. Connects lazily: the first statement says what is wrong. */
export function openPostgres(url: string, { connections, statementTimeoutMs }: Options): PostgresDb {
  const sql = postgres(url, {
    max: connections,
    idle_timeout: 60,
    connect_timeout: 10,
    onnotice: () => undefined,
    connection: {
      application_name: `hcc-watch ${randomUUID().slice(0, 8)}`,
      TimeZone: "UTC",
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: 60_000,
    },
    // The driver never sets TCP_NODELAY; without it each COPY over TCP waits about 90 ms for a delayed acknowledgement.
    socket: connectWithoutDelay,
  } as postgres.Options<Record<string, never>>);
  return { ...dbOf(sql, (work) => sql.begin(work) as Promise<never>), close: () => sql.end({ timeout: 3 }) };
}

type Begin = <T>(work: (sql: postgres.TransactionSql) => Promise<T>) => Promise<T>;

function dbOf(sql: postgres.Sql | postgres.TransactionSql, begin: Begin): Db {
  return {
    query: async <Row extends object>(statement: string, values: readonly Value[] = []) =>
      [...(await sql.unsafe<Row[]>(statement, [...values], { prepare: true }))] as Row[],
    rows: async (statement, values = []) => [...(await sql.unsafe(statement, [...values], { prepare: true }).values())],
    transaction: (work) => begin((inner) => work(dbOf(inner, nested))),
    script: async (statements) => {
      await sql.unsafe(statements).simple();
    },
    copyBinary: async (statement, rows) => {
      const sink = await sql.unsafe(statement).writable();
      await pipeline(Readable.from([rows], { objectMode: false }), sink);
    },
  };
}

const nested: Begin = () => Promise.reject(new Error("a transaction cannot begin inside another one"));

function connectWithoutDelay({ host, port, path }: { host: string[]; port: number[]; path?: string | false }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = path ? createConnection(path) : createConnection(port[0] ?? 5432, host[0]);
    socket.setNoDelay(true);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
