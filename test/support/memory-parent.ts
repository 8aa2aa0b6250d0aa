import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const MEMORY = "/dev/shm";
/** What databases of a run may fill at once, bytes; containers often have 64 MB. */
const ROOM_MIN = 2 * 1024 ** 3;

/** Folder for files that no disk need keep: in memory where the system offers that and has room, among its temporary files otherwise. */
export function memoryParent(): string {
  if (!existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize < ROOM_MIN ? tmpdir() : MEMORY;
}
