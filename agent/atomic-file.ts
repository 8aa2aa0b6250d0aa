import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.ts";

/** What a rename needs of the system; replaced in tests. */
export type Renaming = { readonly platform: NodeJS.Platform; readonly rename: (from: string, to: string) => void; readonly waitMs: (ms: number) => void };

/** How Windows refuses to replace a file that another program, such as a virus scanner or an indexer, has open for a moment. */
const heldCodes: ReadonlySet<unknown> = new Set(["EPERM", "EACCES", "EBUSY"]);
/** Waits between the tries, ms: 0.63 s in all, since nothing else of the program runs meanwhile. */
const HELD_WAITS_MS = [10, 20, 40, 80, 160, 320] as const;

const ofThisSystem: Renaming = {
  platform: process.platform,
  rename: renameSync,
  waitMs: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
};

/**
 * Writes a file so that after a power cut there is either the old content or the new one, never half: temporary file, fsync, rename, fsync of the folder.
 * `mode` counts on POSIX; on Windows the ACL of the data folder, set by the installer, decides. Throws what the system says: a full disk, a folder that
 * cannot be written, on Windows a file that another program does not let go of within 0.6 s.
 */
export function writeFileAtomic(file: string, content: string, mode = 0o644, renaming: Partial<Renaming> = {}): void {
  const folder = dirname(file);
  makeFolder(folder);
  const temporary = `${file}.new`;
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, "wx", mode);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameHeld(temporary, file, renaming);
  syncFolder(folder);
}

/** Renames; on Windows a file that is held is tried again a few times. Throws what the system says. */
export function renameHeld(from: string, to: string, renaming: Partial<Renaming> = {}): void {
  renameInTries(from, to, { ...ofThisSystem, ...renaming }, 0);
}

function renameInTries(from: string, to: string, { platform, rename, waitMs }: Renaming, tries: number): void {
  try {
    rename(from, to);
  } catch (error) {
    const ms = HELD_WAITS_MS[tries];
    const isHeld = platform === "win32" && error instanceof Error && "code" in error && heldCodes.has(error.code);
    if (!isHeld || ms === undefined) throw error;
    waitMs(ms);
    renameInTries(from, to, { platform, rename, waitMs }, tries + 1);
  }
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
