import type { DatabaseSync } from "node:sqlite";
import type { Gap } from "#schemas/exchange.ts";
import type { Observation } from "#schemas/observation.ts";
import { gradeOf } from "./quota.ts";

/** An observation before it has its place in the stream. */
export type SpooledObservation = Omit<Observation, "seq">;

/** Where a row stands: waiting to be sent, part of a frozen batch, or answered by the collector. */
export const rowStates = { waiting: 0, frozen: 1, acked: 2 } as const;

/** Runs `change` in one transaction that is durable when this returns. */
export function transaction<T>(database: DatabaseSync, change: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = change();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

export function readMeta(database: DatabaseSync, key: string): string | undefined {
  const value = database.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.value;
  return typeof value === "string" ? value : undefined;
}

export function writeMeta(database: DatabaseSync, key: string, value: string): void {
  database.prepare("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(key, value);
}

/** Takes `count` sequence numbers and gives the first; must run inside the transaction that uses them. */
export function takeSeqs(database: DatabaseSync, count: number): number {
  const first = lastSeq(database) + 1;
  writeMeta(database, "next_seq", String(first + count));
  return first;
}

/** The last sequence number that was taken; 0 before the first. */
export function lastSeq(database: DatabaseSync): number {
  return Number(readMeta(database, "next_seq") ?? 1) - 1;
}

/** Appends an observation with the next sequence number; must run inside a transaction. */
export function insertObservation(database: DatabaseSync, observation: SpooledObservation): number {
  const seq = takeSeqs(database, 1);
  insertRow(database, seq, observation, rowStates.waiting, null);
  return seq;
}

/** Keeps an observation that was answered under an earlier stream, at a place below 1, which no number of this one is; must run inside a transaction. */
export function insertAnswered(database: DatabaseSync, seq: number, observation: SpooledObservation, ackedMs: number): void {
  insertRow(database, seq, observation, rowStates.acked, ackedMs);
}

function insertRow(database: DatabaseSync, seq: number, observation: SpooledObservation, state: number, ackedMs: number | null): void {
  const { probe, bootId, uptimeMs, takenAt } = observation;
  database
    .prepare("INSERT INTO observation (seq, probe, grade, boot, uptime_ms, wall_ms, state, acked_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run(seq, probe, gradeOf(probe), bootId, uptimeMs, Date.parse(takenAt), state, ackedMs, JSON.stringify(observation));
}

export function insertGap(database: DatabaseSync, { from, to, reason }: Gap): void {
  database.prepare("INSERT INTO gap (seq_from, seq_to, reason, state) VALUES (?, ?, ?, ?)").run(from, to, reason, rowStates.waiting);
}

/**
 * Notes the place of which everything here is. What was seen at another one is given up, answered or not, and a new stream begins. Gives how many
 * observations were never answered; undefined where the place is the same as ever. Must run inside a transaction.
 */
export function moveTo(database: DatabaseSync, place: string, stream: string): number | undefined {
  const known = readMeta(database, "place");
  if (known !== place) writeMeta(database, "place", place);
  if (known === undefined || known === place) return undefined;
  const unanswered = Number(database.prepare("SELECT count(*) AS n FROM observation WHERE state <> ?").get(rowStates.acked)?.n);
  database.exec("DELETE FROM observation; DELETE FROM gap; DELETE FROM batch; DELETE FROM dead_letter; DELETE FROM day_fact");
  writeMeta(database, "next_seq", "1");
  writeMeta(database, "stream", stream);
  return unanswered;
}

/**
 * Gives the spool a new stream: what was never answered keeps its order and gets numbers from 1, what was answered is only remembered, at places below 1.
 * Must run inside a transaction.
 */
export function renumber(database: DatabaseSync, stream: string): void {
  database.exec("DELETE FROM batch");
  // By no index: in the order in which the rows lie none meets another. By no more than this stream's numbers: streams may come without end, and numbers end.
  database.prepare("UPDATE observation SET seq = seq - ? WHERE +state = ?").run(lastSeq(database), rowStates.acked);
  database.prepare("DELETE FROM gap WHERE state = ?").run(rowStates.acked);
  database.prepare("UPDATE observation SET state = 0 WHERE state <> ?").run(rowStates.acked);
  database.exec("UPDATE gap SET state = 0;");
  const places = database
    .prepare("SELECT seq AS first, seq AS last FROM observation WHERE state = 0 UNION ALL SELECT seq_from, seq_to FROM gap ORDER BY 1")
    .all();
  const moveRow = database.prepare("UPDATE observation SET seq = ? WHERE seq = ?");
  const moveGap = database.prepare("UPDATE gap SET seq_from = ?, seq_to = ? WHERE seq_from = ?");
  let next = 1;
  // New numbers are never above the old ones, so moving in ascending order cannot collide.
  for (const place of places) {
    const first = Number(place.first);
    const length = Number(place.last) - first + 1;
    if (moveRow.run(next, first).changes === 0) moveGap.run(next, next + length - 1, first);
    next += length;
  }
  writeMeta(database, "next_seq", String(next));
  writeMeta(database, "stream", stream);
}
