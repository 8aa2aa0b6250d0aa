import { COPY_SESSION, publicTable, quoted, type Table, tablesOf } from "./backup.ts";
import type { Db } from "./db.ts";
import { RESTORED_KEY } from "./ledger.ts";
import { STORAGE_KEY } from "./settle-storage.ts";

type Sum = { readonly rows: string; readonly hash: string };
/** Rows and a hash of each table, whatever the order of the rows. */
export type Sums = ReadonlyMap<string, Sum>;

/** How a copy came about: a dump brings every table to the letter; a backup is put into a schema of its own. */
export type CopyWay = "dump" | "backup";

/** The sums of all tables of schema public as of the transaction's instant. */
export async function sumsOf(tx: Db, way: CopyWay): Promise<Sums> {
  await tx.script(COPY_SESSION);
  const own = await tablesOf(tx);
  const sums = new Map<string, Sum>();
  for (const table of way === "dump" ? [...own, migration] : own) {
    const [sum] = await tx.query<Sum>(
      `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text AS hash FROM (${rowsOf(table, way)}) AS t`,
    );
    if (sum) sums.set(table.name, sum);
  }
  return sums;
}

/** Tables of one list of sums that are not the same in the other. */
export function differing(before: Sums, after: Sums): string[] {
  return [...before].filter(([table, { rows, hash }]) => after.get(table)?.rows !== rows || after.get(table)?.hash !== hash).map(([table]) => table);
}

/** Which files made the schema, and when: a restored backup has made its schema itself. */
const migration: Table = { name: "migration", columns: ["name", "sha256", "applied_at"] };

/** What is compared of a table. A restored backup says by itself that agents are to send again, and how its database keeps its rows. */
function rowsOf({ name, columns }: Table, way: CopyWay): string {
  const isOwn = (column: string) => way === "backup" && name === "stream_state" && column.startsWith("rewind");
  // Tables that were made by other ways may have their columns in another order.
  const told = columns.filter((column) => !isOwn(column)).sort();
  const where = way === "backup" && name === "setting" ? ` WHERE key NOT IN ('${RESTORED_KEY}', '${STORAGE_KEY}')` : "";
  return `SELECT ${told.map(quoted).join(", ")} FROM ${publicTable({ name })}${where}`;
}
