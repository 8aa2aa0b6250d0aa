import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBatch } from "../../../collector/ingest/read-body.ts";
import { ColumnBatch, toColumns } from "../../../schemas/batch-columns.ts";
import { Batch } from "../../../schemas/exchange.ts";
import { batchOf, measured } from "../../support/batches.ts";
import { anyBatch, json, spoiled, text, wired } from "./any-batch.ts";

const RUNS = Number(process.env.HCC_PROPERTY_RUNS ?? 300);
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const columnsOf = (batch: Batch) => toColumns(batch) as ColumnBatch;
const ordinary = batchOf({
  count: 4,
  each: (index) => ({
    outcome: measured([
      { metric: "loss_percent", value: index },
      { metric: "rtt_avg_ms", value: 12.5, labels: { hop: "hop-1" } },
    ]),
  }),
});

describe("a batch in columns", () => {
  it("unfolds to the batch that it was made of, whatever that is", () => {
    let unfolded = 0;
    fc.assert(
      fc.property(anyBatch, (value) => {
        const plain = Batch.safeParse(wired(value));
        if (!plain.success) return;
        const columns = toColumns(plain.data);
        if (columns === undefined) {
          expect(plain.data.observations.length === 0 || plain.data.observations.some(({ takenAt }) => !/Z$/.test(takenAt))).toBe(true);
          return;
        }
        unfolded++;
        expect(ColumnBatch.safeParse(wired(columns)).error).toBeUndefined();
        const said = parseBatch(bytesOf(columns));
        expect(said.error).toBeUndefined();
        expect(said.data).toEqual(Batch.parse(wired(plain.data)));
      }),
      { numRuns: RUNS },
    );
    expect(unfolded).toBeGreaterThan(0);
  });

  it("with one fault is refused, or is a batch that the plain form takes, too", () => {
    const by = fc.oneof(json, text, fc.constantFrom<unknown>(-1, 0, 1, 0.5, 2 ** 53, "ok", "measured", true));
    fc.assert(
      fc.property(anyBatch, fc.array(fc.nat(1_000), { minLength: 1, maxLength: 6 }), by, (value, path, wrong) => {
        const plain = Batch.safeParse(wired(value));
        const columns = plain.success ? toColumns(plain.data) : undefined;
        if (columns === undefined) return;
        const said = parseBatch(bytesOf(spoiled(wired(columns), path, wrong)));
        if (!said.success) expect(said.error.issues.length).toBeGreaterThan(0);
        else expect(Batch.parse(wired(said.data))).toEqual(said.data);
      }),
      { numRuns: RUNS },
    );
  });

  it("keeps gaps and the numbers around them, rare outcomes, and evidence that runs share", () => {
    const batch = batchOf({
      from: 7,
      count: 3,
      gaps: [{ from: 10, to: 400, reason: "evicted_disk_full" }],
      each: (index) => ({
        outcome: index === 0 ? { kind: "failed", reason: "timeout", detail: "no answer" } : measured([{ metric: "portal_up", value: 1 }], { a: [null, "b"] }),
      }),
    });
    expect(columnsOf(batch).shapes).toHaveLength(2);
    expect(parseBatch(bytesOf(columnsOf(batch))).data).toEqual(batch);
  });

  const one = columnsOf(ordinary);
  const long = (count: number) => Array.from({ length: count }, () => 0);
  it.each<[string, unknown]>([
    ["an unknown field", { ...one, centre: "another" }],
    ["another form", { ...one, form: "columns-2" }],
    ["another protocol", { ...one, protocol: 2 }],
    ["a field of a run inside of a shape", { ...one, shapes: one.shapes.map((shape) => ({ ...shape, seq: 1 })) }],
    ["an unknown field of a shape", { ...one, shapes: one.shapes.map((shape) => ({ ...shape, site: 1 })) }],
    ["an unknown metric", { ...one, kinds: [["constructor"], one.kinds[1]] }],
    ["a label that the metric has not", { ...one, kinds: [["loss_percent", { ssid: "x" }], one.kinds[1]] }],
    ["a value out of bounds", { ...one, values: [101, ...one.values.slice(1)] }],
    ["a value too many", { ...one, values: [...one.values, 1] }],
    ["a value too few", { ...one, values: one.values.slice(1) }],
    ["a place outside of its list", { ...one, runs: [0, 0, 0, 1] }],
    ["half a place", { ...one, runs: [0, 0, 0, 0.5] }],
    ["a shape that nobody uses", { ...one, shapes: [...one.shapes, one.shapes[0]] }],
    ["a kind that nobody uses", { ...one, kinds: [...one.kinds, ["loss_percent"]] }],
    ["a column that is too short", { ...one, uptime: one.uptime.slice(1) }],
    ["a column that is no list", { ...one, elapsed: { length: 4 } }],
    ["a number as text", { ...one, elapsed: ["1", 1, 1, 1] }],
    ["time before the clocks began", { ...one, uptime: [-1, 1, 1, 1] }],
    ["a time that no year holds", { ...one, taken: [9e15, 0, 0, 0] }],
    ["half a millisecond", { ...one, taken: [0.5, 0, 0, 0] }],
    ["a range that is longer than its runs", { ...one, to: one.to + 1 }],
    ["a range that is shorter than its runs", { ...one, to: one.to - 1 }],
    ["a gap over its runs", { ...one, gaps: [{ from: 2, to: 3, reason: "dead_letter" }] }],
    ["no runs", { ...one, shapes: [], kinds: [], runs: [], taken: [], uptime: [], elapsed: [], values: [] }],
    ["more runs than a batch has", { ...one, to: 501, runs: long(501), taken: long(501), uptime: long(501), elapsed: long(501), values: long(1_002) }],
    ["evidence that swells by being shared", manyWithEvidence()],
    ["readings that swell by being shared", manyShapes()],
  ])("is refused with %s", (_, value) => {
    const said = parseBatch(bytesOf(value));
    expect(said.success).toBe(false);
    expect(said.error?.issues.length).toBeGreaterThan(0);
  });

  it.each([
    ["a number that no double holds", '"elapsed":[', '"elapsed":[1e400,'],
    ["a name that objects know in a shape", '"probe":', '"__proto__":{"a":1},"probe":'],
    ["a name that objects know among the labels", '{"hop":"hop-1"}', '{"__proto__":"x"}'],
    ["a name that objects know at the top", '{"protocol"', '{"__proto__":{"a":1},"protocol"'],
  ])("is refused with %s", (_, part, by) => {
    const body = JSON.stringify(one);
    expect(body).toContain(part);
    expect(parseBatch(Buffer.from(body.replace(part, by))).success).toBe(false);
  });

  it("says where a fault is", () => {
    const said = parseBatch(bytesOf({ ...one, kinds: [["loss_percent"], ["rtt_avg_ms", { hop: 7 }]] }));
    expect(JSON.stringify(said.error?.issues)).toMatch(/hop/);
  });

  it("takes a third of the bytes", () => {
    const hourly = batchOf({
      count: 12,
      each: (index) => ({
        target: `t-${index % 10}`,
        outcome: measured(Array.from({ length: 5 }, (_, hop) => ({ metric: "rtt_avg_ms", value: hop + index / 10, labels: { hop: `hop-${hop}` } }))),
      }),
    });
    expect(bytesOf(columnsOf(hourly)).length).toBeLessThan(bytesOf(hourly).length * 0.36);
  });
});

function manyWithEvidence(): unknown {
  const batch = batchOf({ count: 400, stepMs: 1_000, each: () => ({ outcome: measured([{ metric: "portal_up", value: 1 }], { text: "x".repeat(60_000) }) }) });
  return toColumns(batch);
}

function manyShapes(): unknown {
  const batch = batchOf({ count: 30, each: (index) => ({ target: `t-${index}` }) });
  const columns = toColumns(batch) as ColumnBatch;
  const readings = Array.from({ length: 1_000 }, () => 0);
  return {
    ...columns,
    shapes: columns.shapes.map((shape) => ({ ...shape, outcome: { kind: "measured", readings } })),
    values: Array.from({ length: 30_000 }, () => 0),
  };
}
