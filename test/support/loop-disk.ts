import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small disk of its own: an ext4 inside a file. */
export type LoopDisk = Disposable & {
  readonly folder: string;
  freeBytes(): number;
  /** Leaves only so much room, with a file that is in nobody's way. */
  fill(leaveBytes: number): void;
  /** Gives that room back. */
  empty(): void;
};

/** Whether this user may mount a file as a disk. */
export function canLoopMount(): boolean {
  if (process.getuid?.() !== 0 || !existsSync("/usr/sbin/mkfs.ext4")) return false;
  try {
    execFileSync("/usr/sbin/losetup", ["-f"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Makes a disk of `megabytes` without room that only root may use, and mounts it. Needs `canLoopMount()`. */
export function loopDisk(megabytes: number): LoopDisk {
  const parent = mkdtempSync(join(tmpdir(), "hcc-disk-"));
  chmodSync(parent, 0o755);
  const image = join(parent, "disk.img");
  const folder = mkdtempSync(join(parent, "disk-"));
  execFileSync("/usr/bin/truncate", ["-s", `${megabytes}M`, image]);
  execFileSync("/usr/sbin/mkfs.ext4", ["-q", "-F", "-m", "0", image]);
  execFileSync("/usr/bin/mount", ["-o", "loop", image, folder]);
  chmodSync(folder, 0o777);
  const ballast = join(folder, "ballast");
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  return {
    folder,
    freeBytes,
    fill: (leaveBytes) => {
      const bytes = freeBytes() - leaveBytes;
      if (bytes > 0) execFileSync("/usr/bin/fallocate", ["-l", String(bytes), ballast]);
      else writeFileSync(ballast, "");
    },
    empty: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]: () => {
      execFileSync("/usr/bin/umount", [folder]);
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
