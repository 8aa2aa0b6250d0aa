import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileFault } from "../file-fault.ts";
import { makeFolder } from "../make-folder.ts";

const SQLITE_BUSY = 5;

/**
 * Holds a data folder for this process alone; the system lets go of it when the process ends in any way.
 * A lock of SQLite is used because Node.js has no file locks of its own. Gives undefined when another agent runs here.
 * Nothing is ever written, so that a full disk keeps no agent from starting. Throws UsageError where this user may not write.
 */
export function ownFolder(dataDir: string): Disposable | undefined {
  makeFolder(dataDir);
  const file = join(dataDir, "agent.lock");
  const lock = opened(file);
  try {
    // The change is never committed. It is refused where this user may only read the file: SQLite then locks nothing, and says nothing of it.
    lock.exec("PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE; PRAGMA user_version = 1");
  } catch (error) {
    lock.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return undefined;
    throw fileFault(error, file) ?? error;
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function opened(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file);
  } catch (error) {
    throw fileFault(error, file) ?? error;
  }
}
