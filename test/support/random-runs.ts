import fc from "fast-check";
import { numbersLiteral, textsLiteral } from "../../collector/store/array-literal.ts";
import type { Db } from "../../collector/store/db.ts";

/** A row of `run` without its site; times in microseconds after the day's start, or before and after each other. */
export type RandomRun = {
  readonly source: number;
  readonly takenUs: number;
  readonly delayUs: number;
  readonly rawUs: number | null;
  readonly stream: number;
  readonly seq: number;
  readonly elapsedMs: number;
  readonly letters: readonly [string, string, string];
  readonly reason: string | null;
  readonly vals: readonly number[] | null;
  readonly evidence: number | null;
  readonly rest: string | null;
};

const DAY_US = 86_400_000_000;
const value = fc.oneof(
  fc.constantFrom(0, -0, 1, 100, 0.1, 1e9, 1e15, 9_007_199_254_740_991, 5e-324, -1.7e308),
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: -1e9, max: 1e9 }),
  fc.integer({ min: 0, max: 1e6 }).map((tenths) => tenths / 10),
  fc.integer({ min: -3e8, max: 3e8 }).map((parts) => parts / 1e6),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const instantUs = fc.oneof(
  fc.integer({ min: 0, max: 86_399_999 }).map((ms) => ms * 1_000),
  fc.integer({ min: 0, max: DAY_US - 1 }),
);
const delayUs = fc.oneof(
  fc.integer({ min: -600_000, max: 60_000 }).map((ms) => ms * 1_000),
  fc.integer({ min: -600_000_000, max: 45 * DAY_US }),
);
const run = (readings: number): fc.Arbitrary<RandomRun> =>
  fc.record({
    source: fc.integer({ min: 1, max: 3 }),
    takenUs: instantUs,
    delayUs,
    rawUs: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.integer({ min: -DAY_US, max: DAY_US })),
    stream: fc.integer({ min: 1, max: 2 }),
    seq: fc.oneof(fc.integer({ min: 1, max: 1e6 }), fc.maxSafeInteger()),
    elapsedMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.double({ min: 0, max: 1e7, noNaN: true })),
    letters: fc.tuple(fc.constantFrom("l", "b"), fc.constantFrom("o", "s"), fc.constantFrom("m", "f")),
    reason: fc.constantFrom(null, null, "timeout"),
    vals: fc.oneof({ weight: 5, arbitrary: fc.array(value, { minLength: readings, maxLength: readings }) }, fc.constant(null)),
    evidence: fc.constantFrom(null, 7, 7, 8),
    rest: fc.constantFrom(null, null, '{"detail": "no answer"}', '{"detail": "\\"quoted\\", {braced}"}'),
  });

/** A steady source as agents have them: one run a step, its numbers in the same few forms. */
const steady = fc
  .record({
    model: run(2),
    count: fc.integer({ min: 1, max: 90 }),
    stepMs: fc.integer({ min: 1, max: 400_000 }),
    jitterMs: fc.integer({ min: 0, max: 40_000 }),
  })
  .map(({ model, count, stepMs, jitterMs }) =>
    Array.from({ length: count }, (_, index): RandomRun => {
      const noise = (index * 7_919) % (jitterMs + 1);
      return {
        ...model,
        takenUs: Math.min(DAY_US - 1, (index * stepMs + noise) * 1_000),
        delayUs: noise * 1_000,
        seq: index * 40 + (noise % 7),
        vals: model.vals?.map((one) => Math.round(Math.min(one, 1e12) + noise) / 10) ?? null,
      };
    }),
  );

/** Runs of one site and day: of any shape, steady ones, or both. */
export const randomRuns: fc.Arbitrary<readonly RandomRun[]> = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 4 }).chain((readings) => fc.array(run(readings), { minLength: 1, maxLength: 25 })),
      steady,
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((lists) => lists.flat());

/** Puts such runs into `run`, as of a UTC day (ISO date). */
export async function insertRandomRuns(db: Db, siteId: number, day: string, runs: readonly RandomRun[]): Promise<void> {
  const texts = (pick: (run: RandomRun) => number | string | null) => textsLiteral(runs.map((one) => pick(one)?.toString() ?? null));
  await db.query(
    `INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, raw_taken_at, elapsed_ms, lane, clock, kind, reason, series_ids, vals, evidence_id, rest)
     SELECT $1, source::int, t.at, t.at + delay::float8 * interval '1 us', stream::bigint, seq::bigint, t.at + raw::float8 * interval '1 us', elapsed::float8,
       substr(letters, 1, 1)::"char", substr(letters, 2, 1)::"char", substr(letters, 3, 1)::"char", reason, series::int4[], vals::float8[], evidence::int4, rest::jsonb
     FROM unnest(($3::text)::text[], ($4::text)::text[], ($5::text)::text[], ($6::text)::text[], ($7::text)::text[], ($8::text)::text[], ($9::text)::text[],
         ($10::text)::text[], ($11::text)::text[], ($12::text)::text[], ($13::text)::text[], ($14::text)::text[], ($15::text)::text[])
       AS r(source, taken, delay, stream, seq, raw, elapsed, letters, reason, series, vals, evidence, rest),
       LATERAL (SELECT ($2 || 'T00:00:00Z')::timestamptz + taken::float8 * interval '1 us' AS at) AS t`,
    [
      siteId,
      day,
      texts(({ source }) => source),
      texts(({ takenUs }) => takenUs),
      texts(({ delayUs: us }) => us),
      texts(({ stream }) => stream),
      texts(({ seq }) => seq),
      texts(({ rawUs }) => rawUs),
      texts(({ elapsedMs }) => elapsedMs),
      texts(({ letters }) => letters.join("")),
      texts(({ reason }) => reason),
      texts(({ vals }) => vals && numbersLiteral(vals.map((_, index) => index + 1))),
      texts(({ vals }) => vals && `{${vals.map((one) => (Object.is(one, -0) ? "-0" : one)).join(",")}}`),
      texts(({ evidence }) => evidence),
      texts(({ rest }) => rest),
    ],
  );
}
