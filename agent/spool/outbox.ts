import type { DatabaseSync } from "node:sqlite";
import { type BodyPlan, batchBody } from "./batch-body.ts";
import { insertGap, lastSeq, readMeta, rowStates } from "./rows.ts";

export type Lane = "live" | "backlog";

/** A batch with its frozen bytes: a retry sends exactly these. */
export type FrozenBatch = {
  readonly id: number;
  readonly lane: Lane;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly body: Uint8Array;
  /** Made for a collector that takes columns. */
  readonly columns?: boolean;
};

/** Where the clock stands and how much the collector takes at once. */
export type BatchView = {
  readonly nowMs: number;
  readonly bootId: string;
  readonly uptimeMs: number;
  /** Observations of this boot that are younger than this are live. */
  readonly liveMs: number;
  readonly observationsMax: number;
  /** Aim for the text of one batch before compression. */
  readonly bytesAim: number;
  readonly lane: Lane;
  /** Whether the collector takes columns. */
  readonly columns?: boolean;
};

const batchStates = { open: 0, suspect: 1, answered: 2 } as const;
const forms = { plain: "plain", columns: "columns" } as const;
const DEAD_LETTERS_MAX = 1_000;
const LIVE_ROWS_MAX = 2_000;

type Place = { readonly from: number; readonly to: number; readonly bytes: number };

/** The batch with the oldest rows that still waits for its answer, its bytes as they were frozen; after a rewind they are made again from the same rows. */
export function openBatch(database: DatabaseSync): FrozenBatch | undefined {
  const row = database.prepare("SELECT * FROM batch WHERE state = ? ORDER BY seq_from LIMIT 1").get(batchStates.open);
  if (row === undefined) return undefined;
  const place = { from: Number(row.seq_from), to: Number(row.seq_to) };
  const plan = { ...place, lane: laneOf(row.lane), sentAt: String(row.sent_at), columns: row.form === forms.columns };
  const body = row.body instanceof Uint8Array ? row.body : batchBody(database, plan);
  return { id: Number(row.id), lane: plan.lane, ...place, count: countOf(database, place), body, columns: plan.columns };
}

/** Whether anything waits in a lane. */
export function lanesWaiting(database: DatabaseSync, view: Omit<BatchView, "lane">): Record<Lane, boolean> {
  const live = liveStart(database, view);
  const first = firstWaiting(database, 0);
  return { live: live !== undefined, backlog: first !== undefined && (live === undefined || first < live) };
}

/** Freezes the next batch of a lane; undefined when the lane is empty. Must run inside a transaction. */
export function freezeNext(database: DatabaseSync, view: BatchView): FrozenBatch | undefined {
  const live = liveStart(database, view);
  const start = view.lane === "live" ? live : firstWaiting(database, 0);
  const end = view.lane === "live" ? undefined : live;
  if (start === undefined || (end !== undefined && start >= end)) return undefined;
  const run = contiguousRun(database, start, end ?? Number.MAX_SAFE_INTEGER, view);
  if (run === undefined) return undefined;
  return freeze(database, { ...run, lane: view.lane, sentAt: new Date(view.nowMs).toISOString(), columns: view.columns ?? false });
}

function freeze(database: DatabaseSync, plan: BodyPlan): FrozenBatch {
  const { from, to, lane, sentAt, columns } = plan;
  markRange(database, plan, rowStates.frozen, null);
  const body = batchBody(database, plan);
  const id = database
    .prepare("INSERT INTO batch (seq_from, seq_to, lane, sent_at, state, body, form) VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(from, to, lane, sentAt, batchStates.open, body, columns ? forms.columns : forms.plain).lastInsertRowid;
  return { id: Number(id), lane, from, to, count: countOf(database, plan), body, columns };
}

function laneOf(word: unknown): Lane {
  return word === "live" ? "live" : "backlog";
}

/** Live rows are the newest, so a look at the tail is enough even when a month waits before it. */
function liveStart(database: DatabaseSync, { bootId, uptimeMs, liveMs }: Pick<BatchView, "bootId" | "uptimeMs" | "liveMs">): number | undefined {
  const seq = database
    .prepare(
      `SELECT min(seq) AS seq FROM (SELECT seq, state, boot, uptime_ms FROM observation ORDER BY seq DESC LIMIT ${LIVE_ROWS_MAX})
       WHERE state = ? AND boot = ? AND uptime_ms >= ?`,
    )
    .get(rowStates.waiting, bootId, uptimeMs - liveMs)?.seq;
  return typeof seq === "number" ? seq : undefined;
}

function firstWaiting(database: DatabaseSync, from: number): number | undefined {
  const row = database
    .prepare(
      `SELECT min(seq) AS seq FROM (
         SELECT min(seq) AS seq FROM observation WHERE state = 0 AND grade = 0 AND seq >= ?1
         UNION ALL SELECT min(seq) FROM observation WHERE state = 0 AND grade = 1 AND seq >= ?1
         UNION ALL SELECT min(seq_from) FROM gap WHERE state = 0 AND seq_from >= ?1)`,
    )
    .get(from);
  return typeof row?.seq === "number" ? row.seq : undefined;
}

/** The longest run of waiting rows and gaps without a hole from `start` that fits into one batch. */
function contiguousRun(database: DatabaseSync, start: number, end: number, view: BatchView): { from: number; to: number } | undefined {
  const places = database
    .prepare(
      `SELECT seq AS first, seq AS last, length(CAST(body AS BLOB)) AS bytes FROM observation WHERE seq >= ?1 AND seq < ?2 AND state = 0
       UNION ALL SELECT seq_from, seq_to, 80 FROM gap WHERE seq_from >= ?1 AND seq_from < ?2 AND state = 0
       ORDER BY 1 LIMIT ?3`,
    )
    .all(start, end, view.observationsMax)
    .map((row): Place => ({ from: Number(row.first), to: Number(row.last), bytes: Number(row.bytes) }));
  let to: number | undefined;
  let bytes = 0;
  for (const place of places) {
    const fits = to === undefined || (place.from === to + 1 && bytes + place.bytes <= view.bytesAim);
    if (!fits || (to === undefined && place.from !== start)) break;
    to = place.to;
    bytes += place.bytes;
  }
  return to === undefined ? undefined : { from: start, to };
}

/** The collector has committed the batch: its rows are answered, those that it refused one by one become dead letters, suspects are proven guilty. */
export function settle(database: DatabaseSync, id: number, rejected: readonly { seq: number; code: string }[], nowMs: number): void {
  const place = placeOf(database, id);
  if (place === undefined) return;
  for (const { seq, code } of rejected) if (seq >= place.from && seq <= place.to) bury(database, seq, code, nowMs);
  markRange(database, place, rowStates.acked, nowMs);
  database.prepare("UPDATE batch SET state = ?, body = NULL, answered_ms = ? WHERE id = ?").run(batchStates.answered, nowMs, id);
  for (const suspect of database.prepare("SELECT id, seq_from, code FROM batch WHERE state = ?").all(batchStates.suspect)) {
    const seq = Number(suspect.seq_from);
    if (bury(database, seq, String(suspect.code), nowMs)) insertGap(database, { from: seq, to: seq, reason: "dead_letter" });
    database.prepare("DELETE FROM batch WHERE id = ?").run(Number(suspect.id));
  }
}

/**
 * The collector refuses the batch as a whole. Several rows: two halves go on in its place. One row: it is a suspect
 * until another batch is accepted, since a collector that refuses everything must not cost any evidence. Gives the number of suspects.
 */
export function refuse(database: DatabaseSync, id: number, code: string): number {
  if (halve(database, id)) return countSuspects(database);
  const place = placeOf(database, id);
  // A gap record that the collector does not take holds no evidence; it stays in the local count.
  if (place !== undefined && countOf(database, place) === 0) {
    markRange(database, place, rowStates.acked, 0);
    database.prepare("DELETE FROM batch WHERE id = ?").run(id);
  } else database.prepare("UPDATE batch SET state = ?, code = ? WHERE id = ?").run(batchStates.suspect, code, id);
  return countSuspects(database);
}

/** Puts two batches in the place of one; false when it holds a single row or gap. */
export function halve(database: DatabaseSync, id: number): boolean {
  const place = planOf(database, id);
  if (place === undefined) return false;
  const starts = placesBetween(database, place.from, place.to).map(({ from }) => from);
  if (starts.length < 2) return false;
  const middle = starts[Math.ceil(starts.length / 2)] ?? place.to;
  database.prepare("DELETE FROM batch WHERE id = ?").run(id);
  freeze(database, { ...place, to: middle - 1 });
  freeze(database, { ...place, from: middle });
  return true;
}

/** Lets the rows of a batch that the collector has not taken wait again, in whatever lane they belong to by then. */
export function thaw(database: DatabaseSync, id: number): void {
  const place = placeOf(database, id);
  if (place === undefined) return;
  markRange(database, place, rowStates.waiting, null);
  database.prepare("DELETE FROM batch WHERE id = ?").run(id);
}

/**
 * Makes a batch that went in columns again in the plain form: in halves where it can be cut, since an earlier try may have been stored without our
 * hearing of it, and the same range with other bytes would be taken for another sender's.
 */
export function toPlain(database: DatabaseSync, id: number): void {
  database.prepare("UPDATE batch SET form = ? WHERE id = ?").run(forms.plain, id);
  const plan = planOf(database, id);
  if (plan === undefined || halve(database, id)) return;
  database.prepare("UPDATE batch SET body = ? WHERE id = ?").run(batchBody(database, plan), id);
}

export function countSuspects(database: DatabaseSync): number {
  return Number(database.prepare("SELECT count(*) AS n FROM batch WHERE state = ?").get(batchStates.suspect)?.n);
}

/** Every row is refused, so the fault is not the rows': all suspects wait to be sent again. */
export function releaseSuspects(database: DatabaseSync): void {
  database.prepare("UPDATE batch SET state = ? WHERE state = ?").run(batchStates.open, batchStates.suspect);
}

/**
 * The collector lost what it had committed from `seq` on: answered batches are opened again and sent as they were.
 * What is no longer kept is told as a gap. Must run inside a transaction.
 */
export function rewind(database: DatabaseSync, seq: number): void {
  const batches = database.prepare("SELECT id, seq_from, seq_to FROM batch WHERE seq_to >= ? AND state = ? ORDER BY seq_from").all(seq, batchStates.answered);
  let next = seq;
  for (const { id, seq_from, seq_to } of batches) {
    const place = { from: Number(seq_from), to: Number(seq_to) };
    reopenRange(database, { from: next, to: place.from - 1 }, rowStates.waiting);
    reopenRange(database, place, rowStates.frozen);
    database.prepare("UPDATE batch SET state = ? WHERE id = ?").run(batchStates.open, Number(id));
    next = place.to + 1;
  }
  if (batches.length > 0) return;
  const unanswered = database.prepare("SELECT min(seq) AS s FROM observation WHERE seq >= ? AND state < ?").get(seq, rowStates.acked)?.s;
  reopenRange(database, { from: seq, to: Number(unanswered ?? lastSeq(database) + 1) - 1 }, rowStates.waiting);
}

/** Makes answered rows of a range unanswered again and fills its holes with gaps. Rows that were never answered stay as they are. */
function reopenRange(database: DatabaseSync, { from, to }: { from: number; to: number }, state: number): void {
  database.prepare("UPDATE observation SET state = ?, acked_ms = NULL WHERE seq BETWEEN ? AND ? AND state = ?").run(state, from, to, rowStates.acked);
  database.prepare("UPDATE gap SET state = ?, acked_ms = NULL WHERE seq_to >= ? AND seq_from <= ? AND state = ?").run(state, from, to, rowStates.acked);
  let next = from;
  for (const place of [...placesBetween(database, from, to), { from: to + 1, to: to + 1 }]) {
    if (place.from > next) {
      insertGap(database, { from: next, to: place.from - 1, reason: "evicted_disk_full" });
      database.prepare("UPDATE gap SET state = ? WHERE seq_from = ?").run(state, next);
    }
    next = place.to + 1;
  }
}

/** Rows and gaps that lie in a range or reach into it, ascending. */
function placesBetween(database: DatabaseSync, from: number, to: number): { from: number; to: number }[] {
  return database
    .prepare(
      "SELECT seq AS f, seq AS t FROM observation WHERE seq BETWEEN ?1 AND ?2 UNION ALL SELECT seq_from, seq_to FROM gap WHERE seq_to >= ?1 AND seq_from <= ?2 ORDER BY 1",
    )
    .all(from, to)
    .map(({ f, t }) => ({ from: Number(f), to: Number(t) }));
}

function planOf(database: DatabaseSync, id: number): BodyPlan | undefined {
  const row = database.prepare("SELECT lane, sent_at, form FROM batch WHERE id = ?").get(id);
  const place = placeOf(database, id);
  return row && place && { ...place, lane: laneOf(row.lane), sentAt: String(row.sent_at), columns: row.form === forms.columns };
}

function placeOf(database: DatabaseSync, id: number): { from: number; to: number } | undefined {
  const row = database.prepare("SELECT seq_from, seq_to FROM batch WHERE id = ?").get(id);
  return row === undefined ? undefined : { from: Number(row.seq_from), to: Number(row.seq_to) };
}

function countOf(database: DatabaseSync, { from, to }: { from: number; to: number }): number {
  return Number(database.prepare("SELECT count(*) AS n FROM observation WHERE seq BETWEEN ? AND ?").get(from, to)?.n);
}

function markRange(database: DatabaseSync, { from, to }: { from: number; to: number }, state: number, ackedMs: number | null): void {
  database.prepare("UPDATE observation SET state = ?, acked_ms = ? WHERE seq BETWEEN ? AND ?").run(state, ackedMs, from, to);
  database.prepare("UPDATE gap SET state = ?, acked_ms = ? WHERE seq_from BETWEEN ? AND ?").run(state, ackedMs, from, to);
}

/** Moves one row to the dead letters, of which the newest are kept. False when there is no such row. */
function bury(database: DatabaseSync, seq: number, code: string, nowMs: number): boolean {
  const body = database.prepare("DELETE FROM observation WHERE seq = ? RETURNING body").get(seq)?.body;
  if (typeof body !== "string") return false;
  database
    .prepare("INSERT INTO dead_letter (stream, seq, code, at_ms, body) VALUES (?, ?, ?, ?, ?)")
    .run(readMeta(database, "stream") ?? "", seq, code, nowMs, body);
  database.prepare("DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?").run(DEAD_LETTERS_MAX);
  return true;
}
