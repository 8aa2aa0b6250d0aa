import { writeBackup } from "./backup.ts";
import type { Db } from "./db.ts";
import { differing, type Sums, sumsOf } from "./drill-sums.ts";
import { restoreBackup, verifyBackup } from "./restore.ts";
import type { StorageMode } from "./storage-mode.ts";

export type DrillStep = "dump" | "restore" | "compare" | "rewind";
/** Does a step of the drill, and tells how long it took. */
export type DoStep = <T>(title: DrillStep, work: () => Promise<T>) => Promise<T>;
/** What came of a copy. */
export type Copied = { readonly before: Sums; readonly different: readonly string[]; readonly dumpBytes: number; readonly streams: number };

type BackupDrill = {
  /** Where the backup is written; does not exist yet. */
  readonly file: string;
  readonly mode: StorageMode;
  readonly nowMs: number;
  readonly step: DoStep;
};

/**
 * Writes a backup of a database, puts it into `copy`, which is empty and will keep its rows in the same way, and compares every table with what stood in the source at the
 * backup's instant. Restoring orders the agents to send again.
 */
export async function drillBackup(source: Db, copy: Db, { file, mode, nowMs, step }: BackupDrill): Promise<Copied> {
  let before: Sums = new Map();
  const { bytes } = await step("dump", () =>
    writeBackup(source, file, {
      nowMs,
      alongside: async (tx) => {
        before = await sumsOf(tx, "backup");
      },
    }),
  );
  await step("restore", async () => restoreBackup(copy, await verifyBackup(file), nowMs, mode));
  const different = await step("compare", async () => differing(before, await copy.transaction((tx) => sumsOf(tx, "backup"))));
  const [streams] = await copy.query<{ n: number }>("SELECT count(*)::int AS n FROM stream_state WHERE rewind");
  return { before, different, dumpBytes: bytes, streams: streams?.n ?? 0 };
}
