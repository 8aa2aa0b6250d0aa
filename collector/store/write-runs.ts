import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { CopyBuffer } from "./copy-buffer.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";
import type { RunSamples } from "./received.ts";
import { type CountedRun, reasonOf } from "./run-counts.ts";

/** A run that is stored now, with the stream that brought it. */
export type FreshRun = CountedRun & { readonly stream: string };

/** From so many rows on, COPY with its two turns each costs less than unnest statements that are sent all at once. */
const COPY_FROM_ROWS = 500;

/** Whether these rows are written as blocks. A block wants the connection for itself. */
export function areBlocks(tx: Db, runs: readonly FreshRun[]): boolean {
  return tx.copyBinary !== undefined && runs.length >= COPY_FROM_ROWS;
}

/** Writes observations and their samples as two blocks. */
export async function copyRuns(tx: Db, runs: readonly FreshRun[], samples: readonly RunSamples[]): Promise<void> {
  await tx.copyBinary?.(
    "COPY observation (site_id, stream, seq, probe, target, taken_at, raw_taken_at, received_at, lane, clock, elapsed_ms, kind, reason, outcome) FROM STDIN (FORMAT binary)",
    observationBlock(runs),
  );
  if (samples.length > 0) await tx.copyBinary?.("COPY sample_run (site_id, ts, series_ids, vals) FROM STDIN (FORMAT binary)", sampleBlock(samples));
}

function observationBlock(runs: readonly FreshRun[]): Buffer {
  const rows = new CopyBuffer();
  for (const { siteId, receivedMs, stream, lane, observation, takenMs } of runs) {
    rows.row(14);
    rows.int4(siteId);
    rows.text(stream);
    rows.int8(observation.seq);
    rows.text(observation.probe);
    rows.text(observation.target ?? null);
    rows.instant(takenMs);
    rows.instant(Date.parse(observation.takenAt));
    rows.instant(receivedMs);
    rows.text(lane);
    rows.text(observation.clock);
    rows.float8(observation.elapsedMs);
    rows.text(observation.outcome.kind);
    rows.text(reasonOf(observation.outcome));
    rows.jsonb(jsonText(observation.outcome));
  }
  return rows.end();
}

function sampleBlock(samples: readonly RunSamples[]): Buffer {
  const rows = new CopyBuffer();
  for (const { siteId, takenMs, seriesIds, vals } of samples) {
    rows.row(4);
    rows.int4(siteId);
    rows.instant(takenMs);
    rows.int4s(seriesIds);
    rows.float8s(vals);
  }
  return rows.end();
}

/** Writes observations as one statement. */
export async function insertRuns(tx: Db, runs: readonly FreshRun[]): Promise<void> {
  if (runs.length === 0) return;
  await tx.query(
    `INSERT INTO observation (site_id, stream, seq, probe, target, taken_at, raw_taken_at, received_at, lane, clock, elapsed_ms, kind, reason, outcome)
     SELECT site_id, stream, seq, probe, target, to_timestamp(taken_ms / 1000), to_timestamp(raw_ms / 1000), to_timestamp(received_ms / 1000), lane, clock, elapsed_ms, kind, reason, outcome::jsonb
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::int8[], ($4::text)::text[], ($5::text)::text[], ($6::text)::float8[], ($7::text)::float8[],
       ($8::text)::float8[], ($9::text)::text[], ($10::text)::text[], ($11::text)::float8[], ($12::text)::text[], ($13::text)::text[], ($14::text)::text[])
       AS r(site_id, stream, seq, probe, target, taken_ms, raw_ms, received_ms, lane, clock, elapsed_ms, kind, reason, outcome)`,
    [
      numbersLiteral(runs.map(({ siteId }) => siteId)),
      textsLiteral(runs.map(({ stream }) => stream)),
      numbersLiteral(runs.map(({ observation }) => observation.seq)),
      textsLiteral(runs.map(({ observation }) => observation.probe)),
      textsLiteral(runs.map(({ observation }) => observation.target ?? null)),
      numbersLiteral(runs.map(({ takenMs }) => takenMs)),
      numbersLiteral(runs.map(({ observation }) => Date.parse(observation.takenAt))),
      numbersLiteral(runs.map(({ receivedMs }) => receivedMs)),
      textsLiteral(runs.map(({ lane }) => lane)),
      textsLiteral(runs.map(({ observation }) => observation.clock)),
      numbersLiteral(runs.map(({ observation }) => observation.elapsedMs)),
      textsLiteral(runs.map(({ observation }) => observation.outcome.kind)),
      textsLiteral(runs.map(({ observation }) => reasonOf(observation.outcome))),
      textsLiteral(runs.map(({ observation }) => jsonText(observation.outcome))),
    ],
  );
}

/** Writes samples as one statement: the arrays of each row as text, since unnest would flatten an array of arrays. */
export async function insertSamples(tx: Db, samples: readonly RunSamples[]): Promise<void> {
  if (samples.length === 0) return;
  await tx.query(
    `INSERT INTO sample_run (site_id, ts, series_ids, vals)
     SELECT site_id, to_timestamp(ms / 1000), series_ids::int4[], vals::float8[]
     FROM unnest(($1::text)::int4[], ($2::text)::float8[], ($3::text)::text[], ($4::text)::text[]) AS r(site_id, ms, series_ids, vals)`,
    [
      numbersLiteral(samples.map(({ siteId }) => siteId)),
      numbersLiteral(samples.map(({ takenMs }) => takenMs)),
      textsLiteral(samples.map(({ seriesIds }) => numbersLiteral(seriesIds))),
      textsLiteral(samples.map(({ vals }) => numbersLiteral(vals))),
    ],
  );
}
