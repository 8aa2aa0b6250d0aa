import type { Message, Recipient } from "#schemas/alert.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";

export type Letter = {
  readonly id: number;
  readonly dedupKey: string;
  readonly channel: Recipient["channel"];
  readonly to: string;
  readonly message: Message;
  readonly tries: number;
};

/** Tries before a letter counts as dead; it stays visible. */
export const TRIES_MAX = 20;

/** Puts a message into the outbox, in the transaction of what it tells. The same key twice is one letter. */
export async function putLetter(
  tx: Db,
  dedupKey: string,
  { channel, to }: Recipient,
  message: Message,
  siteId: number,
  nowMs: number,
  notBeforeMs: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO outbox (site_id, dedup_key, channel, recipient, body, created_at, next_try_at)
     VALUES ($1, $2, $3, $4, ($5::text)::jsonb, to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000)) ON CONFLICT (dedup_key) DO NOTHING`,
    [siteId, dedupKey, channel, to, jsonText(message), nowMs, notBeforeMs],
  );
}

/** Takes letters that are due and keeps them from other collectors for `holdMs`; a sender that dies leaves them to be tried again. */
export async function takeLetters(db: Db, nowMs: number, holdMs: number, limit: number): Promise<Letter[]> {
  const rows = await db.query<{ id: number; dedup_key: string; channel: Recipient["channel"]; recipient: string; body: Message; tries: number }>(
    `UPDATE outbox o SET next_try_at = to_timestamp(($1::float8 + $2::float8) / 1000), tries = o.tries + 1
     FROM (SELECT outbox_id FROM outbox WHERE state = 'waiting' AND next_try_at <= to_timestamp($1::float8 / 1000) ORDER BY outbox_id LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
     WHERE o.outbox_id = due.outbox_id RETURNING o.outbox_id::float8 AS id, o.dedup_key, o.channel, o.recipient, o.body, o.tries`,
    [nowMs, holdMs, limit],
  );
  return rows
    .sort((a, b) => a.id - b.id)
    .map(({ id, dedup_key, channel, recipient, body, tries }) => ({ id, dedupKey: dedup_key, channel, to: recipient, message: body, tries }));
}

/** The letter went out. */
export async function markSent(db: Db, id: number, nowMs: number): Promise<void> {
  await db.query("UPDATE outbox SET state = 'sent', sent_at = to_timestamp($2::float8 / 1000), last_error = NULL WHERE outbox_id = $1", [id, nowMs]);
}

/** The letter did not go out: it is tried again at `nextMs`, or is dead when that is undefined. */
export async function markFailed(db: Db, id: number, error: string, nextMs: number | undefined): Promise<void> {
  await db.query(
    "UPDATE outbox SET last_error = $2, state = CASE WHEN $3::float8 IS NULL THEN 'dead' ELSE 'waiting' END, next_try_at = coalesce(to_timestamp($3::float8 / 1000), next_try_at) WHERE outbox_id = $1",
    [id, error.slice(0, 500), nextMs ?? null],
  );
}

/** How many letters wait and how many are dead. */
export async function outboxCounts(db: Db): Promise<{ waiting: number; dead: number }> {
  const [row] = await db.query<{ waiting: number; dead: number }>(
    "SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'dead')::int AS dead FROM outbox",
  );
  return row ?? { waiting: 0, dead: 0 };
}
