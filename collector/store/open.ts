import type { TextKey } from "#schemas/text/text.ts";
import { WRITERS } from "../ingest/ingest-queue.ts";
import { CITUS_WRITERS } from "./citus.ts";
import { addressOf, isSocketFolder } from "./database-address.ts";
import type { Db } from "./db.ts";
import { type Patience, startEmbedded } from "./embedded.ts";
import { openPostgres, type PostgresDb } from "./postgres-db.ts";
import { StoreError } from "./store-error.ts";

/** The open store: `close` ends the connections, and the server when it is ours and nobody else uses it. */
export type Store = { readonly db: Db; readonly url: string; close(): Promise<void> } & Tended;
/** `tend` starts the embedded server again when it has ended, and says whether it did; absent where somebody else looks after the server. */
type Tended = { readonly tend?: () => Promise<boolean> };
/** The store of a collector that serves: `db` for people and judging, `ingest` for what agents send, `owner` for tables and retention. One user may be all three. */
export type RoleStore = { readonly db: Db; readonly ingest: Db; readonly owner: Db; close(): Promise<void> } & Tended;
export type StoreOptions = { readonly databaseUrl: string | undefined; readonly dataDir: string; readonly connections?: number } & Patience;

const CONNECTIONS = 10;
/** Where lesser roles do the daily work, the owner makes tables and forgets old rows. */
const OWNER_CONNECTIONS = 3;
const STATEMENT_TIMEOUT_MS = 60_000;
/** Oldest major version of PostgreSQL. */
const SERVER_MIN = 15;

/**
 * Opens the database that DATABASE_URL names, or starts the embedded one in `dataDir`, and makes sure that it answers and may be written.
 * @throws StoreError with one sentence that says what is wrong and what to do.
 */
export async function openStore({ databaseUrl, dataDir, connections = CONNECTIONS, ...patience }: StoreOptions): Promise<Store> {
  const open = (url: string) => openWritable(url, connections);
  if (databaseUrl !== undefined) {
    const db = await open(databaseUrl);
    return { db, url: databaseUrl, close: db.close };
  }
  const { answer: db, url, leave, revive } = await startEmbedded(dataDir, open, patience);
  const close = () =>
    leave(async () => {
      // A question that fails tells nothing of the others: the server stays for them.
      const others = await othersConnected(db).catch(() => undefined);
      await db.close();
      return others === 0;
    });
  return { db, url, close, tend: revive };
}

type RoleOptions = StoreOptions & { readonly roleUrls: { readonly ingest: string; readonly api: string } | undefined };

/**
 * Opens the database by the roles of the settings; without them one user does everything. The intake has connections of its own: one for each of its
 * writers and one for what they look up. Each has plans and a catalogue of its own, and ten that take turns drive each other out of the processor's caches.
 * @throws StoreError as `openStore` does
 */
export async function openByRole({ roleUrls, ...options }: RoleOptions): Promise<RoleStore> {
  const owner = await openStore(roleUrls ? { ...options, connections: OWNER_CONNECTIONS } : options);
  const opened: PostgresDb[] = [];
  const close = async () => {
    await Promise.all(opened.map((db) => db.close()));
    await owner.close();
  };
  const open = async (url: string, connections: number) => {
    const db = connect(url, connections);
    opened.push(db);
    const name = await nameOf(db).catch((error: unknown) => {
      throw refusal(error, url);
    });
    if (url !== owner.url && name !== (await nameOf(owner.db)))
      throw new StoreError("store.other_database", { owner: placeOf(owner.url), other: placeOf(url) });
    return db;
  };
  try {
    const isCitus = (await owner.db.query("SELECT FROM pg_extension WHERE extname = 'citus'")).length > 0;
    const ingest = await open(roleUrls?.ingest ?? owner.url, 1 + (isCitus ? CITUS_WRITERS : WRITERS));
    const db = roleUrls ? await open(roleUrls.api, CONNECTIONS) : owner.db;
    return { db, ingest, owner: owner.db, close, ...(owner.tend && { tend: owner.tend }) };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** Of one database on one server, whatever its address. */
async function nameOf(db: Db): Promise<string> {
  const [row] = await db.query<{ name: string }>("SELECT system_identifier || '/' || current_database() AS name FROM pg_control_system()");
  return row?.name ?? "";
}

function connect(url: string, connections: number): PostgresDb {
  try {
    return openPostgres(url, { connections, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  } catch (error) {
    throw error instanceof StoreError ? error : refusal(error, url);
  }
}

async function openWritable(url: string, connections: number): Promise<PostgresDb> {
  const db = connect(url, connections);
  try {
    await demandWritable(db);
    return db;
  } catch (error) {
    await db.close().catch(() => undefined);
    throw error instanceof StoreError ? error : refusal(error, url);
  }
}

async function demandWritable(db: Db): Promise<void> {
  const [row] = await db.query<{ version: number; read_only: string; may_create: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('transaction_read_only') AS read_only,
       has_schema_privilege(current_user, 'public', 'CREATE') AS may_create`,
  );
  if (!row) throw new StoreError("store.silent");
  if (row.version < SERVER_MIN * 10_000) throw new StoreError("store.old_server", { version: Math.floor(row.version / 10_000), least: SERVER_MIN });
  if (row.read_only === "on") throw new StoreError("store.read_only");
  if (!row.may_create) throw new StoreError("store.no_create");
}

/** How many other programs use the server; each open store has a name of its own. */
async function othersConnected(db: Db): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    "SELECT count(DISTINCT application_name)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> current_setting('application_name')",
  );
  return row?.n ?? 0;
}

/** What the driver, the system or the server says when nobody gets in, and the sentence for the operator. */
const refusals: Readonly<Record<string, TextKey>> = {
  ECONNREFUSED: "store.refused",
  ENOENT: "store.refused",
  ENOTFOUND: "store.host_unknown",
  EAI_AGAIN: "store.host_unknown",
  CONNECT_TIMEOUT: "store.timeout",
  ETIMEDOUT: "store.timeout",
  EHOSTUNREACH: "store.timeout",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "store.certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "store.certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "store.certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "store.certificate",
  EACCES: "store.socket_closed",
  "42704": "store.word",
  // What is missing stands in PostgreSQL's own words alone: a role for peer, a line of pg_hba.conf, encryption.
  "28000": "store.no_entry",
  "28P01": "store.password",
  "3D000": "store.no_database",
  "53300": "store.connections",
  ERR_INVALID_URL: "store.bad_url",
};

/** Why the database of a URL cannot be opened. The URL is named without its password. */
function refusal(error: unknown, url: string): StoreError {
  const { code = "", message } = error as { code?: string; message?: string };
  return new StoreError(refusals[code] ?? "store.unusable", { place: placeOf(url), error: message ?? String(error) }, { cause: error });
}

function placeOf(url: string): string {
  try {
    const { host, port, database } = addressOf(url);
    const server = isSocketFolder(host) ? `${host}/.s.PGSQL.` : `${host.includes(":") ? `[${host}]` : host || "localhost"}:`;
    return `${server}${port || "5432"}/${database}`;
  } catch {
    // Of anything else the password may stand in the path.
    return "DATABASE_URL";
  }
}
