import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file so that after a power cut there is either the old content or the new one, never half: temporary file, fsync, rename, fsync of the folder.
 * `mode` counts on POSIX; on Windows the ACL of the data folder, set by the installer, decides.
 */
export function writeFileAtomic(file: string, content: string, mode = 0o644): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.new`;
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, "wx", mode);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  syncFolder(folder);
}

/** Makes the names in a folder durable. Windows cannot open a folder for this and journals names itself. */
export function syncFolder(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(handle);
  } catch {
    // EPERM on Windows and some network file systems: nothing more can be done there.
  } finally {
    closeSync(handle);
  }
}
