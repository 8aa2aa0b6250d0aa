import { rmSync, statSync, writeFileSync } from "node:fs";

const RESERVE_BYTES = 1024 * 1024;

/** A file of 1 MiB that is given back when the disk is full, so that the rows which say so can still be written. */
export type Reserve = {
  /** Makes the file when it is missing; silently not on a full disk. */
  readonly keep: () => void;
  /** Gives whether there was one to give back; a file that the system does not let go of is none. */
  readonly release: () => boolean;
};

export function reserveFile(file: string): Reserve {
  const release = () => {
    try {
      rmSync(file);
      return true;
    } catch {
      return false;
    }
  };
  return {
    keep: () => {
      try {
        if (sizeOf(file) === RESERVE_BYTES) return;
        // Random bytes would be no better: the file systems of gateway PCs do not compress by default, and zeros written by hand are allocated.
        writeFileSync(file, Buffer.alloc(RESERVE_BYTES), { mode: 0o600 });
      } catch {
        release();
      }
    },
    release,
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
