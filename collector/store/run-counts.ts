import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Batch } from "#schemas/exchange.ts";
import type { Observation, Outcome } from "#schemas/observation.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";

/** A run that was stored just now. */
export type CountedRun = {
  readonly siteId: number;
  readonly receivedMs: number;
  readonly lane: Batch["lane"];
  readonly takenMs: number;
  readonly observation: Observation;
};

/** Counts runs by the hour of their arrival, and those without a measurement by the Vietnam day of their start. Part of the transaction that stores them. */
export async function countRuns(tx: Db, runs: readonly CountedRun[]): Promise<void> {
  if (runs.length === 0) return;
  const hours = counted(runs, ({ receivedMs, lane, observation }) => [Math.floor(receivedMs / 3_600_000), lane, observation.outcome.kind]);
  const days = counted(
    runs.filter(({ observation }) => observation.outcome.kind !== "measured"),
    ({ siteId, takenMs, observation: { probe, outcome } }) => [siteId, vietnamDayStartMs(vietnamDay(takenMs)), probe, outcome.kind, reasonOf(outcome)],
  );
  await tx.query(
    `WITH by_hour AS (
       INSERT INTO run_hour (hour, lane, kind, n)
       SELECT to_timestamp((key ->> 0)::float8 * 3600), key ->> 1, key ->> 2, n FROM unnest(($1::text)::jsonb[], ($2::text)::int4[]) AS r(key, n)
     )
     INSERT INTO unmeasured_day (site_id, time, probe, kind, reason, n)
     SELECT (key ->> 0)::int4, to_timestamp((key ->> 1)::float8 / 1000), key ->> 2, key ->> 3, key ->> 4, n FROM unnest(($3::text)::jsonb[], ($4::text)::int4[]) AS r(key, n)`,
    [hours, days].flatMap((counts) => [textsLiteral([...counts.keys()]), numbersLiteral([...counts.values()])]),
  );
}

/** Keeps the speeds that count: those of runs without an excuse. Part of the transaction that stores the runs. */
export async function keepSpeeds(tx: Db, runs: readonly CountedRun[]): Promise<void> {
  const speeds = runs.flatMap(({ siteId, takenMs, observation: { probe, outcome } }) =>
    probe === "link-bandwidth" && outcome.kind === "measured" && outcome.excuse === undefined
      ? outcome.readings.filter(({ metric }) => metric === "download_mbps").map(({ value }) => ({ siteId, takenMs, value }))
      : [],
  );
  if (speeds.length === 0) return;
  await tx.query(
    `INSERT INTO line_speed (site_id, time, download_mbps)
     SELECT site_id, to_timestamp(ms / 1000), mbps FROM unnest(($1::text)::int4[], ($2::text)::float8[], ($3::text)::float8[]) AS r(site_id, ms, mbps)`,
    [
      numbersLiteral(speeds.map(({ siteId }) => siteId)),
      numbersLiteral(speeds.map(({ takenMs }) => takenMs)),
      numbersLiteral(speeds.map(({ value }) => value)),
    ],
  );
}

/** The reason of a run without a measurement, the excuse of one that must not be held against anybody, or null. */
export function reasonOf(outcome: Outcome): string | null {
  return outcome.kind === "measured" ? (outcome.excuse ?? null) : outcome.reason;
}

/** How many rows have each key; a key is a JSON array. */
function counted<Row>(rows: readonly Row[], keyOf: (row: Row) => readonly (string | number | null)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
