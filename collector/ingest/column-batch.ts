import { z } from "zod";
import { COLUMNS, ColumnBatch, KINDS_MAX, SHAPE_READINGS_MAX, SHARED_EVIDENCE_BYTES_MAX, VALUES_MAX } from "#schemas/batch-columns.ts";
import { BATCH_OBSERVATIONS_MAX, Batch, Gap } from "#schemas/exchange.ts";
import { metricNames, metrics } from "#schemas/metrics.ts";
import type { Observation, Outcome, Reading } from "#schemas/observation.ts";
import { plainBatch } from "./plain-batch.ts";

type Fields = Readonly<Record<string, unknown>>;
/** What a sender has put into columns cannot be unfolded. */
class Unfit extends Error {}

/** Whether parsed JSON says that it is a batch in columns. */
export function isColumnar(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, "form");
}

/**
 * Unfolds a batch in columns. Each shape is judged once, as an observation of its own with the least values, by the very rules of the plain form; then
 * its runs take their times and values, which are held against the same bounds. Changes nothing in what it gets.
 */
export function columnBatch(value: Fields): z.ZodSafeParseResult<Batch> {
  try {
    const columns = columnsOf(value);
    const judged = judgeShapes(value, columns);
    return judged.success ? { success: true, data: unfold(judged.data, columns) } : judged;
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const said = ColumnBatch.safeParse(value);
    return {
      success: false,
      error: said.error ?? new z.ZodError([{ code: "custom", message: error.message, path: [], input: undefined }]),
    } as z.ZodSafeParseError<Batch>;
  }
}

type Columns = {
  readonly from: number;
  readonly to: number;
  readonly kinds: readonly unknown[];
  readonly shapes: readonly unknown[];
  readonly runs: readonly number[];
  readonly taken: readonly number[];
  readonly uptime: readonly number[];
  readonly elapsed: readonly number[];
  readonly values: readonly number[];
  readonly gaps: readonly Gap[];
};

const NAMES = 15;

function columnsOf(value: Fields): Columns {
  const { form, from, to, kinds, shapes, runs, taken, uptime, elapsed, values, gaps } = value;
  demand(form === COLUMNS && countOf(value) === NAMES, `a batch of the form ${COLUMNS} has ${NAMES} fields`);
  demand(Number.isSafeInteger(from) && (from as number) >= 1 && Number.isSafeInteger(to), "from and to are sequence numbers");
  demand(Array.isArray(gaps) && gaps.length <= BATCH_OBSERVATIONS_MAX, "gaps is a list");
  const told = gaps.length === 0 ? [] : z.array(Gap).safeParse(gaps).data;
  demand(told !== undefined, "a gap is not valid");
  demand(isList(kinds, KINDS_MAX) && isList(shapes, BATCH_OBSERVATIONS_MAX), "kinds and shapes are lists");
  demand(isNumbers(runs, BATCH_OBSERVATIONS_MAX) && isNumbers(taken, runs.length) && isNumbers(values, VALUES_MAX), "columns hold finite numbers");
  demand(isNumbers(uptime, runs.length) && isNumbers(elapsed, runs.length), "columns hold finite numbers");
  const isEven = runs.length > 0 && [taken, uptime, elapsed].every(({ length }) => length === runs.length);
  demand(isEven, "columns have a place for each run");
  return { from: from as number, to: to as number, kinds, shapes, runs, taken, uptime, elapsed, values, gaps: told };
}

/** The shapes as a batch of their own. */
function judgeShapes({ protocol, stream, sentAt, lane }: Fields, { kinds, shapes, runs }: Columns): z.ZodSafeParseResult<Batch> {
  demand(shapes.length > 0, "there are no shapes");
  const readings = kinds.map(leastReading);
  let left = SHAPE_READINGS_MAX;
  let evidenceLeft = SHARED_EVIDENCE_BYTES_MAX;
  const uses = new Map<number, number>();
  for (const place of runs) uses.set(place, (uses.get(place) ?? 0) + 1);
  demand(uses.size === shapes.length, "a shape is used by no run");
  const used = new Set<unknown>();
  const observations = shapes.map((shape, place) => {
    demand(isFields(shape) && isFields(shape.outcome), "a shape is an object with an outcome");
    const { probe, target, bootId, clock, outcome } = shape;
    demand(countOf(shape) === (target === undefined ? 4 : 5), "a shape has a probe, a target or none, a bootId, a clock and an outcome");
    if (outcome.evidence !== undefined) evidenceLeft -= JSON.stringify(outcome.evidence).length * (uses.get(place) ?? 0);
    demand(evidenceLeft >= 0, `runs share more than ${SHARED_EVIDENCE_BYTES_MAX} bytes of evidence`);
    if (outcome.kind === "measured") left -= demandList(outcome.readings).length;
    demand(left >= 0, `shapes name more than ${SHAPE_READINGS_MAX} readings`);
    return {
      seq: place + 1,
      probe,
      ...(target !== undefined && { target }),
      takenAt: "1970-01-01T00:00:00.000Z",
      uptimeMs: 0,
      bootId,
      clock,
      elapsedMs: 0,
      outcome:
        outcome.kind === "measured" ? { ...outcome, readings: demandList(outcome.readings).map((kind) => entryAt(readings, used.add(kind) && kind)) } : outcome,
    };
  });
  demand(used.size === kinds.length, "a kind of reading is used by no shape");
  const batch = { protocol, stream, from: 1, to: shapes.length, sentAt, lane, observations, gaps: [] };
  const plain = plainBatch(batch);
  return plain ? { success: true, data: plain } : Batch.safeParse(batch);
}

function leastReading(kind: unknown): unknown {
  demand(Array.isArray(kind) && (kind.length === 1 || kind.length === 2), "a kind of reading is a metric and its labels");
  const [metric, labels] = kind as unknown[];
  const value = bounds.get(metric)?.min ?? 0;
  return kind.length === 1 ? { metric, value } : { metric, value, labels: isFields(labels) && !Object.hasOwn(labels, "__proto__") ? labels : null };
}

function unfold({ protocol, stream, sentAt, lane, observations: shapes }: Batch, { from, to, runs, taken, uptime, elapsed, values, gaps }: Columns): Batch {
  const seqs = seqsOf(from, to, gaps, runs.length);
  let takenMs = 0;
  let at = 0;
  const observations = runs.map((place, index): Observation => {
    const { probe, target, bootId, clock, outcome } = entryAt(shapes, place);
    takenMs += taken[index] ?? Number.NaN;
    demand(Number.isSafeInteger(takenMs) && takenMs >= FIRST_MS && takenMs <= LAST_MS, "a time is none");
    const [uptimeMs = -1, elapsedMs = -1] = [uptime[index], elapsed[index]];
    demand(uptimeMs >= 0 && elapsedMs >= 0, "uptime and elapsed are 0 or more");
    const [seq = 0, takenAt] = [seqs[index], new Date(takenMs).toISOString()];
    const run = { seq, probe, ...(target !== undefined && { target }), takenAt, uptimeMs, bootId, clock, elapsedMs };
    if (outcome.kind !== "measured") return { ...run, outcome };
    const readings = readingsOf(outcome, values, at);
    at += readings.length;
    return { ...run, outcome: { ...outcome, readings } };
  });
  demand(at === values.length, "there are more values than readings");
  return { protocol, stream, from, to, sentAt, lane, observations, gaps: [...gaps] };
}

/** One loop over every value that arrives: no closures, no sentences that are not needed. */
function readingsOf({ readings: kinds }: Extract<Outcome, { kind: "measured" }>, values: readonly number[], first: number): Reading[] {
  const readings: Reading[] = [];
  for (const { metric, labels } of kinds) {
    const value = values[first + readings.length];
    const { min, max } = metrics[metric];
    if (value === undefined) throw new Unfit("there are fewer values than readings");
    if (!(value >= min && value <= max)) throw new Unfit(`${metric} must lie within ${min} and ${max}`);
    readings.push(labels ? { metric, value, labels } : { metric, value });
  }
  return readings;
}

/** The numbers of a range that lie in none of its gaps; they must be as many as there are runs. */
function seqsOf(from: number, to: number, gaps: readonly Gap[], count: number): number[] {
  const seqs: number[] = [];
  let next = from;
  for (const gap of [...gaps.toSorted((a, b) => a.from - b.from), { from: to + 1, to: to + 1 }]) {
    demand(gap.from >= next && gap.to >= gap.from && gap.from - next <= count - seqs.length, "runs and gaps do not fill from..to");
    for (; next < gap.from; next++) seqs.push(next);
    next = gap.to + 1;
  }
  demand(next === to + 2 && seqs.length === count, "runs and gaps do not fill from..to");
  return seqs;
}

function entryAt<Entry>(entries: readonly Entry[], place: unknown): Entry {
  const entry = Number.isSafeInteger(place) ? entries[place as number] : undefined;
  demand(entry !== undefined, "a place is outside of its list");
  return entry;
}

function demandList(value: unknown): readonly unknown[] {
  demand(Array.isArray(value), "readings is a list");
  return value;
}

function isList(value: unknown, max: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= max;
}

function isNumbers(value: unknown, max: number): value is readonly number[] {
  if (!isList(value, max)) return false;
  for (const item of value) if (!Number.isFinite(item)) return false;
  return true;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function countOf(value: Fields): number {
  let count = 0;
  for (const _ in value) count++;
  return count;
}

function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Unfit(message);
}

/** The instants that four digits of a year can write. */
const [FIRST_MS, LAST_MS] = [Date.parse("0000-01-01T00:00:00.000Z"), Date.parse("9999-12-31T23:59:59.999Z")];
const bounds: ReadonlyMap<unknown, { readonly min: number }> = new Map(metricNames.map((name) => [name as unknown, metrics[name]]));
