import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { syncFolder } from "../atomic-file.ts";
import { bundledCalendar } from "../bundled-policy.ts";
import { makeFolder } from "../make-folder.ts";
import { dayTable, noteKeptDays } from "./day-facts.ts";
import { transaction } from "./rows.ts";

/** Below this version a bug of the write-ahead log can corrupt a file (sqlite.org/wal.html, fixed 2026-03-13). */
const SQLITE_MIN = [3, 51, 3] as const;
const SCHEMA_VERSION = 3;
/** SQLite's numbers for results that mean "this file is not to be trusted". */
const corruptCodes = new Set([11, 26]);
const FULL_CODE = 13;
const SYNCHRONOUS_FULL = 2;

const tables = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE observation (
    seq INTEGER PRIMARY KEY, probe TEXT NOT NULL, grade INTEGER NOT NULL, boot TEXT NOT NULL, uptime_ms REAL NOT NULL, wall_ms INTEGER NOT NULL,
    state INTEGER NOT NULL, acked_ms INTEGER, body TEXT NOT NULL) STRICT;
  CREATE INDEX observation_state ON observation (state, grade, seq);
  CREATE INDEX observation_probe ON observation (probe, seq);
  CREATE TABLE gap (seq_from INTEGER PRIMARY KEY, seq_to INTEGER NOT NULL, reason TEXT NOT NULL, state INTEGER NOT NULL, acked_ms INTEGER) STRICT;
  CREATE TABLE batch (
    id INTEGER PRIMARY KEY, seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL, lane TEXT NOT NULL, sent_at TEXT NOT NULL,
    state INTEGER NOT NULL, code TEXT, body BLOB, answered_ms INTEGER, form TEXT NOT NULL DEFAULT 'plain') STRICT;
  CREATE INDEX batch_state ON batch (state, id);
  CREATE TABLE dead_letter (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL, code TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  ${dayTable}
`;

/** The spool's file is damaged, of a newer program, or cannot be opened at all. */
export class SpoolDamaged extends Error {
  override readonly name = "SpoolDamaged";
}

/** True for an SQLite error that says the file is corrupt or no database. */
export function isCorrupt(error: unknown): boolean {
  return corruptCodes.has(errorCode(error));
}

/** True when the disk, or the quota of its user, is full. */
export function isDiskFull(error: unknown): boolean {
  return errorCode(error) === FULL_CODE;
}

function errorCode(error: unknown): number {
  const code = error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : 0;
  // The upper bits hold SQLite's extended code.
  return code & 0xff;
}

/**
 * Opens or makes the spool's database with everything that durability needs, and proves it: write-ahead log, fsync at each commit, a sound file.
 * Throws SpoolDamaged when the file must be set aside; other SQLite errors (no permission, disk full) pass through.
 */
export function openDatabase(file: string): DatabaseSync {
  const isNew = !existsSync(file);
  if (file !== ":memory:") makeFolder(dirname(file));
  const database = new DatabaseSync(file);
  try {
    prepareDatabase(database);
  } catch (error) {
    database.close();
    throw isCorrupt(error) ? new SpoolDamaged(`${file}: ${error instanceof Error ? error.message : "damaged"}`) : error;
  }
  if (isNew && file !== ":memory:") {
    syncFolder(dirname(file));
    syncFolder(dirname(dirname(file)));
  }
  return database;
}

function prepareDatabase(database: DatabaseSync): void {
  const version = String(database.prepare("SELECT sqlite_version() AS v").get()?.v);
  if (!isAtLeast(version)) throw new Error(`SQLite ${version} can corrupt its log; ${SQLITE_MIN.join(".")} or newer is needed: update Node.js`);
  database.exec(
    "PRAGMA busy_timeout = 5000; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 1048576; PRAGMA wal_autocheckpoint = 256;",
  );
  const sound = database.prepare("PRAGMA quick_check(1)").get();
  if (sound?.quick_check !== "ok") throw new SpoolDamaged(`quick_check: ${String(sound?.quick_check)}`);
  const version0 = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (version0 > SCHEMA_VERSION) throw new SpoolDamaged(`the spool is of version ${version0}, this program knows ${SCHEMA_VERSION}`);
  if (version0 < SCHEMA_VERSION) transaction(database, () => renew(database, version0));
  // Some builds fall back to NORMAL after the first write in WAL mode, and NORMAL loses acknowledged rows in a power cut.
  const synchronous = database.prepare("PRAGMA synchronous").get()?.synchronous;
  if (synchronous !== SYNCHRONOUS_FULL) throw new Error(`SQLite does not keep synchronous=FULL (it says ${String(synchronous)})`);
}

/** Brings a spool of an earlier version, or a new file (0), to this one; must run inside a transaction. */
function renew(database: DatabaseSync, version: number): void {
  if (version === 0) database.exec(tables);
  if (version === 1) database.exec("ALTER TABLE batch ADD COLUMN form TEXT NOT NULL DEFAULT 'plain'");
  if (version === 1 || version === 2) {
    database.exec(dayTable);
    noteKeptDays(database, bundledCalendar);
  }
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function isAtLeast(version: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of SQLITE_MIN.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
