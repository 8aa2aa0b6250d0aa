import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { addressOf, isSocketFolder } from "./database-address.ts";
import type { Db } from "./db.ts";

/** A disk of this machine on which a part of the database lies. */
export type DatabaseDisk = { readonly folder: string; readonly freeBytes: number; readonly bytes: number };

/**
 * The folders of the server: data, write-ahead log, tablespaces. None when the server stands on another machine (`url` undefined is the embedded one)
 * or does not tell this user where its data lies.
 */
export async function databaseFolders(db: Db, url: string | undefined): Promise<string[]> {
  if (url !== undefined && !isThisMachine(url)) return [];
  const rows = await db
    .query<{ folder: string }>(
      `SELECT current_setting('data_directory') AS folder
       UNION ALL SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''`,
    )
    .catch(() => []);
  return rows.flatMap(({ folder }, index) => (index === 0 ? [folder, join(folder, "pg_wal")] : [folder]));
}

/** The disks under these folders, each once. What this user may not look at is left out. */
export async function disksUnder(folders: readonly string[]): Promise<DatabaseDisk[]> {
  const disks = new Map<number, DatabaseDisk>();
  for (const folder of folders) {
    try {
      const [{ dev }, { bavail, blocks, bsize }] = await Promise.all([stat(folder), statfs(folder)]);
      if (!disks.has(dev)) disks.set(dev, { folder, freeBytes: bavail * bsize, bytes: blocks * bsize });
    } catch {
      // The log's folder is closed to other users than the server's own; the data's own disk is still seen.
    }
  }
  return [...disks.values()];
}

/** True for an error of PostgreSQL that says that a disk has no room left. */
export function isDiskFull(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === "53100" || (typeof message === "string" && /No space left on device/.test(message));
}

function isThisMachine(url: string): boolean {
  try {
    const { host } = addressOf(url);
    return isSocketFolder(host) || ["", "localhost", "127.0.0.1", "::1"].includes(host);
  } catch {
    return false;
  }
}
