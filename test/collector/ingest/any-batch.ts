import fc from "fast-check";
import { labelNames, metricNames, metrics } from "../../../schemas/metrics.ts";
import { excuseReasons, failureReasons, probeKinds, skipReasons } from "../../../schemas/observation.ts";

export const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("hop-1", "Khách hàng", "e\u0301", "\u001b[31mred", " a ", "a  b", "x".repeat(200), "\u200b", "\ud800", "__proto__"),
);
export const json = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom<unknown>(1e308 * 10, -0, null, [], {}));
const labels = fc.dictionary(fc.oneof(fc.constantFrom(...labelNames), text), fc.oneof({ weight: 9, arbitrary: text }, json), { maxKeys: 3 });
const fitting = fc.constantFrom(...metricNames).chain((metric) => {
  const { min, max, labels: own } = metrics[metric];
  return fc.record(
    {
      metric: fc.constant(metric),
      value: fc.double({ min, max, noNaN: true }),
      labels: fc.dictionary(fc.constantFrom(...own, own[0] ?? "hop"), text, { maxKeys: 2 }),
    },
    { requiredKeys: ["metric", "value"] },
  );
});
const reading = fc.oneof(
  { weight: 20, arbitrary: fitting },
  {
    weight: 1,
    arbitrary: fc.record({ metric: fc.constantFrom(...metricNames, "none"), value: fc.oneof(fc.double(), json), labels }, { requiredKeys: ["metric"] }),
  },
);
const evidence = fc.dictionary(fc.oneof(text, fc.constant("n".repeat(65))), json, { maxKeys: 3 });
const measuredFields = { kind: fc.constant("measured"), readings: fc.array(reading, { maxLength: 4 }), excuse: fc.constantFrom(...excuseReasons), evidence };
const other = { reason: fc.constantFrom(...failureReasons, ...skipReasons), detail: fc.oneof(text, fc.constant("d".repeat(301))), evidence };
const outcome = fc.oneof(
  { weight: 5, arbitrary: fc.record(measuredFields, { requiredKeys: ["kind", "readings"] }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("failed", "skipped", "other"), ...other }, { requiredKeys: ["kind", "reason"] }) },
);
const instant = fc.oneof(
  { weight: 30, arbitrary: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()) },
  { weight: 1, arbitrary: fc.constantFrom("2026-02-29T00:00:00.000Z", "2026-11-28T02:00:00Z", "2026-11-28T02:00:00.000+07:00", "2026-11-28T24:00:00.000Z", 5) },
);
const observation = fc.record(
  {
    probe: fc.constantFrom(...probeKinds),
    target: fc.constantFrom("dvc", "camera-1", "a".repeat(64)),
    takenAt: instant,
    uptimeMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    bootId: fc.string({ maxLength: 40 }),
    clock: fc.constantFrom("ok", "skewed", "bad", "unknown"),
    elapsedMs: fc.double({ min: 0, noNaN: true }),
    outcome,
  },
  { requiredKeys: ["probe", "takenAt", "uptimeMs", "bootId", "clock", "elapsedMs", "outcome"] },
);
/** Batches, most of them valid; a fault may be in any place that a sender writes. */
export const anyBatch = fc
  .record({
    from: fc.integer({ min: 1, max: 1e6 }),
    list: fc.array(observation, { maxLength: 4 }),
    lane: fc.constantFrom("live", "backlog"),
    sentAt: instant,
    noGaps: fc.boolean(),
  })
  .map(({ from, list, lane, sentAt, noGaps }) => ({
    protocol: 1,
    stream: "00000000000000ab",
    from,
    to: from + list.length - 1,
    sentAt,
    lane,
    observations: list.map((one, index) => ({ seq: from + index, ...one })),
    ...(noGaps && { gaps: [] }),
  }));

/** What goes over the wire is JSON: a value that changes on the way is judged as it arrives. */
export const wired = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** One place of a value, changed: another value, a name more, a name less. */
export function spoiled(value: unknown, path: readonly number[], by: unknown): unknown {
  if (typeof value !== "object" || value === null || path.length === 0) return by;
  const [step = 0, ...rest] = path;
  if (Array.isArray(value)) {
    if (value.length === 0 || step % 7 === 0) return [...value, by];
    return value.map((item, index) => (index === step % value.length ? spoiled(item, rest, by) : item));
  }
  const names = Object.keys(value);
  const name = names[step % Math.max(1, names.length)];
  if (name === undefined || step % 11 === 0) return { ...value, surplus: by };
  if (step % 13 === 0) return Object.fromEntries(Object.entries(value).filter(([own]) => own !== name));
  return { ...value, [name]: spoiled((value as Record<string, unknown>)[name], rest, by) };
}
