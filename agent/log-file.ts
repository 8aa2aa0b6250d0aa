import { appendFileSync, closeSync, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

const NAME = "agent.log";
const FILE_MAX_BYTES = 512 * 1024;

/**
 * The agent's own log beside its data, for whoever helps where nobody keeps stderr: at most two files of half a megabyte.
 * What cannot be written is lost: a full disk must not end the agent.
 */
export function logFile(folder: string): { readonly write: (line: string) => void } {
  const file = join(folder, NAME);
  return {
    write: (line) => {
      try {
        if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > FILE_MAX_BYTES) renameSync(file, `${file}.1`);
        appendFileSync(file, line, { mode: 0o600 });
      } catch {
        // Said on stderr already.
      }
    },
  };
}

/** The last `count` lines of the log, oldest first; empty when there is none. */
export function lastLogLines(folder: string, count: number): readonly string[] {
  const file = join(folder, NAME);
  const lines = [`${file}.1`, file].flatMap((path) =>
    tail(path)
      .split("\n")
      .filter((line) => line !== ""),
  );
  return lines.slice(-count);
}

function tail(path: string): string {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return "";
  const handle = openSync(path, "r");
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, 2 * FILE_MAX_BYTES));
    const read = readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8", 0, read);
  } finally {
    closeSync(handle);
  }
}
