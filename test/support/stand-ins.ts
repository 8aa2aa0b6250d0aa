import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Db } from "../../collector/store/db.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { openStore, type Store } from "../../collector/store/open.ts";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";
import type { StorageWish } from "../../collector/store/storage-mode.ts";
import { T0 } from "./batches.ts";
import { citusRules, openExplained, refusingKeys, refusingPlans } from "./citus-refusals.ts";
import { memoryParent } from "./memory-parent.ts";
import { withoutSync } from "./without-sync.ts";

const scripts = join(import.meta.dirname, "stand-ins");
const control = (version: string) => `default_version = '${version}'\nrelocatable = false\n`;

/** What stands in a database: an extension of stand-ins/ in a version, and what the server says of its licence. */
export type StandIn = { readonly extension: "timescaledb" | "citus"; readonly version: string; readonly license?: "apache" | "timescale" };
/** What `ALTER TABLE ... SET (timescaledb. ...)` was told, which no extension in SQL can take. */
export type Alteration = { readonly table: string; readonly options: Readonly<Record<string, string>> };
/** `byRules` refuses besides what the planner of Citus refuses, and notes in `spread` what goes to several shards; only of its stand-in. */
export type StandInDb = Db & {
  readonly byRules: Db;
  readonly spread: string[];
  readonly url: string;
  readonly alterations: readonly Alteration[];
  /** What `extension_control_path` must be where another database is to have the same extension. */
  readonly extensionPath: string | undefined;
  close(): Promise<void>;
};
export type StandInServer = {
  /** A new database without tables. */
  database(standIn?: StandIn): Promise<StandInDb>;
  /** A new database with the schema of this version at T0, copied from one that was migrated once for all who ask for the same. */
  migrated(standIn?: StandIn, storage?: StorageWish): Promise<StandInDb>;
  stop(): Promise<void>;
};

/**
 * The embedded PostgreSQL with stand-ins for extensions that cannot be installed beside it: PostgreSQL 18 looks for extensions in more folders than
 * its own. They show that what the collector asks for is well formed and what it does of its own around it; not what the real ones make of it.
 */
export async function startStandIns(): Promise<StandInServer> {
  const folder = await mkdtemp(join(memoryParent(), "hcc-stand-ins-"));
  // The server may run as another user.
  await chmod(folder, 0o755);
  const store = await openStore({ databaseUrl: undefined, dataDir: join(folder, "data") });
  await withoutSync(store.db);
  let made = 0;
  const create = async (standIn: StandIn | undefined, template = "template0") => {
    const name = `db_${++made}`;
    await store.db.script(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
    if (standIn?.license) await store.db.script(`ALTER DATABASE ${name} SET timescaledb.license = '${standIn.license}'`);
    const url = new URL(store.url);
    url.pathname = name;
    return { name, url: url.href };
  };
  const database = async (standIn?: StandIn) => {
    const { url } = await create(standIn);
    const db = openTest(url);
    return standInOn(db, url, standIn, standIn && (await createExtension(db, folder, standIn)));
  };
  const templates = new Map<string, Promise<Template>>();
  const template = async (standIn: StandIn | undefined, storage: StorageWish | undefined): Promise<Template> => {
    const db = await database(standIn);
    await migrate(db, T0, storage && { storage });
    await db.close();
    return { name: new URL(db.url).pathname.slice(1), alterations: db.alterations, extensionPath: db.extensionPath };
  };
  return {
    database,
    migrated: async (standIn, storage) => {
      const key = JSON.stringify([standIn, storage]);
      const kept = templates.get(key) ?? template(standIn, storage);
      templates.set(key, kept);
      const { name, alterations, extensionPath } = await kept;
      const { url } = await create(standIn, name);
      return standInOn(openTest(url), url, standIn, extensionPath, alterations);
    },
    stop: () => stop(store, folder),
  };
}

type Template = Pick<StandInDb, "alterations" | "extensionPath"> & { readonly name: string };

const openTest = (url: string) => openPostgres(url, { connections: 4, statementTimeoutMs: 60_000 });

function standInOn(
  db: PostgresDb,
  url: string,
  standIn: StandIn | undefined,
  extensionPath: string | undefined,
  altered: readonly Alteration[] = [],
): StandInDb {
  const alterations = [...altered];
  const spread: string[] = [];
  const rules = citusRules(db, spread);
  const own = standIn?.extension === "citus" ? refusingKeys(db, rules) : taking(db, alterations);
  const explained = openExplained(url, rules);
  const close = async () => void (await Promise.all([db.close(), explained.close()]));
  return { ...own, byRules: refusingPlans(refusingKeys(explained, rules), rules), spread, url, alterations, extensionPath, close };
}

async function stop(store: Store, folder: string): Promise<void> {
  await store.close();
  await rm(folder, { recursive: true, force: true });
}

async function createExtension(db: PostgresDb, folder: string, { extension, version }: StandIn): Promise<string> {
  const own = join(folder, `${extension}-${version}`);
  await mkdir(join(own, "extension"), { recursive: true });
  const parts = extension === "citus" ? ["citus"] : ["timescaledb", ...(versionAtLeast(version, 18) ? ["timescaledb-columnstore"] : [])];
  const script = (await Promise.all(parts.map((part) => readFile(join(scripts, `${part}.sql`), "utf8")))).join("\n");
  await writeFile(join(own, "extension", `${extension}.control`), control(version));
  await writeFile(join(own, "extension", `${extension}--${version}.sql`), script);
  const path = `${own}:$system`;
  await db.transaction((tx) => tx.script(`SET LOCAL extension_control_path = '${path}'; CREATE EXTENSION ${extension}`));
  return path;
}

/** A database that takes the storage parameters of TimescaleDB, which PostgreSQL alone refuses; each must be of a hypertable and its own columns. */
function taking(db: Db, alterations: Alteration[]): Db {
  return {
    ...db,
    transaction: (work) => db.transaction((tx) => work(taking(tx, alterations))),
    script: async (statements) => {
      const [, table, list] = /^ALTER TABLE public\.(\w+) SET \((timescaledb\..*)\)$/.exec(statements) ?? [];
      if (table === undefined || list === undefined) return db.script(statements);
      const options = optionsOf(list);
      await demandColumns(db, table, options);
      alterations.push({ table, options });
    },
  };
}

function optionsOf(list: string): Record<string, string> {
  return Object.fromEntries([...list.matchAll(/timescaledb\.(\w+)(?: = '([^']*)')?/g)].map(([, name, value]) => [name ?? "", value ?? "true"]));
}

async function demandColumns(db: Db, table: string, options: Readonly<Record<string, string>>): Promise<void> {
  const named = Object.entries(options).flatMap(([name, value]) => (name.endsWith("by") ? value.split(/,\s*/) : []));
  if (new Set(named).size !== named.length) throw new Error(`${table}: a column is named twice in ${named.join()}`);
  const rows = await db.query<{ column: string }>(
    `SELECT a.attname AS "column" FROM timescaledb_information.hypertables h JOIN pg_attribute a ON a.attrelid = format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass
     WHERE h.hypertable_name = $1 AND a.attnum > 0`,
    [table],
  );
  for (const column of named) if (!rows.some((row) => row.column === column)) throw new Error(`${table} is no hypertable with a column ${column}`);
}

function versionAtLeast(version: string, minor: number): boolean {
  return Number(version.split(".")[1]) >= minor;
}
