import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Holds a data folder for this process alone; the system lets go of it when the process ends in any way.
 * A lock of SQLite is used because Node.js has no file locks of its own. Gives undefined when another agent runs here.
 */
export function ownFolder(dataDir: string): Disposable | undefined {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(dataDir, "agent.lock"));
  try {
    lock.exec("PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch {
    lock.close();
    return undefined;
  }
  return { [Symbol.dispose]: () => lock.close() };
}
