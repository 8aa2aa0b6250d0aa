import type { DatabaseSync } from "node:sqlite";
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
  const rows = database.prepare("SELECT seq, body FROM observation WHERE probe = ? ORDER BY seq DESC LIMIT ?").all(probe, limit);
  return rows.flatMap(({ seq, body }) => {
    const observation = Observation.safeParse({ ...parsedBody(body), seq: Number(seq) });
    return observation.success ? [observation.data] : [];
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
