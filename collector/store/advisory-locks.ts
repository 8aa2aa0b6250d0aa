import type { Db } from "./db.ts";

/** Numbers of PostgreSQL's advisory locks, each for one purpose, that no other program on the database takes. */
export const advisoryLocks = {
  migrate: 8_901_890,
  area: 8_901_892,
  /** With the site as second key. */
  judge: 8_901_893,
  audit: 8_901_894,
  pack: 8_901_895,
  /** With the site as second key. */
  ingest: 8_901_896,
  lists: 8_901_897,
  codes: 8_901_898,
} as const;

/** Waits until no other transaction holds what one at a time may do, and holds it to the end of the caller's. */
export async function oneAtATime(tx: Db, purpose: "audit" | "lists" | "codes"): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks[purpose]]);
}
