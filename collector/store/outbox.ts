import { endKinds, isEndKind, type Message, manyAtOnce, type Recipient } from "#schemas/alert.ts";
import type { HeldLetter, PlannedLetter } from "../alert/book.ts";
import { textsLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { jsonText } from "./json-text.ts";
import { type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";

export type Letter = {
  readonly id: number;
  readonly dedupKey: string;
  readonly channel: Recipient["channel"];
  readonly to: string;
  readonly message: Message;
  readonly tries: number;
  readonly createdMs: number;
};

const HOUR_MS = 3_600_000;

/**
 * Puts a message into the outbox, in the transaction of what it tells. The same key twice is one letter. The end of a problem is not put where its
 * beginning died on the way.
 */
export async function putLetter(tx: Db, { key, recipient: { channel, to }, message, siteId, held }: PlannedLetter, nowMs: number): Promise<void> {
  await tx.query(
    `INSERT INTO outbox (site_id, dedup_key, channel, recipient, body, created_at, next_try_at, state, incident_id)
     SELECT $1, $2, $3, $4, ($5::text)::jsonb, to_timestamp($6::float8 / 1000), to_timestamp($6::float8 / 1000), $7, $8::bigint
     WHERE NOT $9::boolean OR NOT EXISTS (SELECT 1 FROM outbox WHERE incident_id = $8::bigint AND channel = $3 AND recipient = $4 AND state = 'dead')
     ON CONFLICT (dedup_key) DO NOTHING`,
    [siteId, key, channel, to, jsonText(message), nowMs, held ? "held" : "waiting", message.incident ?? null, isEndKind(message.kind)],
  );
}

/** A letter whose turn has come. No wait is longer than an hour: what should wait for longer was written by a clock that was ahead. */
const isDue = (nowPlace: number) => {
  const now = `to_timestamp($${nowPlace}::float8 / 1000)`;
  return `state = 'waiting' AND (next_try_at <= ${now} OR next_try_at > ${now} + interval '2 hours')`;
};

/** What succeeds or fails together: a channel, or one webhook. */
export type Lane = { readonly channel: Recipient["channel"]; readonly to?: string | undefined };

/** Lanes with letters that are due. */
export async function dueLanes(db: Db, nowMs: number): Promise<Lane[]> {
  const rows = await db.query<{ channel: Recipient["channel"]; lane: string | null }>(
    `SELECT DISTINCT channel, CASE WHEN channel = 'webhook' THEN recipient END AS lane FROM outbox
     WHERE ${isDue(1)} ORDER BY 1, 2`,
    [nowMs],
  );
  return rows.map(({ channel, lane }) => ({ channel, ...(lane !== null && { to: lane }) }));
}

/**
 * Takes letters of a lane that are due and keeps them from other collectors for `holdMs`; a sender that dies leaves them to be tried again.
 * A letter waits for the one before it about the same problem to the same reader.
 */
export async function takeLetters(db: Db, { channel, to }: Lane, nowMs: number, holdMs: number, limit: number): Promise<Letter[]> {
  const rows = await db.query<{
    id: number;
    dedup_key: string;
    channel: Recipient["channel"];
    recipient: string;
    body: Message;
    tries: number;
    created: number;
  }>(
    `UPDATE outbox o SET next_try_at = to_timestamp(($1::float8 + $2::float8) / 1000), tries = o.tries + 1
     FROM (SELECT outbox_id FROM outbox w
           WHERE ${isDue(1)} AND channel = $4 AND ($5::text IS NULL OR recipient = $5)
             AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.incident_id = w.incident_id AND e.channel = w.channel AND e.recipient = w.recipient
                             AND e.outbox_id < w.outbox_id AND e.state IN ('waiting', 'held'))
           ORDER BY outbox_id LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
     WHERE o.outbox_id = due.outbox_id
     RETURNING o.outbox_id::float8 AS id, o.dedup_key, o.channel, o.recipient, o.body, o.tries, ${instantMs("o.created_at")} AS created`,
    [nowMs, holdMs, limit, channel, to ?? null],
  );
  return rows
    .sort((a, b) => a.id - b.id)
    .map(({ dedup_key, recipient, body, created, ...row }) => ({ ...row, dedupKey: dedup_key, to: recipient, message: body, createdMs: created }));
}

/** A letter that was taken and not tried waits on as it was. */
export async function giveBack(db: Db, id: number, nextMs: number): Promise<void> {
  await db.query("UPDATE outbox SET tries = tries - 1, next_try_at = to_timestamp($2::float8 / 1000) WHERE outbox_id = $1", [id, nextMs]);
}

/** A lane works again: everything that waits for it is due. */
export async function wakeLane(db: Db, { channel, to }: Lane, nowMs: number): Promise<void> {
  await db.query(
    "UPDATE outbox SET next_try_at = to_timestamp($1::float8 / 1000) WHERE state = 'waiting' AND channel = $2 AND ($3::text IS NULL OR recipient = $3) AND next_try_at > to_timestamp($1::float8 / 1000)",
    [nowMs, channel, to ?? null],
  );
}

/** The letter went out. */
export async function markSent(db: Db, id: number, nowMs: number): Promise<void> {
  await db.query("UPDATE outbox SET state = 'sent', sent_at = to_timestamp($2::float8 / 1000), last_error = NULL WHERE outbox_id = $1", [id, nowMs]);
}

/** The letter did not go out: it is tried again at `nextMs`. */
export async function markFailed(db: Db, id: number, error: string, nextMs: number): Promise<void> {
  await db.query("UPDATE outbox SET last_error = $2, next_try_at = to_timestamp($3::float8 / 1000) WHERE outbox_id = $1", [id, error.slice(0, 500), nextMs]);
}

/** The letter never will go out: it stays visible, and what would tell its reader the end of it is withdrawn. */
export async function markDead(db: Db, id: number, error: string, nowMs: number): Promise<void> {
  await db.query(
    `WITH dead AS (
       UPDATE outbox SET state = 'dead', last_error = $2, next_try_at = to_timestamp($3::float8 / 1000) WHERE outbox_id = $1 RETURNING incident_id, channel, recipient
     )
     UPDATE outbox o SET state = 'withdrawn' FROM dead
     WHERE o.incident_id = dead.incident_id AND o.channel = dead.channel AND o.recipient = dead.recipient AND o.state IN ('waiting', 'held')
       AND o.outbox_id > $1 AND o.body ->> 'kind' = ANY (($4::text)::text[])`,
    [id, error.slice(0, 500), nowMs, textsLiteral(endKinds)],
  );
}

/** Letters that wait because their readers had enough, oldest first. */
export async function heldLetters(tx: Db): Promise<HeldLetter[]> {
  return tx.query<HeldLetter>(
    "SELECT outbox_id::float8 AS id, dedup_key AS key, channel || ' ' || recipient AS address, body AS message FROM outbox WHERE state = 'held' ORDER BY outbox_id",
  );
}

/** A digest has taken up held letters. */
export async function markMerged(tx: Db, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await tx.query("UPDATE outbox SET state = 'merged' WHERE outbox_id = ANY (($1::text)::int8[])", [`{${ids.join(",")}}`]);
}

/**
 * How many letters each address got within the last hour, and how many wait for it, however long; messages for many at once do not count. So a channel
 * that was away for days brings each reader what an hour may bring, and then the rest as one.
 */
export async function recentLetters(tx: Db, nowMs: number): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.query<{ address: string; letters: number }>(
    `SELECT channel || ' ' || recipient AS address, count(*)::int AS letters FROM outbox
     WHERE created_at > to_timestamp($1::float8 / 1000) - interval '3 days' AND (state = 'waiting' OR (state = 'sent' AND sent_at BETWEEN to_timestamp($1::float8 / 1000) AND to_timestamp($3::float8 / 1000)))
       AND NOT body ->> 'kind' = ANY (($2::text)::text[])
     GROUP BY 1`,
    [nowMs - HOUR_MS, textsLiteral(manyAtOnce), nowMs],
  );
  return new Map(rows.map(({ address, letters }) => [address, letters]));
}

export type OutboxState = {
  readonly waiting: number;
  readonly held: number;
  readonly dead: number;
  readonly deadSince: number;
  /** Age of the oldest letter that should have gone out by now, ms; 0 without one. */
  readonly oldestMs: number;
};

/** Deletes letters that were written before an instant, but for those that are still to be sent. */
export async function forgetLettersBefore(db: Db, beforeMs: number): Promise<void> {
  await db.query("DELETE FROM outbox WHERE created_at < to_timestamp($1::float8 / 1000) AND state NOT IN ('waiting', 'held')", [beforeMs]);
}

/** How the outbox stands; `deadSince` counts those that died since `sinceMs`. */
export async function outboxState(db: Db, nowMs: number, sinceMs = nowMs): Promise<OutboxState> {
  const [row] = await db.query<{ waiting: number; held: number; dead: number; dead_since: number; oldest: number | null }>(
    `SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'held')::int AS held,
       count(*) FILTER (WHERE state = 'dead')::int AS dead, count(*) FILTER (WHERE state = 'dead' AND next_try_at > to_timestamp($1::float8 / 1000))::int AS dead_since,
       ${instantMs("min(created_at) FILTER (WHERE state = 'waiting')")} AS oldest FROM outbox WHERE state IN ('waiting', 'held', 'dead')`,
    [sinceMs],
  );
  const { waiting = 0, held = 0, dead = 0, dead_since = 0, oldest = null } = row ?? {};
  return { waiting, held, dead, deadSince: dead_since, oldestMs: oldest === null ? 0 : Math.max(0, nowMs - oldest) };
}

export type DeadLetter = {
  readonly id: number;
  readonly channel: string;
  readonly to: string;
  readonly message: Message;
  readonly error: string;
  readonly diedMs: number;
};

/** A page of the letters that were given up, newest first. */
export function deadPart(db: Db, page: number): Promise<ListPart<DeadLetter>> {
  const counted = db.query<{ total: number }>("SELECT count(*)::int AS total FROM outbox WHERE state = 'dead'");
  return listPart(page, deadLetters(db, PART_ROWS, rowsBefore(page)), counted);
}

/** The newest letters that were given up. */
export async function deadLetters(db: Db, limit: number, offset = 0): Promise<DeadLetter[]> {
  const rows = await db.query<{ id: number; channel: string; recipient: string; body: Message; error: string | null; died: number }>(
    `SELECT outbox_id::float8 AS id, channel, recipient, body, last_error AS error, ${instantMs("next_try_at")} AS died
     FROM outbox WHERE state = 'dead' ORDER BY outbox_id DESC LIMIT $1 OFFSET $2`,
    [limit, offset],
  );
  return rows.map(({ id, channel, recipient, body, error, died }) => ({ id, channel, to: recipient, message: body, error: error ?? "", diedMs: died }));
}
