import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import { foundIn, pagesIn, peaksIn, presenceIn } from "#schemas/evaluate/daily-facts.ts";
import type { Batch } from "#schemas/exchange.ts";
import { type FiledBatch, type FiledSample, samplesOf } from "../ingest/filed.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { copyRows, type SampleRow } from "./copy-rows.ts";
import type { Db } from "./db.ts";
import { type FoundRow, writeFoundDevices } from "./found-devices.ts";
import { jsonText } from "./json-text.ts";
import { advanceStreams, type Claim, claimBatches } from "./ledger.ts";
import { type PageRow, writePageCounters } from "./page-counters.ts";
import type { Partitions } from "./partitions.ts";
import { type CountedRun, countRuns, keepSpeeds, reasonOf } from "./run-counts.ts";
import type { SeriesIds } from "./series.ts";

/** A batch that was received, checked and given its times. */
export type Received = {
  readonly siteId: number;
  readonly agentId: string;
  readonly batch: Batch;
  readonly bodySha256: string;
  readonly receivedMs: number;
  readonly filed: FiledBatch;
};
/** What became of one batch: `conflict` means that its range came before with another content. */
export type Written = {
  readonly result: "stored" | "conflict";
  readonly ackedThrough: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rewind: boolean;
};

export type IngestTools = { readonly db: Db; readonly partitions: Partitions; readonly series: SeriesIds; readonly calendar: Calendar };

/** From so many samples on, COPY costs less than one unnest statement. */
const COPY_FROM = 5_000;

/**
 * Writes a group of batches in one transaction and answers for each. Each sequence number of a stream is stored once, however often and in
 * whatever ranges it comes. Rejects when anything fails; nothing of the group is stored then.
 */
export async function writeGroup(tools: IngestTools, group: readonly Received[]): Promise<Written[]> {
  try {
    return await writeOnce(tools, group);
  } catch (error) {
    // Another collector has dropped an old partition that late observations need again.
    if (!/no partition of relation/.test(String(error))) throw error;
    tools.partitions.forget();
    return writeOnce(tools, group);
  }
}

async function writeOnce({ db, partitions, series, calendar }: IngestTools, group: readonly Received[]): Promise<Written[]> {
  const samples = new Map(
    group.map((received) => [
      received,
      received.filed.observations.flatMap((filed) => samplesOf(filed).map((sample) => ({ sample, seq: filed.observation.seq }))),
    ]),
  );
  await partitions.ensure(instantsOf(group));
  await series.learn(db, keysOf(samples));
  return db.transaction(async (tx) => {
    const claims = await claimBatches(tx, group);
    const stored = group.flatMap((received, index) => {
      const claim = claims[index];
      return claim?.result === "stored" ? [{ received, claim }] : [];
    });
    const fresh = stored.flatMap(({ received, claim }) =>
      received.filed.observations
        .filter(({ observation }) => claim.isFresh(observation.seq))
        .map((filed) => ({ ...filed, received, siteId: received.siteId, receivedMs: received.receivedMs, lane: received.batch.lane })),
    );
    await writeObservations(tx, fresh);
    await countRuns(tx, fresh);
    await keepSpeeds(tx, fresh);
    const rows = stored.flatMap(({ received, claim }) => sampleRows(series, received, samples.get(received) ?? [], claim));
    await writeSamples(tx, rows);
    await writeLatest(tx, rows);
    await writeDays(tx, calendar, stored);
    await writePageCounters(
      tx,
      stored.flatMap(({ received, claim }) => pagesOf(received, claim)),
    );
    await writeFoundDevices(
      tx,
      stored.flatMap(({ received, claim }) => foundOf(received, claim)),
    );
    await writeDirtyHours(tx, rows);
    await writeGapsAndLetters(tx, stored);
    await touchContacts(tx, group);
    const states = await advanceStreams(tx, group);
    return claims.map((claim, index) => ({ ...claim, ...(states[index] ?? { ackedThrough: 0, rewind: false }) }));
  });
}

type Stored = { readonly received: Received; readonly claim: Claim };
type FreshRun = CountedRun & { readonly received: Received };
type Seqed = { readonly sample: FiledSample; readonly seq: number };

function* instantsOf(group: readonly Received[]): Iterable<number> {
  for (const { filed } of group) for (const { takenMs } of filed.observations) yield takenMs;
}

function* keysOf(samples: ReadonlyMap<Received, readonly Seqed[]>) {
  for (const [{ siteId }, list] of samples) for (const { sample } of list) yield { siteId, ...sample };
}

function sampleRows(series: SeriesIds, { siteId }: Received, samples: readonly Seqed[], claim: Claim): SampleRow[] {
  return samples.flatMap(({ sample, seq }) => {
    if (!claim.isFresh(seq)) return [];
    const seriesId = series.idOf({ siteId, ...sample });
    // A site that has named more series than any centre can have: its observation is kept, its samples are not.
    if (seriesId === undefined) return [];
    return [{ siteId, seriesId, takenMs: sample.takenMs, value: sample.value }];
  });
}

async function writeObservations(tx: Db, rows: readonly FreshRun[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO observation (site_id, stream, seq, probe, target, taken_at, raw_taken_at, received_at, lane, clock, elapsed_ms, kind, reason, outcome)
     SELECT site_id, stream, seq, probe, target, to_timestamp(taken_ms / 1000), to_timestamp(raw_ms / 1000), to_timestamp(received_ms / 1000), lane, clock, elapsed_ms, kind, reason, outcome::jsonb
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::int8[], ($4::text)::text[], ($5::text)::text[], ($6::text)::float8[], ($7::text)::float8[],
       ($8::text)::float8[], ($9::text)::text[], ($10::text)::text[], ($11::text)::float8[], ($12::text)::text[], ($13::text)::text[], ($14::text)::text[])
       AS r(site_id, stream, seq, probe, target, taken_ms, raw_ms, received_ms, lane, clock, elapsed_ms, kind, reason, outcome)`,
    [
      numbersLiteral(rows.map(({ siteId }) => siteId)),
      textsLiteral(rows.map(({ received }) => received.batch.stream)),
      numbersLiteral(rows.map(({ observation }) => observation.seq)),
      textsLiteral(rows.map(({ observation }) => observation.probe)),
      textsLiteral(rows.map(({ observation }) => observation.target ?? null)),
      numbersLiteral(rows.map(({ takenMs }) => takenMs)),
      numbersLiteral(rows.map(({ observation }) => Date.parse(observation.takenAt))),
      numbersLiteral(rows.map(({ receivedMs }) => receivedMs)),
      textsLiteral(rows.map(({ lane }) => lane)),
      textsLiteral(rows.map(({ observation }) => observation.clock)),
      numbersLiteral(rows.map(({ observation }) => observation.elapsedMs)),
      textsLiteral(rows.map(({ observation }) => observation.outcome.kind)),
      textsLiteral(rows.map(({ observation }) => reasonOf(observation.outcome))),
      textsLiteral(rows.map(({ observation }) => jsonText(observation.outcome))),
    ],
  );
}

async function writeSamples(tx: Db, rows: readonly SampleRow[]): Promise<void> {
  if (rows.length === 0) return;
  if (rows.length >= COPY_FROM && tx.copyBinary) return tx.copyBinary("COPY sample (site_id, series_id, ts, value) FROM STDIN (FORMAT binary)", copyRows(rows));
  await tx.query(
    `INSERT INTO sample (site_id, series_id, ts, value)
     SELECT site_id, series_id, to_timestamp(ms / 1000), value
     FROM unnest(($1::text)::int4[], ($2::text)::int4[], ($3::text)::float8[], ($4::text)::float8[]) AS r(site_id, series_id, ms, value)`,
    columnsOf(rows),
  );
}

/** Newest value per series, once per flush and in one order, so that two writers cannot wait for each other. */
async function writeLatest(tx: Db, rows: readonly SampleRow[]): Promise<void> {
  const newest = new Map<number, SampleRow>();
  for (const row of rows) if (row.takenMs >= (newest.get(row.seriesId)?.takenMs ?? Number.NEGATIVE_INFINITY)) newest.set(row.seriesId, row);
  const sorted = [...newest.values()].sort((a, b) => a.siteId - b.siteId || a.seriesId - b.seriesId);
  if (sorted.length === 0) return;
  await tx.query(
    `INSERT INTO latest AS l (site_id, series_id, ts, value)
     SELECT site_id, series_id, to_timestamp(ms / 1000), value
     FROM unnest(($1::text)::int4[], ($2::text)::int4[], ($3::text)::float8[], ($4::text)::float8[]) AS r(site_id, series_id, ms, value)
     ON CONFLICT (site_id, series_id) DO UPDATE SET ts = excluded.ts, value = excluded.value WHERE excluded.ts >= l.ts`,
    columnsOf(sorted),
  );
}

function columnsOf(rows: readonly SampleRow[]): string[] {
  return [
    numbersLiteral(rows.map(({ siteId }) => siteId)),
    numbersLiteral(rows.map(({ seriesId }) => seriesId)),
    numbersLiteral(rows.map(({ takenMs }) => takenMs)),
    numbersLiteral(rows.map(({ value }) => value)),
  ];
}

/** Marks the hours for the rollup. Taking the row even where it stands already keeps a rollup from using the mark up before these samples are committed. */
async function writeDirtyHours(tx: Db, rows: readonly SampleRow[]): Promise<void> {
  const hours = new Map(
    rows.map(({ siteId, takenMs }) => [`${siteId} ${Math.floor(takenMs / 3_600_000)}`, { siteId, hourMs: Math.floor(takenMs / 3_600_000) * 3_600_000 }]),
  );
  if (hours.size === 0) return;
  const sorted = [...hours.values()].sort((a, b) => a.siteId - b.siteId || a.hourMs - b.hourMs);
  await tx.query(
    `INSERT INTO dirty_hour (site_id, hour) SELECT site_id, to_timestamp(ms / 1000) FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS r(site_id, ms) ON CONFLICT (site_id, hour) DO UPDATE SET hour = excluded.hour`,
    [numbersLiteral(sorted.map(({ siteId }) => siteId)), numbersLiteral(sorted.map(({ hourMs }) => hourMs))],
  );
}

async function writeDays(tx: Db, calendar: Calendar, stored: readonly Stored[]): Promise<void> {
  const seen = new Map<string, { siteId: number; device: string; role: string; day: string; knownMs: number }>();
  const peaks = new Map<string, { siteId: number; metric: string; day: string; value: number; knownMs: number }>();
  for (const { received, claim } of stored) {
    for (const filed of received.filed.observations) {
      if (!claim.isFresh(filed.observation.seq)) continue;
      const { siteId, receivedMs } = received;
      for (const presence of presenceIn(filed.observation.outcome, filed.takenMs)) {
        const key = `${siteId} ${presence.day} ${presence.device}`;
        // Of two roles on one day the same one counts in whatever order they arrive.
        if (presence.role <= (seen.get(key)?.role ?? presence.role)) seen.set(key, { siteId, ...presence, knownMs: receivedMs });
      }
      for (const peak of peaksIn(filed.observation.outcome, filed.takenMs, calendar)) {
        const key = `${siteId} ${peak.metric} ${peak.day} ${receivedMs}`;
        if (peak.value >= (peaks.get(key)?.value ?? Number.NEGATIVE_INFINITY)) peaks.set(key, { siteId, ...peak, knownMs: receivedMs });
      }
    }
  }
  const inOrder = <Row>(rows: ReadonlyMap<string, Row>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  if (seen.size > 0) {
    const rows = inOrder(seen);
    await tx.query(
      `INSERT INTO presence_day (site_id, device, role, day, known_at)
       SELECT site_id, device, role, day::date, to_timestamp(known_ms / 1000) FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[], ($5::text)::float8[]) AS r(site_id, device, role, day, known_ms)
       ON CONFLICT (site_id, day, device) DO UPDATE SET role = excluded.role WHERE presence_day.role > excluded.role`,
      [
        numbersLiteral(rows.map(({ siteId }) => siteId)),
        ...(["device", "role", "day"] as const).map((column) => textsLiteral(rows.map((row) => row[column]))),
        numbersLiteral(rows.map(({ knownMs }) => knownMs)),
      ],
    );
  }
  if (peaks.size > 0) {
    const rows = inOrder(peaks);
    await tx.query(
      `INSERT INTO peak_day AS p (site_id, metric, day, value, known_at)
       SELECT site_id, metric, day::date, value, to_timestamp(known_ms / 1000)
       FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::float8[], ($5::text)::float8[]) AS r(site_id, metric, day, value, known_ms)
       WHERE value > coalesce((SELECT max(k.value) FROM peak_day k WHERE k.site_id = r.site_id AND k.metric = r.metric AND k.day = r.day::date), '-infinity')
       ON CONFLICT (site_id, metric, day, known_at) DO UPDATE SET value = excluded.value WHERE excluded.value > p.value`,
      [
        numbersLiteral(rows.map(({ siteId }) => siteId)),
        textsLiteral(rows.map(({ metric }) => metric)),
        textsLiteral(rows.map(({ day }) => day)),
        numbersLiteral(rows.map(({ value }) => value)),
        numbersLiteral(rows.map(({ knownMs }) => knownMs)),
      ],
    );
  }
}

function pagesOf({ siteId, receivedMs, filed }: Received, claim: Claim): PageRow[] {
  return filed.observations.flatMap(({ observation: { seq, outcome }, takenMs }) =>
    claim.isFresh(seq) ? pagesIn(outcome, takenMs).map((counter) => ({ siteId, knownMs: receivedMs, ...counter })) : [],
  );
}

function foundOf({ siteId, filed }: Received, claim: Claim): FoundRow[] {
  return filed.observations.flatMap(({ observation: { seq, probe, outcome }, takenMs }) =>
    claim.isFresh(seq) ? foundIn(probe, outcome).map((found) => ({ siteId, found, day: vietnamDay(takenMs) })) : [],
  );
}

async function writeGapsAndLetters(tx: Db, stored: readonly Stored[]): Promise<void> {
  for (const { received, claim } of stored) {
    const { siteId, receivedMs, batch } = received;
    for (const { from, to, reason } of batch.gaps) {
      await tx.query(
        "INSERT INTO stream_gap (site_id, stream, seq_from, seq_to, reason, received_at) VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000)) ON CONFLICT DO NOTHING",
        [siteId, batch.stream, from, to, reason, receivedMs],
      );
    }
    for (const observation of received.filed.unfiled.filter(({ seq }) => claim.isFresh(seq))) {
      await tx.query(
        "INSERT INTO dead_letter (site_id, stream, seq, code, body, received_at) VALUES ($1, $2, $3, 'time_out_of_bounds', ($4::text)::jsonb, to_timestamp($5::float8 / 1000)) ON CONFLICT DO NOTHING",
        [siteId, batch.stream, observation.seq, jsonText(observation), receivedMs],
      );
    }
  }
}

async function touchContacts(tx: Db, group: readonly Received[]): Promise<void> {
  const newest = new Map(group.map(({ siteId, agentId, receivedMs }) => [agentId, { siteId, agentId, receivedMs }]));
  const rows = [...newest.values()].sort((a, b) => a.siteId - b.siteId);
  const columns = [numbersLiteral(rows.map(({ siteId }) => siteId)), numbersLiteral(rows.map(({ receivedMs }) => receivedMs))];
  await tx.query(
    `UPDATE site s SET last_contact_at = greatest(s.last_contact_at, to_timestamp(r.ms / 1000)), first_contact_at = coalesce(s.first_contact_at, to_timestamp(r.ms / 1000))
     FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS r(site_id, ms) WHERE s.site_id = r.site_id`,
    columns,
  );
  await tx.query(
    `UPDATE agent a SET last_seen_at = to_timestamp(r.ms / 1000) FROM unnest(($1::text)::int4[], ($2::text)::float8[], ($3::text)::text[]) AS r(site_id, ms, agent_id)
     WHERE a.site_id = r.site_id AND a.agent_id = r.agent_id`,
    [...columns, textsLiteral(rows.map(({ agentId }) => agentId))],
  );
}
