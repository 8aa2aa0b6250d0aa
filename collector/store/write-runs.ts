import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import { CopyBuffer } from "./copy-buffer.ts";
import type { Db } from "./db.ts";
import type { Part } from "./flush-part.ts";
import { jsonText } from "./json-text.ts";
import type { RunRow } from "./received.ts";
import { reasonOf } from "./run-counts.ts";

/** From so many rows on, COPY with turns of its own costs less than lists that are sent with all else. */
const COPY_FROM_ROWS = 500;

const columns =
  "site_id, source_id, taken_at, received_at, stream, seq, raw_taken_at, elapsed_ms, lane, clock, kind, reason, series_ids, vals, evidence_id, rest";

/** Whether these rows are written as a block. A block wants the connection for itself. */
export function areBlock(tx: Db, runs: readonly RunRow[]): boolean {
  return tx.copyBinary !== undefined && runs.length >= COPY_FROM_ROWS;
}

/** Writes runs as one block. */
export async function copyRuns(tx: Db, runs: readonly RunRow[]): Promise<void> {
  const rows = new CopyBuffer();
  for (const run of runs) writeRow(rows, run);
  await tx.copyBinary?.(`COPY run (${columns}) FROM STDIN (FORMAT binary)`, rows.end());
}

function writeRow(rows: CopyBuffer, run: RunRow): void {
  const { observation, takenMs } = run;
  const rawMs = Date.parse(observation.takenAt);
  rows.row(16);
  rows.int4(run.siteId);
  rows.int4(run.sourceId);
  rows.instant(takenMs);
  rows.instant(run.receivedMs);
  rows.hex8(run.stream);
  rows.int8(observation.seq);
  if (rawMs === takenMs) rows.null();
  else rows.instant(rawMs);
  rows.float8(observation.elapsedMs);
  rows.letter(run.lane);
  rows.letter(observation.clock);
  rows.letter(observation.outcome.kind);
  rows.text(reasonOf(observation.outcome));
  if (run.vals.length === 0) {
    rows.null();
    rows.null();
  } else {
    rows.int4s(run.seriesIds);
    rows.float8s(run.vals);
  }
  if (run.evidenceId === null) rows.null();
  else rows.int4(run.evidenceId);
  if (run.rest === null) rows.null();
  else rows.jsonb(jsonText(run.rest));
}

/** Runs as lists, for a flush that is no block. */
export function runsPart(runs: readonly RunRow[]): Part {
  return {
    call: "add_runs",
    types: runTypes,
    lists: [
      numbersLiteral(runs.map(({ siteId }) => siteId)),
      numbersLiteral(runs.map(({ sourceId }) => sourceId)),
      numbersLiteral(runs.map(({ takenMs }) => takenMs)),
      numbersLiteral(runs.map(({ receivedMs }) => receivedMs)),
      textsLiteral(runs.map(({ stream }) => stream)),
      numbersLiteral(runs.map(({ observation }) => observation.seq)),
      numbersLiteral(runs.map(({ observation }) => Date.parse(observation.takenAt))),
      numbersLiteral(runs.map(({ observation }) => observation.elapsedMs)),
      textsLiteral(runs.map(({ lane }) => lane.slice(0, 1))),
      textsLiteral(runs.map(({ observation }) => observation.clock.slice(0, 1))),
      textsLiteral(runs.map(({ observation }) => observation.outcome.kind.slice(0, 1))),
      textsLiteral(runs.map(({ observation }) => reasonOf(observation.outcome))),
      textsLiteral(runs.map(({ seriesIds }) => (seriesIds.length > 0 ? numbersLiteral(seriesIds) : null))),
      textsLiteral(runs.map(({ vals }) => (vals.length > 0 ? numbersLiteral(vals) : null))),
      numbersLiteral(runs.map(({ evidenceId }) => evidenceId)),
      textsLiteral(runs.map(({ rest }) => rest && jsonText(rest))),
    ],
  };
}

const letters = '"char"[]';
const runTypes = [
  "int4[]",
  "int4[]",
  "float8[]",
  "float8[]",
  "text[]",
  "int8[]",
  "float8[]",
  "float8[]",
  letters,
  letters,
  letters,
  "text[]",
  "text[]",
  "text[]",
  "int4[]",
  "text[]",
] as const;
