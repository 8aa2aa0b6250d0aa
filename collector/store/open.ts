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
      throw new StoreError(sentenceFor(error, url), { cause: error });
    });
    if (url !== owner.url && name !== (await nameOf(owner.db)))
      throw new StoreError(
        `DATABASE_URL and HCC_DATABASE_INGEST_URL or HCC_DATABASE_API_URL lead to different databases (${placeOf(owner.url)}, ${placeOf(url)}). Run "collector roles" with this DATABASE_URL, and use the lines that it prints.`,
      );
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
    throw error instanceof StoreError ? error : new StoreError(sentenceFor(error, url), { cause: error });
  }
}

async function openWritable(url: string, connections: number): Promise<PostgresDb> {
  const db = connect(url, connections);
  try {
    await demandWritable(db);
    return db;
  } catch (error) {
    await db.close().catch(() => undefined);
    throw error instanceof StoreError ? error : new StoreError(sentenceFor(error, url), { cause: error });
  }
}

async function demandWritable(db: Db): Promise<void> {
  const [row] = await db.query<{ version: number; read_only: string; may_create: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('transaction_read_only') AS read_only,
       has_schema_privilege(current_user, 'public', 'CREATE') AS may_create`,
  );
  if (!row) throw new StoreError("The database gives no answer to a simple question.");
  if (row.version < 150_000) throw new StoreError(`The database is PostgreSQL ${Math.floor(row.version / 10_000)}; hcc-watch needs 15 or newer.`);
  if (row.read_only === "on")
    throw new StoreError("The database is read-only (a replica, or default_transaction_read_only is on). Point DATABASE_URL at the primary server.");
  if (!row.may_create)
    throw new StoreError("The database user may not create tables in schema public. Run: GRANT CREATE, USAGE ON SCHEMA public TO that user.");
}

/** How many other programs use the server; each open store has a name of its own. */
async function othersConnected(db: Db): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    "SELECT count(DISTINCT application_name)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> current_setting('application_name')",
  );
  return row?.n ?? 0;
}

/** One sentence for the operator. The URL is named without its password. */
function sentenceFor(error: unknown, url: string): string {
  const { code, message } = error as { code?: string; message?: string };
  const place = placeOf(url);
  switch (code) {
    case "ECONNREFUSED":
    case "ENOENT":
      return `No PostgreSQL answers at ${place}. Start it, or correct DATABASE_URL.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `The host of DATABASE_URL is not known: ${place}.`;
    case "CONNECT_TIMEOUT":
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
      return `${place} does not answer in time. Check DATABASE_URL, the network and the firewall.`;
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return `The certificate of the database at ${place} is of no authority that is known here. Name the authority's file in DATABASE_URL: sslmode=verify-full&sslrootcert=/path/ca.pem.`;
    case "EACCES":
      return `The socket at ${place} is closed to the user who runs this program.`;
    case "42704":
      return `The database at ${place} refuses a word after the question mark of DATABASE_URL: ${message}.`;
    case "28000":
      // What is missing stands in PostgreSQL's own words alone: a role for peer, a line of pg_hba.conf, encryption.
      return `The database at ${place} lets nobody in by DATABASE_URL: ${message}. Check its user and pg_hba.conf.`;
    case "28P01":
      return `The database at ${place} refuses the user or the password of DATABASE_URL.`;
    case "3D000":
      return `There is no such database at ${place}. Make it with: createdb NAME.`;
    case "53300":
      return `The database at ${place} has no connection left. Raise max_connections or stop what uses them.`;
    case "ERR_INVALID_URL":
      return "DATABASE_URL is not a URL such as postgres://user:password@host:5432/database or postgres:///database?host=/var/run/postgresql.";
    default:
      return `The database at ${place} cannot be used: ${message ?? String(error)}`;
  }
}

function placeOf(url: string): string {
  try {
    const { protocol } = new URL(url);
    // Of anything else the password may stand in the path.
    if (protocol !== "postgres:" && protocol !== "postgresql:") return "DATABASE_URL";
    const { host, port, database } = addressOf(url);
    const server = isSocketFolder(host) ? `${host}/.s.PGSQL.` : `${host.includes(":") ? `[${host}]` : host || "localhost"}:`;
    return `${server}${port || "5432"}/${database}`;
  } catch {
    return "DATABASE_URL";
  }
}
