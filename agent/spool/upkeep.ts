import type { DatabaseSync } from "node:sqlite";
import type { Need } from "#schemas/facts.ts";
import { ACKED_KEEP_MS, bytesToFree, EVIDENCE_KEEP_MS, evictionOrder, grades, type QuotaLimits, type Space, spansOf, type Victim } from "./quota.ts";
import { insertGap, rowStates, transaction } from "./rows.ts";

/** Rows per transaction: a long one would hold up the next append. */
const SLICE = 2_000;
/** Cost of a row besides its body: keys, indexes, page headers. */
const ROW_BYTES = 120;

const where: Record<Victim, string> = {
  acked: `state = ${rowStates.acked}`,
  waiting_sample: `state = ${rowStates.waiting} AND grade = ${grades.sample}`,
  waiting_evidence: `state = ${rowStates.waiting} AND grade = ${grades.evidence}`,
};

/** Pages in use, without those that deletion has freed. */
export function usedBytes(database: DatabaseSync): number {
  const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}

/** Gives up the oldest of the least valuable rows until the limits hold; each lost row is covered by a gap. Gives the number of lost rows. */
export function evict(database: DatabaseSync, space: Space, limits: QuotaLimits): number {
  let excess = bytesToFree(space, limits);
  let lost = 0;
  for (const victim of evictionOrder) {
    while (excess > 0) {
      const gone = transaction(database, () => dropOldest(database, victim, excess));
      if (gone.rows === 0) break;
      excess -= gone.bytes;
      if (victim !== "acked") lost += gone.rows;
    }
  }
  if (bytesToFree(space, limits) > 0) database.exec("PRAGMA incremental_vacuum");
  return lost;
}

function dropOldest(database: DatabaseSync, victim: Victim, bytesWanted: number): { rows: number; bytes: number } {
  const rows = database.prepare(`SELECT seq, length(CAST(body AS BLOB)) AS bytes FROM observation WHERE ${where[victim]} ORDER BY seq LIMIT ?`).all(SLICE);
  const seqs: number[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (bytes >= bytesWanted) break;
    seqs.push(Number(row.seq));
    bytes += Number(row.bytes) + ROW_BYTES;
  }
  dropRows(database, seqs, victim !== "acked");
  return { rows: seqs.length, bytes };
}

function dropRows(database: DatabaseSync, seqs: readonly number[], asGap: boolean): void {
  const remove = database.prepare("DELETE FROM observation WHERE seq BETWEEN ? AND ?");
  for (const { from, to } of spansOf(seqs)) {
    remove.run(from, to);
    if (asGap) insertGap(database, { from, to, reason: "evicted_disk_full" });
  }
}

/**
 * Forgets what was answered long enough ago, but nothing of what `needs` want: a rule that looks at working time alone looks over Tết at the days before.
 * Only with a clock that the collector has confirmed: one that leaps ahead would forget what a restored collector asks for again.
 */
export function expireAnswered(database: DatabaseSync, nowMs: number, needs: readonly Need[]): void {
  const wanted = JSON.stringify(needs.flatMap(({ probe, spans }) => spans.map(({ fromMs, toMs }) => ({ probe, fromMs, toMs }))));
  transaction(database, () => {
    const before = database.prepare(
      `DELETE FROM observation WHERE state = ?1 AND grade = ?2 AND acked_ms < ?3 AND NOT EXISTS (
         SELECT 1 FROM json_each(?4) AS n WHERE n.value ->> 'probe' = probe AND n.value ->> 'fromMs' < wall_ms AND wall_ms <= n.value ->> 'toMs')`,
    );
    before.run(rowStates.acked, grades.sample, nowMs - ACKED_KEEP_MS, wanted);
    before.run(rowStates.acked, grades.evidence, nowMs - EVIDENCE_KEEP_MS, wanted);
    database.prepare("DELETE FROM gap WHERE state = ? AND acked_ms < ?").run(rowStates.acked, nowMs - ACKED_KEEP_MS);
    database.prepare("DELETE FROM batch WHERE state = 2 AND answered_ms < ?").run(nowMs - ACKED_KEEP_MS);
  });
}

/**
 * Gives up rows that waited too long. Only with a clock that the collector has confirmed, and only rows whose own clock was right within a minute:
 * a wrong one would make everything look old.
 */
export function expireWaiting(database: DatabaseSync, nowMs: number, limits: QuotaLimits): number {
  const seqs = database
    .prepare("SELECT seq FROM observation WHERE state = ? AND wall_ms < ? AND body ->> '$.clock' IN ('ok', 'skewed') ORDER BY seq LIMIT ?")
    .all(rowStates.waiting, nowMs - limits.waitingMsMax, SLICE)
    .map(({ seq }) => Number(seq));
  if (seqs.length > 0) transaction(database, () => dropRows(database, seqs, true));
  return seqs.length;
}
