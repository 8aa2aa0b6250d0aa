import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { advisoryLocks } from "./advisory-locks.ts";
import type { Db } from "./db.ts";
import { settleStorage } from "./settle-storage.ts";
import type { StorageWish } from "./storage-mode.ts";
import { StoreError } from "./store-error.ts";

const folder = join(import.meta.dirname, "migrations");

/** A file of migrations/, and what its text hashes to. */
export type Migration = { readonly name: string; readonly sha256: string };

/** The migrations of this version, in the order of their numbers. */
export async function knownMigrations(): Promise<(Migration & { readonly statements: string })[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const statements = await readFile(join(folder, name), "utf8");
      // Line ends differ between checkouts; the schema does not.
      return { name, statements, sha256: createHash("sha256").update(statements.replaceAll("\r\n", "\n")).digest("hex") };
    }),
  );
}

type MigrateOptions = {
  /** Stops after so many files: rows of an older version go into tables of that version, which are arranged for no storage mode yet. */
  readonly count?: number;
  /** How the database is to keep what grows; `auto` where nobody asks for anything. */
  readonly storage?: StorageWish;
  /** Whether `auto` may move runs that are there already. */
  readonly mayMove?: boolean;
};

/**
 * Brings the schema to this version: every file of migrations/ once, in the order of its number, each in a transaction, one program at a time; then
 * settles the storage mode. Gives the names of the files that were applied.
 * @throws StoreError when a file that was applied has changed since, the database is of a newer version, or its storage mode is another one.
 */
export async function migrate(db: Db, nowMs: number, { count, storage = "auto", mayMove = false }: MigrateOptions = {}): Promise<string[]> {
  const files = await knownMigrations();
  const applied: string[] = [];
  await db.transaction(async (tx) => {
    // IF NOT EXISTS alone fails when two programs start at the same moment.
    await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.migrate]);
    await tx.script("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL)");
  });
  for (const { name, statements, sha256 } of files.slice(0, count)) {
    const fresh = await db.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.migrate]);
      const [known] = await tx.query<{ sha256: string }>("SELECT sha256 FROM migration WHERE name = $1", [name]);
      if (known && known.sha256 !== sha256) throw new StoreError("store.changed_migration", { name });
      if (known) return false;
      await tx.script(statements);
      await tx.query("INSERT INTO migration (name, sha256, applied_at) VALUES ($1, $2, to_timestamp($3::float8 / 1000))", [name, sha256, nowMs]);
      return true;
    });
    if (fresh) applied.push(name);
  }
  const unknown = (await db.query<{ name: string }>("SELECT name FROM migration")).filter(({ name }) => !files.some((file) => file.name === name));
  if (unknown.length > 0) throw new StoreError("store.newer", { names: unknown.map(({ name }) => name).join(", ") });
  if (count === undefined) await settleStorage(db, storage, mayMove);
  return applied;
}
