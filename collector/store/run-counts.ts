import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Batch } from "#schemas/exchange.ts";
import type { Observation, Outcome } from "#schemas/observation.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Part } from "./flush-part.ts";

const HOUR_MS = 3_600_000;

/** A run that was stored just now. */
export type CountedRun = {
  readonly siteId: number;
  readonly receivedMs: number;
  readonly lane: Batch["lane"];
  readonly takenMs: number;
  /** The reception point of its agent; empty at the main office. */
  readonly point: string;
  readonly observation: Observation;
};

/** Runs by the hour of their arrival, and those without a measurement by the Vietnam day of their start. */
export function countsPart(runs: readonly CountedRun[]): Part {
  const hours = counted(runs, ({ receivedMs, lane, observation }) => `[${Math.floor(receivedMs / HOUR_MS)},"${lane}","${observation.outcome.kind}"]`);
  const days = counted(
    runs.filter(({ observation }) => observation.outcome.kind !== "measured"),
    ({ siteId, takenMs, observation: { probe, outcome } }) =>
      JSON.stringify([siteId, vietnamDayStartMs(vietnamDay(takenMs)), probe, outcome.kind, reasonOf(outcome)]),
  );
  return {
    call: "count_runs",
    types: ["jsonb[]", "int4[]", "jsonb[]", "int4[]"],
    lists: [hours, days].flatMap((counts) => [textsLiteral([...counts.keys()]), numbersLiteral([...counts.values()])]),
  };
}

/** The speeds that count: those of runs without an excuse. */
export function speedsPart(runs: readonly CountedRun[]): Part {
  const speeds = runs.flatMap(({ siteId, point, takenMs, observation: { probe, outcome } }) =>
    probe === "link-bandwidth" && outcome.kind === "measured" && outcome.excuse === undefined
      ? outcome.readings.filter(({ metric }) => metric === "download_mbps").map(({ value }) => ({ siteId, point, takenMs, value }))
      : [],
  );
  return {
    call: "add_speeds",
    types: ["int4[]", "text[]", "float8[]", "float8[]"],
    lists: [
      numbersLiteral(speeds.map(({ siteId }) => siteId)),
      textsLiteral(speeds.map(({ point }) => point)),
      numbersLiteral(speeds.map(({ takenMs }) => takenMs)),
      numbersLiteral(speeds.map(({ value }) => value)),
    ],
  };
}

/** The reason of a run without a measurement, the excuse of one that must not be held against anybody, or null. */
export function reasonOf(outcome: Outcome): string | null {
  return outcome.kind === "measured" ? (outcome.excuse ?? null) : outcome.reason;
}

/** How many rows have each key, the text of a JSON array. */
function counted<Row>(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
