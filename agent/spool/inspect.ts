import type { DatabaseSync } from "node:sqlite";
import type { Span } from "#schemas/facts.ts";
import { Observation } from "#schemas/observation.ts";
import { countSuspects } from "./outbox.ts";
import { lastSeq, readMeta, rowStates } from "./rows.ts";
import { usedBytes } from "./upkeep.ts";

export type SpoolStatus = {
  readonly stream: string;
  /** False while the disk cannot be written: observations live in memory only. */
  readonly durable: boolean;
  readonly waiting: number;
  readonly frozen: number;
  readonly answered: number;
  readonly deadLetters: number;
  readonly suspects: number;
  /** Observations that the stream's gaps cover. */
  readonly lost: number;
  readonly bytes: number;
  readonly lastSeq: number;
};

/** An observation whose place may be one below 1, where what an earlier stream was answered for is remembered. */
export const Unplaced = Observation.omit({ seq: true });

/** Undefined for a body that a failing disk has changed. */
export function parsedBody(body: unknown): object | undefined {
  try {
    return JSON.parse(String(body));
  } catch {
    return undefined;
  }
}

/** The newest observations of a probe, newest first; rows that cannot be read are left out. */
export function recentObservations(database: DatabaseSync, probe: string, limit: number): Observation[] {
  return observationsIn(database.prepare("SELECT seq, body FROM observation WHERE probe = ? ORDER BY seq DESC LIMIT ?").all(probe, limit));
}

/** Most observations of one span that are read: of one every minute, those of a day. */
const SPAN_ROWS_MAX = 2_000;

/** The observations of a probe that were made within a span by this PC's clock, the newest of very many, newest first. */
export function observationsWithin(database: DatabaseSync, probe: string, { fromMs, toMs }: Span): Observation[] {
  const within = database.prepare("SELECT seq, body FROM observation WHERE probe = ? AND wall_ms > ? AND wall_ms <= ? ORDER BY seq DESC LIMIT ?");
  return observationsIn(within.all(probe, fromMs, toMs, SPAN_ROWS_MAX));
}

/** When the oldest observation that is kept was made by this PC's clock, ms; undefined of an empty spool. */
export function oldestMs(database: DatabaseSync): number | undefined {
  const wallMs = database.prepare("SELECT wall_ms FROM observation ORDER BY seq LIMIT 1").get()?.wall_ms;
  return wallMs === undefined ? undefined : Number(wallMs);
}

function observationsIn(rows: readonly Record<string, unknown>[]): Observation[] {
  return rows.flatMap(({ seq, body }) => {
    const observation = Unplaced.safeParse(parsedBody(body));
    return observation.success ? [{ ...observation.data, seq: Number(seq) }] : [];
  });
}

/** Counts over the whole spool. */
export function spoolStatus(database: DatabaseSync): Omit<SpoolStatus, "durable"> {
  const counts = new Map(
    database
      .prepare("SELECT state, count(*) AS n FROM observation GROUP BY state")
      .all()
      .map(({ state, n }) => [Number(state), Number(n)]),
  );
  const number = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);
  return {
    stream: readMeta(database, "stream") ?? "",
    waiting: counts.get(rowStates.waiting) ?? 0,
    frozen: counts.get(rowStates.frozen) ?? 0,
    answered: counts.get(rowStates.acked) ?? 0,
    deadLetters: number("SELECT count(*) FROM dead_letter"),
    suspects: countSuspects(database),
    lost: number("SELECT coalesce(sum(seq_to - seq_from + 1), 0) FROM gap"),
    bytes: usedBytes(database),
    lastSeq: lastSeq(database),
  };
}
