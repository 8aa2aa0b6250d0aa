import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";

/** What the ledger needs to know of a batch. */
export type Entry = {
  readonly siteId: number;
  readonly agentId: string;
  readonly bodySha256: string;
  readonly receivedMs: number;
  readonly batch: { readonly stream: string; readonly from: number; readonly to: number; readonly observations: readonly { readonly seq: number }[] };
};
/** Which numbers of a batch are to be stored now. */
export type Claim = {
  readonly result: "stored" | "conflict";
  /** False for a range that stands in the ledger already. */
  readonly isNew: boolean;
  readonly accepted: number;
  readonly duplicates: number;
  readonly isFresh: (seq: number) => boolean;
};
type Span = { readonly from: number; readonly to: number };

/**
 * Says for each batch of a group which of its numbers nobody stored before. The same range with the same bytes is a repetition; with other bytes two
 * senders tell one stream. A range that overlaps earlier ones (after a rewind) brings only what is missing.
 * Holds the streams' locks until the transaction ends, so that what is entered then (`enterBatches`) is nobody else's.
 */
export async function claimBatches(tx: Db, entries: readonly Entry[]): Promise<Claim[]> {
  // Sent together, done one after the other: the second statement sees what others had committed when the locks were had.
  const [, known] = await Promise.all([lockStreams(tx, entries), knownSpans(tx, entries)]);
  const claims: Claim[] = [];
  for (const entry of entries) {
    const spans = known.get(keyOf(entry)) ?? [];
    const { from, to, observations } = entry.batch;
    const same = spans.find((span) => span.from === from && span.to === to);
    if (same) {
      claims.push({
        result: same.bodySha256 === entry.bodySha256 ? "stored" : "conflict",
        isNew: false,
        accepted: 0,
        duplicates: observations.length,
        isFresh: () => false,
      });
      continue;
    }
    const isFresh = spans.length === 0 ? () => true : (seq: number) => !spans.some((span) => span.from <= seq && seq <= span.to);
    const accepted = observations.filter(({ seq }) => isFresh(seq)).length;
    claims.push({ result: "stored", isNew: true, accepted, duplicates: observations.length - accepted, isFresh });
    // A later batch of this very group sees this one; earlier closures keep the list that they saw.
    known.set(keyOf(entry), [...spans, { from, to, bodySha256: entry.bodySha256 }]);
  }
  return claims;
}

/** The setting that a restore leaves: when the backup was taken, and when it was put back. */
export const RESTORED_KEY = "restored";

/** How far a stream is complete, and whether its sender must go back to there. */
export type Mark = { readonly ackedThrough: number; readonly rewind: boolean };

/**
 * Moves each stream's mark to the end of its unbroken prefix, and takes the order to rewind, which is given once. In a restored database an
 * unknown stream gets it too: it may have begun, and been acknowledged, after the backup was taken.
 */
export async function advanceStreams(tx: Db, entries: readonly Entry[]): Promise<Mark[]> {
  const streams = [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const names = [numbersLiteral(streams.map(({ siteId }) => siteId)), textsLiteral(streams.map(({ batch }) => batch.stream))];
  const rows = await tx.query<{ place: number; acked: number; rewind: boolean; from: number | null; to: number | null }>(
    `SELECT w.place::int AS place, coalesce(s.acked_through, 0)::float8 AS acked, coalesce(s.rewind, EXISTS (SELECT FROM setting WHERE key = $3)) AS rewind, l.seq_from::float8 AS "from", l.seq_to::float8 AS "to"
     FROM unnest(($1::text)::int4[], ($2::text)::text[]) WITH ORDINALITY AS w(site_id, stream, place)
     LEFT JOIN stream_state s ON s.site_id = w.site_id AND s.stream = w.stream
     LEFT JOIN LATERAL (
       SELECT seq_from, seq_to FROM ingest_ledger
       WHERE site_id = w.site_id AND stream = w.stream AND seq_to > coalesce(s.acked_through, 0) ORDER BY seq_to LIMIT 1000
     ) AS l ON true
     ORDER BY w.place, l.seq_from`,
    [...names, RESTORED_KEY],
  );
  const marks = streams.map(() => ({ ackedThrough: 0, rewind: false }));
  for (const { place, acked, rewind, from, to } of rows) {
    const mark = marks[place - 1];
    if (!mark) continue;
    mark.ackedThrough = Math.max(mark.ackedThrough, acked);
    mark.rewind = rewind;
    // In order of their beginning: the first span that leaves a hole ends the prefix, and so do all behind it.
    if (from !== null && to !== null && from <= mark.ackedThrough + 1) mark.ackedThrough = Math.max(mark.ackedThrough, to);
  }
  await tx.query(
    `INSERT INTO stream_state (site_id, stream, agent_id, acked_through)
     SELECT site_id, stream, agent_id, acked FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::int8[]) AS r(site_id, stream, agent_id, acked)
     ON CONFLICT (site_id, stream) DO UPDATE SET acked_through = excluded.acked_through, rewind = false`,
    [...names, textsLiteral(streams.map(({ agentId }) => agentId)), numbersLiteral(marks.map(({ ackedThrough }) => ackedThrough))],
  );
  const byStream = new Map(streams.map((stream, index) => [keyOf(stream), marks[index]]));
  return entries.map((entry) => byStream.get(keyOf(entry)) ?? { ackedThrough: 0, rewind: false });
}

async function lockStreams(tx: Db, entries: readonly Entry[]): Promise<void> {
  const streams = [...new Set(entries.map(keyOf))].sort();
  await tx.query(
    "SELECT count(pg_advisory_xact_lock(hashtextextended(k, 0)))::int AS n FROM (SELECT k FROM unnest(($1::text)::text[]) AS k ORDER BY k) AS sorted",
    [textsLiteral(streams)],
  );
}

async function knownSpans(tx: Db, entries: readonly Entry[]): Promise<Map<string, (Span & { bodySha256: string })[]>> {
  const rows = await tx.query<Span & { site: number; stream: string; sha: string }>(
    `SELECT DISTINCT l.site_id AS site, l.stream, l.seq_from::float8 AS "from", l.seq_to::float8 AS "to", l.body_sha256 AS sha
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::int8[], ($4::text)::int8[]) AS w(site_id, stream, seq_from, seq_to)
     JOIN ingest_ledger l ON l.site_id = w.site_id AND l.stream = w.stream AND l.seq_from <= w.seq_to AND l.seq_to >= w.seq_from`,
    [
      numbersLiteral(entries.map(({ siteId }) => siteId)),
      textsLiteral(entries.map(({ batch }) => batch.stream)),
      numbersLiteral(entries.map(({ batch }) => batch.from)),
      numbersLiteral(entries.map(({ batch }) => batch.to)),
    ],
  );
  const known = new Map<string, (Span & { bodySha256: string })[]>();
  for (const { site, stream, from, to, sha } of rows) {
    const key = `${site} ${stream}`;
    known.set(key, [...(known.get(key) ?? []), { from, to, bodySha256: sha }]);
  }
  return known;
}

/** Enters batches in the ledger. */
export async function enterBatches(tx: Db, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query(
    `INSERT INTO ingest_ledger (site_id, agent_id, stream, seq_from, seq_to, body_sha256, received_at)
     SELECT site_id, agent_id, stream, seq_from, seq_to, sha, to_timestamp(ms / 1000)
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::int8[], ($5::text)::int8[], ($6::text)::text[], ($7::text)::float8[])
       AS r(site_id, agent_id, stream, seq_from, seq_to, sha, ms)`,
    [
      numbersLiteral(entries.map(({ siteId }) => siteId)),
      textsLiteral(entries.map(({ agentId }) => agentId)),
      textsLiteral(entries.map(({ batch }) => batch.stream)),
      numbersLiteral(entries.map(({ batch }) => batch.from)),
      numbersLiteral(entries.map(({ batch }) => batch.to)),
      textsLiteral(entries.map(({ bodySha256 }) => bodySha256)),
      numbersLiteral(entries.map(({ receivedMs }) => receivedMs)),
    ],
  );
}

function keyOf({ siteId, batch }: Entry): string {
  return `${siteId} ${batch.stream}`;
}

/** Deletes the entries of batches received before an instant: their senders have dropped those rows long since and never send them again. */
export async function forgetBatchesBefore(db: Db, beforeMs: number): Promise<void> {
  await db.query("DELETE FROM ingest_ledger WHERE received_at < to_timestamp($1::float8 / 1000)", [beforeMs]);
}
