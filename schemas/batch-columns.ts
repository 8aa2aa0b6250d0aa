import { z } from "zod";
import { BATCH_BYTES_MAX, BATCH_OBSERVATIONS_MAX, type Batch, Gap, PROTOCOL } from "./exchange.ts";
import { Instant, Seq, StreamId } from "./ids.ts";
import { ClockState, Evidence, ExcuseReason, FailureReason, type Observation, ProbeKind, READINGS_MAX, SkipReason } from "./observation.ts";

/** Name of the columnar form: it stands in such a batch, and among the `forms` of a receiver that takes them. Another layout gets another name. */
export const COLUMNS = "columns-1";
/** Most entries of the dictionary of readings: as many series as a site may have. */
export const KINDS_MAX = 5_000;
/** Most readings that all shapes name together, and most values of a batch: a small body must not swell into a large batch. */
export const SHAPE_READINGS_MAX = 20_000;
export const VALUES_MAX = 100_000;
/** Most bytes of evidence of all runs together, counted as often as runs share it. */
export const SHARED_EVIDENCE_BYTES_MAX = BATCH_BYTES_MAX;

const place = z.int().min(0);
const finite = z.number();
const told = { detail: z.string().optional(), evidence: Evidence.optional() };

/** A reading without its number: metric, and labels where it has some. */
const ReadingKind = z.union([z.tuple([z.string()]), z.tuple([z.string(), z.record(z.string(), z.string())])]);

/** What runs have in common: everything but times and numbers. `readings` are places in `kinds`. */
const RunShape = z.strictObject({
  probe: ProbeKind,
  target: z.string().optional(),
  bootId: z.string(),
  clock: ClockState,
  outcome: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("measured"),
      readings: z.array(place).min(1).max(READINGS_MAX),
      excuse: ExcuseReason.optional(),
      evidence: Evidence.optional(),
    }),
    z.strictObject({ kind: z.literal("failed"), reason: FailureReason, ...told }),
    z.strictObject({ kind: z.literal("skipped"), reason: SkipReason, ...told }),
  ]),
});

const column = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(BATCH_OBSERVATIONS_MAX);

/**
 * A `Batch` in columns: what repeats stands once, the rest as arrays of numbers with a place per run, in order of their sequence numbers, which are
 * those of `from..to` that lie in no gap. It means the `Batch` that it unfolds to, and nothing else: all limits of that hold too.
 */
export const ColumnBatch = z.strictObject({
  protocol: z.literal(PROTOCOL),
  form: z.literal(COLUMNS),
  stream: StreamId,
  from: Seq,
  to: Seq,
  sentAt: Instant,
  lane: z.enum(["live", "backlog"]),
  kinds: z.array(ReadingKind).max(KINDS_MAX),
  shapes: column(RunShape),
  /** Each run's place in `shapes`. */
  runs: column(place),
  /** `takenAt` in ms since the epoch, each less the one before it. */
  taken: column(z.int()),
  uptime: column(finite),
  elapsed: column(finite),
  /** The values of all measured runs, run by run, in the order of their shape's readings. */
  values: z.array(finite).max(VALUES_MAX),
  gaps: z.array(Gap).max(BATCH_OBSERVATIONS_MAX),
});
export type ColumnBatch = z.infer<typeof ColumnBatch>;
type Shape = ColumnBatch["shapes"][number];

/** A batch in columns; undefined for one that has no runs, is not in order, or whose times are written in another way than ours. */
export function toColumns({ protocol, stream, from, to, sentAt, lane, observations, gaps }: Batch): ColumnBatch | undefined {
  const kinds = new Dictionary<ColumnBatch["kinds"][number]>();
  const shapes = new Dictionary<Shape>();
  const columns = { runs: [] as number[], taken: [] as number[], uptime: [] as number[], elapsed: [] as number[], values: [] as number[] };
  let last = { seq: 0, takenMs: 0 };
  for (const { seq, takenAt, uptimeMs, elapsedMs, ...shape } of observations) {
    const takenMs = Date.parse(takenAt);
    if (seq <= last.seq || Number.isNaN(takenMs) || new Date(takenMs).toISOString() !== takenAt) return undefined;
    columns.runs.push(shapes.placeOf(shapeOf(shape, kinds, columns.values)));
    columns.taken.push(takenMs - last.takenMs);
    columns.uptime.push(uptimeMs);
    columns.elapsed.push(elapsedMs);
    last = { seq, takenMs };
  }
  const isLarge = kinds.entries.length > KINDS_MAX || columns.values.length > VALUES_MAX || readingsOf(shapes.entries) > SHAPE_READINGS_MAX;
  if (observations.length === 0 || isLarge) return undefined;
  return { protocol, form: COLUMNS, stream, from, to, sentAt, lane, kinds: kinds.entries, shapes: shapes.entries, ...columns, gaps };
}

function shapeOf(
  { outcome, ...run }: Omit<Observation, "seq" | "takenAt" | "uptimeMs" | "elapsedMs">,
  kinds: Dictionary<ColumnBatch["kinds"][number]>,
  values: number[],
): Shape {
  if (outcome.kind !== "measured") return { ...run, outcome };
  const readings = outcome.readings.map(({ metric, value, labels }) => {
    values.push(value);
    return kinds.placeOf(labels ? [metric, labels as Record<string, string>] : [metric]);
  });
  return { ...run, outcome: { ...outcome, readings } };
}

function readingsOf(shapes: readonly Shape[]): number {
  return shapes.reduce((sum, { outcome }) => sum + (outcome.kind === "measured" ? outcome.readings.length : 0), 0);
}

/** Entries that stand once, found again by their JSON. */
class Dictionary<Entry> {
  readonly entries: Entry[] = [];
  readonly #places = new Map<string, number>();

  placeOf(entry: Entry): number {
    const text = JSON.stringify(entry);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.entries.length);
    return this.entries.push(entry) - 1;
  }
}
