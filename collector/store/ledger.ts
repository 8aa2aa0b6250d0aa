import type { Batch } from "#schemas/exchange.ts";
import { advisoryLocks } from "./advisory-locks.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import type { Part } from "./flush-part.ts";

/** What the ledger needs to know of a batch. */
export type Entry = {
  readonly siteId: number;
  readonly agentId: string;
  readonly bodySha256: string;
  readonly receivedMs: number;
  readonly batch: Pick<Batch, "stream" | "lane" | "from" | "to"> & { readonly observations: readonly { readonly seq: number }[] };
};
type Span = { readonly from: number; readonly to: number };
/** A span that stands in the ledger. `bodySha256` is that of the batch that covers it exactly, or `PART`. */
type KnownSpan = Span & { readonly bodySha256: string };
/** Which numbers of a batch are to be stored now. */
export type Claim = {
  readonly result: "stored" | "conflict";
  /** What of its range nobody has told before, in order. */
  readonly missing: readonly Span[];
  readonly accepted: number;
  readonly duplicates: number;
  readonly isFresh: (seq: number) => boolean;
};

/** In place of the hash, where a span is what others had left of a batch: no later batch can be held against it byte by byte. */
const PART = "";
/** A sender that sends once a minute enters 86,400 spans before the first is forgotten. Whoever names more in one batch is none of ours, and told as a conflict. */
const SPANS_MAX = 100_000;

/**
 * Says for each batch of a group which of its numbers nobody stored before. The same range with the same bytes is a repetition; with other bytes two
 * senders tell one stream. A range that overlaps earlier ones (after a rewind) brings only what is missing, so that the spans of a stream never overlap.
 * Holds the centres' locks until the transaction ends, so that what is entered then (`batchesPart`) is nobody else's.
 */
export async function claimBatches(tx: Db, entries: readonly Entry[]): Promise<Claim[]> {
  // Sent together, done one after the other: the second statement sees what others had committed when the locks were had.
  const [, known] = await Promise.all([lockSites(tx, entries), knownSpans(tx, entries)]);
  return entries.map((entry) => {
    const spans = known.get(keyOf(entry)) ?? [];
    const claim = claimOf(entry, spans);
    // A later batch of this very group sees this one.
    known.set(keyOf(entry), [...spans, ...spansOf(entry, claim)]);
    return claim;
  });
}

function claimOf({ batch: { from, to, observations }, bodySha256 }: Entry, spans: readonly KnownSpan[]): Claim {
  const same = spans.find((span) => span.from === from && span.to === to);
  const isConflict = spans.length >= SPANS_MAX || (same !== undefined && same.bodySha256 !== bodySha256 && same.bodySha256 !== PART);
  const missing = same || isConflict ? [] : holesIn({ from, to }, spans);
  const isFresh = (seq: number) => missing.some((hole) => hole.from <= seq && seq <= hole.to);
  const accepted = observations.filter(({ seq }) => isFresh(seq)).length;
  return { result: isConflict ? "conflict" : "stored", missing, accepted, duplicates: observations.length - accepted, isFresh };
}

/** What a range has that none of some spans covers, in order. */
function holesIn({ from, to }: Span, spans: readonly Span[]): Span[] {
  const holes: Span[] = [];
  let next = from;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    if (span.from > to) break;
    if (span.from > next) holes.push({ from: next, to: span.from - 1 });
    next = Math.max(next, span.to + 1);
  }
  if (next <= to) holes.push({ from: next, to });
  return holes;
}

/** What a batch adds to the ledger. */
function spansOf({ batch: { from, to }, bodySha256 }: Entry, { missing }: Claim): KnownSpan[] {
  return missing.map((span) => ({ ...span, bodySha256: span.from === from && span.to === to ? bodySha256 : PART }));
}

/** The setting that a restore leaves: when the backup was taken, and when it was put back. */
export const RESTORED_KEY = "restored";

/** How far a stream is complete, and from which number on its sender must send again. */
export type Mark = { readonly ackedThrough: number; readonly rewindTo: number | undefined };
/** An order to rewind that was given: its number, and lane and beginning of the batch whose answer brought it first. */
type Order = { readonly to: number; readonly lane: string; readonly from: number };

/**
 * Moves each stream's mark to the end of its unbroken prefix, and gives the order to rewind where it stands. An answer may be lost: the order holds until its
 * sender is known to have heard it. In a restored database an unknown stream gets it too: it may have begun, and been acknowledged, after the backup was taken.
 */
export async function advanceStreams(tx: Db, entries: readonly Entry[]): Promise<Mark[]> {
  const streams = [...Map.groupBy(entries, keyOf)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, own]) => own as [Entry, ...Entry[]]);
  const names = [numbersLiteral(streams.map(([{ siteId }]) => siteId)), textsLiteral(streams.map(([{ batch }]) => batch.stream))];
  const rows = await tx.query<MarkRow>(marksStatement, [...names, RESTORED_KEY]);
  const rowsOf = Map.groupBy(rows, ({ place }) => place - 1);
  const marks = streams.map((own, index) => {
    const known = rowsOf.get(index) ?? [];
    const [first] = known;
    const ackedThrough = first ? endOfPrefix(first.acked, known) : 0;
    return { ackedThrough, order: first?.rewind ? orderFor(first, own, ackedThrough) : undefined };
  });
  await tx.query(
    `INSERT INTO stream_state (site_id, stream, agent_id, acked_through, rewind, rewind_to, rewind_lane, rewind_from)
     SELECT site_id, stream, agent_id, acked, goes_back IS NOT NULL, goes_back, lane, seq
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::int8[], ($5::text)::int8[], ($6::text)::"char"[], ($7::text)::int8[])
       AS r(site_id, stream, agent_id, acked, goes_back, lane, seq)
     ON CONFLICT (site_id, stream) DO UPDATE SET acked_through = excluded.acked_through, rewind = excluded.rewind,
       rewind_to = excluded.rewind_to, rewind_lane = excluded.rewind_lane, rewind_from = excluded.rewind_from`,
    [
      ...names,
      textsLiteral(streams.map(([{ agentId }]) => agentId)),
      numbersLiteral(marks.map(({ ackedThrough }) => ackedThrough)),
      numbersLiteral(marks.map(({ order }) => order?.to ?? null)),
      textsLiteral(marks.map(({ order }) => order?.lane ?? null)),
      numbersLiteral(marks.map(({ order }) => order?.from ?? null)),
    ],
  );
  const byStream = new Map(streams.map(([entry], index) => [keyOf(entry), marks[index]]));
  return entries.map((entry) => {
    const { ackedThrough = 0, order } = byStream.get(keyOf(entry)) ?? {};
    return { ackedThrough, rewindTo: order?.to };
  });
}

type MarkRow = {
  readonly place: number;
  readonly acked: number;
  readonly rewind: boolean;
  readonly orderTo: number | null;
  readonly orderLane: string | null;
  readonly orderFrom: number | null;
  readonly from: number | null;
  readonly to: number | null;
};

const marksStatement = `SELECT w.place::int AS place, coalesce(s.acked_through, 0)::float8 AS acked, coalesce(s.rewind, EXISTS (SELECT FROM setting WHERE key = $3)) AS rewind,
    s.rewind_to::float8 AS "orderTo", s.rewind_lane::text AS "orderLane", s.rewind_from::float8 AS "orderFrom", l.seq_from::float8 AS "from", l.seq_to::float8 AS "to"
  FROM unnest(($1::text)::int4[], ($2::text)::text[]) WITH ORDINALITY AS w(site_id, stream, place)
  LEFT JOIN stream_state s ON s.site_id = w.site_id AND s.stream = w.stream
  LEFT JOIN LATERAL (
    SELECT seq_from <= coalesce(s.acked_through, 0) + 1 AS joins FROM ingest_ledger
    WHERE site_id = w.site_id AND stream = w.stream AND seq_to > coalesce(s.acked_through, 0) ORDER BY seq_to LIMIT 1
  ) AS next ON true
  LEFT JOIN LATERAL (
    SELECT seq_from, seq_to FROM ingest_ledger
    WHERE site_id = w.site_id AND stream = w.stream AND seq_to > coalesce(s.acked_through, 0) ORDER BY seq_to
    -- Behind a hole, as while an outage is caught up with, a stream may have thousands that do not matter yet.
    LIMIT CASE WHEN next.joins THEN 1000 ELSE 0 END
  ) AS l ON true
  ORDER BY w.place, l.seq_from`;

/** Where the unbroken prefix of a stream ends, by spans in order of their beginning: the first that leaves a hole ends it, and so do all behind it. */
function endOfPrefix(acked: number, spans: readonly Pick<MarkRow, "from" | "to">[]): number {
  return spans.reduce((end, { from, to }) => (from !== null && to !== null && from <= end + 1 ? Math.max(end, to) : end), acked);
}

/** The order that the answers to some batches of a stream bring. Of each lane a sender has one batch in flight: another one of that lane shows that the order was heard. */
function orderFor({ orderTo, orderLane, orderFrom }: MarkRow, [first, ...more]: readonly [Entry, ...Entry[]], ackedThrough: number): Order | undefined {
  if (orderTo === null || orderLane === null || orderFrom === null) return { to: ackedThrough + 1, lane: laneLetter(first.batch.lane), from: first.batch.from };
  const wasHeard = [first, ...more].some(({ batch }) => laneLetter(batch.lane) === orderLane && batch.from !== orderFrom);
  return wasHeard ? undefined : { to: orderTo, lane: orderLane, from: orderFrom };
}

function laneLetter(lane: Batch["lane"]): string {
  return lane.slice(0, 1);
}

/** One writer per centre at a time, whatever collector it belongs to: all that a batch touches has the centre in its key, so that two of them never wait for each other crosswise. */
async function lockSites(tx: Db, entries: readonly Entry[]): Promise<void> {
  await tx.query("SELECT lock_sites($1::int, ($2::text)::int4[])", [advisoryLocks.ingest, numbersLiteral(entries.map(({ siteId }) => siteId))]);
}

/**
 * The claim of a group in which each batch is the next of its stream, as nearly always: for the database to check, which locks the centres for it. Undefined
 * for a group that needs more than that.
 */
export function nextClaims(entries: readonly Entry[]): { readonly part: Part; readonly claims: readonly Claim[] } | undefined {
  if (new Set(entries.map(keyOf)).size < entries.length) return undefined;
  const claims = entries.map((entry) => claimOf(entry, []));
  return {
    part: {
      call: "claim_next",
      types: ["int4", "int4[]", "text[]", "int8[]", "int8[]"],
      lists: [
        String(advisoryLocks.ingest),
        numbersLiteral(entries.map(({ siteId }) => siteId)),
        textsLiteral(entries.map(({ batch }) => batch.stream)),
        numbersLiteral(entries.map(({ batch }) => batch.from)),
        numbersLiteral(entries.map(({ batch }) => batch.to)),
      ],
    },
    claims,
  };
}

/**
 * The spans of the ledger that the ranges touch. Those of one stream do not overlap, so that the order of their ends is the order of their beginnings:
 * all that end within the range, and the first that ends behind it. However long the stream is, no other row is read.
 */
async function knownSpans(tx: Db, entries: readonly Entry[]): Promise<Map<string, KnownSpan[]>> {
  const rows = await tx.query<KnownSpan & { place: number }>(knownSpansStatement, [
    numbersLiteral(entries.map(({ siteId }) => siteId)),
    textsLiteral(entries.map(({ batch }) => batch.stream)),
    numbersLiteral(entries.map(({ batch }) => batch.from)),
    numbersLiteral(entries.map(({ batch }) => batch.to)),
  ]);
  const known = new Map<string, KnownSpan[]>();
  for (const { place, ...span } of rows) {
    const entry = entries[place - 1];
    if (!entry) continue;
    const spans = known.get(keyOf(entry));
    if (spans) spans.push(span);
    else known.set(keyOf(entry), [span]);
  }
  return known;
}

/** Exported for the test of its plan. */
export const knownSpansStatement = `SELECT w.place::int AS place, l.seq_from::float8 AS "from", l.seq_to::float8 AS "to", l.body_sha256 AS "bodySha256"
  FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::int8[], ($4::text)::int8[]) WITH ORDINALITY AS w(site_id, stream, seq_from, seq_to, place)
  CROSS JOIN LATERAL (
    (SELECT seq_from, seq_to, body_sha256 FROM ingest_ledger
     WHERE site_id = w.site_id AND stream = w.stream AND seq_to BETWEEN w.seq_from AND w.seq_to ORDER BY seq_to LIMIT ${SPANS_MAX})
    UNION ALL
    (SELECT seq_from, seq_to, body_sha256 FROM ingest_ledger
     WHERE site_id = w.site_id AND stream = w.stream AND seq_to > w.seq_to ORDER BY seq_to LIMIT 1)
  ) AS l WHERE l.seq_from <= w.seq_to`;

/** What batches bring to the ledger. */
export function batchesPart(claimed: readonly { readonly received: Entry; readonly claim: Claim }[]): Part {
  const rows = claimed.flatMap(({ received, claim }) => spansOf(received, claim).map((span) => ({ ...received, ...span })));
  return {
    call: "add_batches",
    types: ["int4[]", "text[]", "text[]", "int8[]", "int8[]", "text[]", "float8[]"],
    lists: [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(({ agentId }) => agentId)),
      textsLiteral(rows.map(({ batch }) => batch.stream)),
      numbersLiteral(rows.map(({ from }) => from)),
      numbersLiteral(rows.map(({ to }) => to)),
      textsLiteral(rows.map(({ bodySha256 }) => bodySha256)),
      numbersLiteral(rows.map(({ receivedMs }) => receivedMs)),
    ],
  };
}

function keyOf({ siteId, batch }: Entry): string {
  return `${siteId} ${batch.stream}`;
}

/** Deletes the entries of batches received before an instant: their senders have dropped those rows long since and never send them again. */
export async function forgetBatchesBefore(db: Db, beforeMs: number): Promise<void> {
  await db.query("DELETE FROM ingest_ledger WHERE received_at < to_timestamp($1::float8 / 1000)", [beforeMs]);
}
