import { createHash } from "node:crypto";
import { BACKUP_FORMAT, type Manifest, type Section, type TableEnd, writeBackupFile } from "./backup-file.ts";
import type { Db } from "./db.ts";
import { knownMigrations, type Migration } from "./migrate.ts";
import { partitionDays } from "./partitions.ts";
import { StoreError } from "./store-error.ts";

/** Rows are gathered to pieces of this size. */
const PIECE_BYTES = 256 * 1024;

/** Values are written in one way whatever the server's settings are, and no limit for statements of the collector ends a COPY. */
export const COPY_SESSION = `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'`;

export type BackupSummary = { readonly tables: number; readonly rows: number; readonly bytes: number };
type BackupOptions = {
  readonly nowMs: number;
  readonly stop?: AbortSignal;
  /** Reads more of the same instant, before the rows are written. */
  readonly alongside?: (tx: Db) => Promise<void>;
};

/**
 * Writes all tables of schema public as of one instant into a new file; the collector may go on working. The schema itself is not in it: the
 * migrations make it again. The file holds all that the database holds, keys of the forms included.
 * @throws StoreError when the database was not migrated to this version, or the file exists or cannot be written.
 */
export async function writeBackup(db: Db, file: string, { nowMs, stop, alongside }: BackupOptions): Promise<BackupSummary> {
  await demandMigrated(db);
  const tables = await tablesOf(db);
  const ends: TableEnd[] = [];
  const { bytes } = await db.transaction(async (tx) => {
    await tx.script(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${COPY_SESSION}`);
    // Before the snapshot, so that no partition that the snapshot shows is dropped under it (PostgreSQL manual, "LOCK").
    await tx.script(`LOCK TABLE ${tables.map(publicTable).join(", ")} IN ACCESS SHARE MODE`);
    await alongside?.(tx);
    return writeBackupFile(file, sectionsOf(tx, tables, nowMs, ends), stop);
  });
  return { tables: ends.length, rows: ends.reduce((sum, { rows }) => sum + rows, 0), bytes };
}

async function demandMigrated(db: Db): Promise<void> {
  const known = await knownMigrations();
  const applied = new Map((await appliedMigrations(db)).map(({ name, sha256 }) => [name, sha256]));
  if (applied.size === 0) throw new StoreError("store.never_migrated");
  if (applied.size !== known.length || known.some(({ name, sha256 }) => applied.get(name) !== sha256)) throw new StoreError("store.not_migrated");
}

/** The migrations that made this database; none where there is no such table. */
export async function appliedMigrations(db: Db): Promise<Migration[]> {
  const [there] = await db.query("SELECT 1 FROM pg_class WHERE oid = to_regclass('public.migration')");
  return there ? db.query<Migration>("SELECT name, sha256 FROM migration ORDER BY name") : [];
}

async function* sectionsOf(tx: Db, tables: readonly Table[], nowMs: number, ends: TableEnd[]): AsyncGenerator<Section> {
  if (!tx.copyOut) throw new StoreError("store.backup.no_copy");
  yield { kind: "M", manifest: await manifestOf(tx, tables, nowMs) };
  for (const table of tables) {
    const tally = new Tally();
    for await (const data of pieces(tx.copyOut(`COPY (SELECT ${table.columns.map(quoted).join(", ")} FROM ${publicTable(table)}) TO STDOUT`))) {
      tally.add(data);
      yield { kind: "D", data };
    }
    const end = tally.end(table.name);
    ends.push(end);
    yield { kind: "E", end };
  }
  yield { kind: "Z" };
}

async function manifestOf(tx: Db, tables: readonly Table[], nowMs: number): Promise<Manifest> {
  const days: Record<string, string[]> = await partitionDays(tx);
  return {
    kind: "hcc-watch-backup",
    format: BACKUP_FORMAT,
    takenAt: new Date(nowMs).toISOString(),
    migrations: await appliedMigrations(tx),
    tables: tables.map(({ name, columns }) => ({ name, columns: [...columns], ...(days[name] && { days: days[name] }) })),
    identities: await tx.query<Manifest["identities"][number]>(
      `SELECT c.relname AS "table", a.attname AS "column", pg_sequence_last_value(pg_get_serial_sequence(format('public.%I', c.relname), a.attname)::regclass)::text AS last
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attidentity <> '' ORDER BY 1, 2`,
    ),
  };
}

/** Counts and hashes the data of one table, in COPY's text format: one line per row, a line end inside of a value is escaped. */
export class Tally {
  rows = 0;
  readonly #hash = createHash("sha256");

  add(data: Buffer): void {
    this.#hash.update(data);
    for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, at + 1)) this.rows++;
  }

  end(table: string): TableEnd {
    return { table, rows: this.rows, sha256: this.#hash.digest("hex") };
  }
}

async function* pieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held, bytes);
}

/** A table whose rows belong into a backup: partitions are read through their parent, what an extension brought is left out. */
export type Table = { readonly name: string; readonly columns: readonly string[] };

/** The tables of schema public with their stored columns, referred ones before those that refer to them; without `migration`. */
export async function tablesOf(db: Db): Promise<Table[]> {
  const rows = await db.query<{ name: string; column: string }>(
    `SELECT c.relname AS name, a.attname AS "column" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'migration'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY c.relname, a.attnum`,
  );
  const links = await db.query<{ name: string; needs: string }>(
    `SELECT DISTINCT c.relname AS name, f.relname AS needs FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
     WHERE k.contype = 'f' AND k.conrelid <> k.confrelid`,
  );
  const tables = Map.groupBy(rows, ({ name }) => name);
  const sorted = new Set<string>();
  const visit = (name: string, trail: readonly string[]) => {
    if (sorted.has(name) || trail.includes(name) || !tables.has(name)) return;
    for (const link of links) if (link.name === name) visit(link.needs, [...trail, name]);
    sorted.add(name);
  };
  for (const name of tables.keys()) visit(name, []);
  return [...sorted].map((name) => ({ name, columns: (tables.get(name) ?? []).map(({ column }) => column) }));
}

/** A column's name for a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name for a statement. */
export function publicTable({ name }: Pick<Table, "name">): string {
  return `public.${quoted(name)}`;
}
