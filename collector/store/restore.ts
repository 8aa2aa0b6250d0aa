import { appliedMigrations, COPY_SESSION, publicTable, quoted, type Table, Tally, tablesOf } from "./backup.ts";
import { type Manifest, readBackupFile, type Section } from "./backup-file.ts";
import type { Db } from "./db.ts";
import { RESTORED_KEY } from "./ledger.ts";
import { knownMigrations, migrate } from "./migrate.ts";
import { createPartitions } from "./partitions.ts";
import { putSetting, setting } from "./settings.ts";
import { STORAGE_KEY } from "./settle-storage.ts";
import type { StorageWish } from "./storage-mode.ts";
import { StoreError } from "./store-error.ts";

/** Another program that holds a table of an empty database is not waited for longer. */
const LOCK_TIMEOUT_S = 10;

/** A backup that was read from end to end. */
export type VerifiedBackup = { readonly file: string; readonly manifest: Manifest };
export type RestoreSummary = { readonly takenAt: string; readonly tables: number; readonly rows: number; readonly skipped: readonly string[] };

/**
 * Reads a backup from end to end and compares its counts and hashes, without a database.
 * @throws StoreError when the file is cut, damaged, no backup, or needs a newer version of hcc-watch.
 */
export async function verifyBackup(file: string): Promise<VerifiedBackup> {
  const sections = readBackupFile(file);
  const manifest = await manifestFrom(file, sections);
  await demandKnown(file, manifest);
  for (const table of manifest.tables) for await (const _ of tableData(file, sections, table.name, new Tally()));
  await demandEnd(file, sections);
  return { file, manifest };
}

/**
 * Puts a backup into an empty database: makes the schema that the rows were taken from, loads them in one transaction, orders every stream to go
 * back to what the backup holds, and brings the schema to this version. Whatever fails, the database stays empty.
 * @throws StoreError when the database is not empty, has another schema, or is in use, and when the file changed after it was verified.
 */
export async function restoreBackup(db: Db, { file, manifest }: VerifiedBackup, nowMs: number, storage: StorageWish = "auto"): Promise<RestoreSummary> {
  await demandEmpty(db, await tablesOf(db));
  await migrate(db, nowMs, { count: manifest.migrations.length });
  const summary = await db.transaction(async (tx) => {
    await tx.script(`${COPY_SESSION}; SET LOCAL lock_timeout = '${LOCK_TIMEOUT_S}s'`);
    const tables = await tablesOf(tx);
    await lockAll(tx, tables);
    await demandEmpty(tx, tables);
    return keepingStorage(tx, () => load(tx, file, tables, nowMs));
  });
  await migrate(db, nowMs, { storage, mayMove: true });
  return summary;
}

/** How a database keeps what grows is a fact of that database: the backup's own word for it does not count here. */
async function keepingStorage<T>(tx: Db, work: () => Promise<T>): Promise<T> {
  const own = await setting(tx, STORAGE_KEY);
  const forget = () => tx.query("DELETE FROM setting WHERE key = $1", [STORAGE_KEY]);
  await forget();
  const result = await work();
  await forget();
  if (own !== undefined) await putSetting(tx, STORAGE_KEY, own);
  return result;
}

async function load(tx: Db, file: string, tables: readonly Table[], nowMs: number): Promise<RestoreSummary> {
  const sections = readBackupFile(file);
  const manifest = await manifestFrom(file, sections);
  if (JSON.stringify(await appliedMigrations(tx)) !== JSON.stringify(manifest.migrations)) throw new StoreError("store.restore.newer_schema");
  let rows = 0;
  const skipped: string[] = [];
  for (const table of manifest.tables) {
    const own = tables.find(({ name }) => name === table.name);
    const tally = new Tally();
    const data = tableData(file, sections, table.name, tally);
    // The migrations are the same, so this table was never ours.
    if (!own) {
      skipped.push(table.name);
      for await (const _ of data);
      continue;
    }
    rows += await loadTable(tx, own, table, data, tally);
  }
  await demandEnd(file, sections);
  await setIdentities(tx, tables, manifest);
  await orderRewind(tx, manifest, nowMs);
  await tx.script(`ANALYZE ${tables.map(publicTable).join(", ")}`);
  return { takenAt: manifest.takenAt, tables: manifest.tables.length - skipped.length, rows, skipped };
}

async function loadTable(tx: Db, own: Table, { columns, days = [] }: Manifest["tables"][number], data: AsyncIterable<Buffer>, tally: Tally): Promise<number> {
  if (!tx.copyIn) throw new StoreError("store.backup.no_copy");
  if ([...columns].sort().join() !== [...own.columns].sort().join())
    throw new StoreError("store.restore.columns", { table: own.name, own: own.columns.join(", "), theirs: columns.join(", ") });
  if (days.length > 0) await createPartitions(tx, own.name, days);
  await tx.copyIn(`COPY ${publicTable(own)} (${columns.map(quoted).join(", ")}) FROM STDIN`, data);
  const [stored] = await tx.query<{ n: number }>(`SELECT count(*)::float8 AS n FROM ${publicTable(own)}`);
  if (stored?.n !== tally.rows) throw new StoreError("store.restore.rows", { table: own.name, stored: stored?.n ?? 0, wanted: tally.rows });
  return tally.rows;
}

async function manifestFrom(file: string, sections: AsyncGenerator<Section>): Promise<Manifest> {
  const { value } = await sections.next();
  if (value?.kind !== "M") throw new StoreError("store.backup.foreign", { file });
  return value.manifest;
}

/** The data sections of the next table; throws at its end when they are not what the backup wrote. */
async function* tableData(file: string, sections: AsyncGenerator<Section>, table: string, tally: Tally): AsyncGenerator<Buffer> {
  for (;;) {
    // By hand: `for await` would close the file at the end of the first table.
    const { value } = await sections.next();
    if (value?.kind === "D") {
      tally.add(value.data);
      yield value.data;
      continue;
    }
    const told = value?.kind === "E" ? value.end : undefined;
    const found = tally.end(table);
    if (told?.table !== table || told.rows !== found.rows || told.sha256 !== found.sha256) throw new StoreError("store.backup.rows_damaged", { file, table });
    return;
  }
}

async function demandEnd(file: string, sections: AsyncGenerator<Section>): Promise<void> {
  const { value } = await sections.next();
  await sections.return(undefined);
  if (value?.kind !== "Z") throw new StoreError("store.backup.too_long", { file });
}

async function demandKnown(file: string, { migrations }: Manifest): Promise<void> {
  const known = await knownMigrations();
  for (const [index, { name, sha256 }] of migrations.entries()) {
    const own = known[index];
    if (!own || (own.name !== name && !known.some((one) => one.name === name))) throw new StoreError("store.backup.newer", { file, name });
    if (own.name !== name || own.sha256 !== sha256) throw new StoreError("store.backup.other_build", { file, name });
  }
}

async function demandEmpty(db: Db, tables: readonly Table[]): Promise<void> {
  const filled: string[] = [];
  for (const table of tables) {
    // Which storage mode the tables were made for is known before the first row.
    const own = table.name === "setting" ? `WHERE key <> '${STORAGE_KEY}'` : "";
    if ((await db.query(`SELECT 1 FROM ${publicTable(table)} ${own} LIMIT 1`)).length > 0) filled.push(table.name);
  }
  if (filled.length > 0) throw new StoreError("store.restore.filled", { tables: filled.join(", ") });
}

async function lockAll(tx: Db, tables: readonly Table[]): Promise<void> {
  try {
    await tx.script(`LOCK TABLE ${tables.map(publicTable).join(", ")} IN ACCESS EXCLUSIVE MODE`);
  } catch (error) {
    if ((error as { code?: string }).code !== "55P03") throw error;
    throw new StoreError("store.restore.busy", {}, { cause: error });
  }
}

/** Identity columns go on where they were: a number that was given out once is not given to something else. */
async function setIdentities(tx: Db, tables: readonly Table[], { identities }: Manifest): Promise<void> {
  for (const { table, column, last } of identities) {
    const own = tables.find(({ name }) => name === table);
    if (!own || last === null) continue;
    await tx.query("SELECT setval(pg_get_serial_sequence($1, $2), ($3::text)::int8)", [publicTable(own), column, last]);
  }
}

/**
 * Agents keep what was acknowledged for a while: each stream is told to send again what this database does not hold. For a database that was
 * put back as of an earlier instant, by whatever program; before a collector starts on it. Gives the number of streams that are known.
 */
export async function orderRewind(tx: Db, restored: { readonly takenAt?: string }, nowMs: number): Promise<number> {
  // An order that was given before the backup is none of this database's. A backup of an older version, whose schema stands here still, has none.
  const orders = await tx.query<{ name: string }>(
    "SELECT attname AS name FROM pg_attribute WHERE attrelid = 'public.stream_state'::regclass AND attname LIKE 'rewind\\_%' AND NOT attisdropped",
  );
  const streams = await tx.query(`UPDATE stream_state SET ${["rewind = true", ...orders.map(({ name }) => `${name} = NULL`)].join(", ")} RETURNING 1`);
  await putSetting(tx, RESTORED_KEY, { ...restored, at: new Date(nowMs).toISOString() });
  return streams.length;
}
