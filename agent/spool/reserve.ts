import { rmSync, statSync, writeFileSync } from "node:fs";

const RESERVE_BYTES = 1024 * 1024;

/** A file of 1 MiB that is given back when the disk is full, so that the rows which say so can still be written. */
export type Reserve = {
  /** Makes the file when it is missing; silently not on a full disk. */
  readonly keep: () => void;
  readonly release: () => void;
};

export function reserveFile(file: string): Reserve {
  const release = () => rmSync(file, { force: true });
  return {
    keep: () => {
      if (sizeOf(file) === RESERVE_BYTES) return;
      try {
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
