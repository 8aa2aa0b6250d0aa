import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { nextTick } from "node:process";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { type ConnectionOptions, checkServerIdentity, getCACertificates } from "node:tls";
import postgres from "postgres";
import { addressOf, type DatabaseAddress } from "./database-address.ts";
import type { Db, Value } from "./db.ts";
import { StoreError } from "./store-error.ts";

type Options = {
  /** Most connections at once. */
  readonly connections: number;
  /** A statement that takes longer is cancelled by the server, ms. */
  readonly statementTimeoutMs: number;
  /** What the server says beside its answers; nobody listens by default. */
  readonly onNotice?: (message: string) => void;
};

/** A server reached by its URL. */
export type PostgresDb = Db & { close(): Promise<void> };

/**
 * Opens a pool on a PostgreSQL URL. Connects lazily: the first statement says what is wrong.
 * @throws TypeError when it is no URL, StoreError when the file of `sslrootcert` cannot be read
 */
export function openPostgres(url: string, { connections, statementTimeoutMs, onNotice }: Options): PostgresDb {
  const address = addressOf(url);
  const sql = postgres({
    ...placeFor(address),
    max: connections,
    idle_timeout: 60,
    connect_timeout: 10,
    onnotice: ({ message }) => onNotice?.(message ?? ""),
    // The driver would ask for the types of arrays at each connect, and a connection that is lost in that moment would end the whole process.
    fetch_types: false,
    connection: {
      ...address.settings,
      application_name: `hcc-watch ${randomUUID().slice(0, 8)}`,
      TimeZone: "UTC",
      // Our statements are short, and costs of functions are guesses: compiling them took longer than running them.
      jit: "off",
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: 60_000,
    },
    // The driver never sets TCP_NODELAY; without it each COPY over TCP waits about 90 ms for a delayed acknowledgement.
    socket: connectWithoutDelay,
  } as postgres.Options<Record<string, never>>);
  const cancel = async (pid: number) => void (await sql.unsafe("SELECT pg_cancel_backend($1::int)", [pid]));
  return { ...statementsOn(sql, cancel), transaction: transactionsOn(sql, cancel), close: () => sql.end({ timeout: 3 }) };
}

/** The driver reads a URL by rules of its own: it knows no socket there, and would hand the words that it does not know to the server as settings. */
function placeFor(address: DatabaseAddress) {
  const { host, port, user, password, database } = address;
  const tls = tlsFor(address);
  return {
    ...(host && { host }),
    ...(port && { port: Number(port) }),
    ...(user && { user }),
    ...(password && { password }),
    ...(database && { database }),
    ...(tls !== undefined && { ssl: tls }),
  };
}

/** `verify-ca` and `verify-full` as libpq means them; the driver knows no `sslrootcert`, and holds a certificate against "localhost" where the host is an address. */
function tlsFor({ host, sslmode, sslrootcert }: DatabaseAddress): ConnectionOptions | string | false | undefined {
  if (sslmode === "" || sslmode === "disable") return sslmode === "" ? undefined : false;
  if (!sslmode.startsWith("verify-") && sslrootcert === "") return sslmode;
  return {
    ...(sslrootcert === "system" ? { ca: getCACertificates("system") } : sslrootcert !== "" && { ca: readAuthority(sslrootcert) }),
    checkServerIdentity: (_, certificate) => (sslmode === "verify-full" || sslrootcert === "system" ? checkServerIdentity(host, certificate) : undefined),
  };
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new StoreError("store.authority", { file, error: String((error as NodeJS.ErrnoException).code) });
  }
}

type Sql = postgres.Sql | postgres.TransactionSql;
type Cancel = (pid: number) => Promise<void>;

function statementsOn(sql: Sql, cancel: Cancel): Required<Omit<Db, "transaction">> {
  return {
    query: async <Row extends object>(statement: string, values: readonly Value[] = []) =>
      [...(await sql.unsafe<Row[]>(statement, [...values], { prepare: true }))] as Row[],
    rows: async (statement, values = []) => [...(await sql.unsafe(statement, [...values], { prepare: true }).values())],
    script: async (statements) => {
      await sql.unsafe(statements).simple();
    },
    copyBinary: (statement, rows) => copyIn(sql, statement, [rows]),
    copyIn: (statement, chunks) => copyIn(sql, statement, chunks),
    copyOut: (statement) => copyOut(sql, statement, cancel),
  };
}

async function copyIn(sql: Sql, statement: string, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
  const query = sql.unsafe(statement);
  const sink = await query.writable();
  // The driver tells nobody of an error that comes after the end of the data (a full disk, a missing partition): the wait would never end.
  const refused = new Promise<never>((_, reject) => Object.assign(query, { reject }));
  await Promise.race([pipeline(Readable.from(chunks, { objectMode: false }), sink), refused]);
}

async function* copyOut(sql: Sql, statement: string, cancel: Cancel): AsyncGenerator<Buffer> {
  const [own] = await sql.unsafe<{ pid: number }[]>("SELECT pg_backend_pid() AS pid");
  const source = await sql.unsafe(statement).readable();
  try {
    yield* source.iterator({ destroyOnReturn: false });
  } finally {
    // A reader that leaves early: without this the connection stays in the middle of the COPY, and the rollback waits for ever.
    if (own && !source.readableEnded && !source.destroyed) {
      await cancel(own.pid);
      await finished(source.resume()).catch(() => undefined);
    }
    // The driver pauses its socket while the stream is full, and lets it go on only when asked for more: never, where the last rows filled it.
    source._read(0);
  }
}

/**
 * Transactions that survive the end of their connection. When a server dies, the driver still writes what follows (the next statement, its own
 * ROLLBACK) into a connection that is gone, and that ends the whole process. So nothing is written after the loss: a statement is refused here,
 * and the work is left unsettled, which keeps the driver from rolling back; the loss itself rejects the transaction.
 */
function transactionsOn(sql: postgres.Sql, cancel: Cancel): Db["transaction"] {
  return <T>(work: (tx: Db) => Promise<T>) => {
    const connection = { isLost: false };
    const running = sql.begin((tx) => done(work, tx, cancel, connection)) as Promise<T>;
    running.catch(() => {
      connection.isLost = true;
    });
    return running;
  };
}

function done<T>(work: (tx: Db) => Promise<T>, tx: postgres.TransactionSql, cancel: Cancel, connection: { isLost: boolean }): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (end: () => void) => {
      if (!connection.isLost) end();
    };
    work(guarded(tx, cancel, connection)).then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** The database of one transaction, which says nothing more once its connection is lost. */
function guarded(sql: postgres.TransactionSql, cancel: Cancel, connection: { isLost: boolean }): Db {
  const guard = async <T>(statement: () => Promise<T>): Promise<T> => {
    if (connection.isLost) throw new StoreError("store.lost");
    try {
      return await statement();
    } catch (error) {
      connection.isLost ||= isLoss(error);
      throw error;
    }
  };
  const tx = statementsOn(sql, cancel);
  return {
    query: (statement, values) => guard(() => tx.query(statement, values)),
    rows: (statement, values) => guard(() => tx.rows(statement, values)),
    transaction: <T>(work: (part: Db) => Promise<T>) => guard(() => sql.savepoint((part) => done(work, part, cancel, connection)) as Promise<T>),
    script: (statements) => guard(() => tx.script(statements)),
    copyBinary: (statement, rows) => guard(() => tx.copyBinary(statement, rows)),
    copyIn: (statement, chunks) => guard(() => tx.copyIn(statement, chunks)),
    copyOut: tx.copyOut,
  };
}

/** True for an error of the connection itself: the driver's own words, or the system's. */
function isLoss(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^(CONNECTION_(CLOSED|DESTROYED|ENDED)|ECONN(RESET|ABORTED)|EPIPE|ETIMEDOUT)$/.test(code);
}

/**
 * Gives the socket before it is connected, so that the driver hears of a refusal itself: of a promise that rejects it takes no place of the pool back,
 * and after as many refusals as the pool has places nothing would ever be answered again.
 */
function connectWithoutDelay({ host, port, path }: { host: string[]; port: number[]; path?: string | false }): Socket {
  const socket = path ? createConnection(path) : createConnection(port[0] ?? 5432, host[0]);
  return gathered(socket.setNoDelay(true));
}

/**
 * Statements that are sent in one go leave in one piece. The driver writes each that has more than a kilobyte of values by itself, and each write would
 * wake the server for it.
 */
function gathered(socket: Socket): Socket {
  const write = socket.write;
  const send = () => socket.uncork();
  return Object.assign(socket, {
    write: (...words: Parameters<typeof write>) => {
      if (socket.writableCorked === 0) {
        socket.cork();
        nextTick(send);
      }
      return write.apply(socket, words);
    },
  });
}
