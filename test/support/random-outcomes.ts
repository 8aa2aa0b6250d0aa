import fc from "fast-check";
import { metricNames, metrics } from "../../schemas/metrics.ts";
import { excuseReasons, failureReasons, Outcome, skipReasons } from "../../schemas/observation.ts";

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("hop-1", "Khách hàng", "{}", '"quoted"', "a\\b,c", "NULL", "a\u0000b", "\ud800"),
);
const reading = fc.constantFrom(...metricNames).chain((metric) => {
  const { min, max, labels } = metrics[metric];
  const value = fc.oneof(fc.double({ min, max, noNaN: true }), fc.integer({ min: Math.max(min, -1e6), max: Math.min(max, 1e6) }));
  return fc.record(
    {
      metric: fc.constant(metric),
      value,
      labels: labels.length === 0 ? fc.constant({}) : fc.dictionary(fc.constantFrom<string>(...labels), text, { maxKeys: 2 }),
    },
    { requiredKeys: ["metric", "value"] },
  );
});
const evidence = fc.oneof(fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }), fc.constantFrom({}, { method: "snmp" }));
const measured = fc.record(
  { kind: fc.constant("measured"), readings: fc.array(reading, { minLength: 1, maxLength: 5 }), excuse: fc.constantFrom(...excuseReasons), evidence },
  { requiredKeys: ["kind", "readings"] },
);
const without = (kind: string, reasons: readonly string[]) =>
  fc.record({ kind: fc.constant(kind), reason: fc.constantFrom(...reasons), detail: text, evidence }, { requiredKeys: ["kind", "reason"] });

/** Any outcome that an agent may tell, as the collector has read it. */
export const randomOutcome: fc.Arbitrary<Outcome> = fc
  .oneof({ weight: 4, arbitrary: measured }, without("failed", failureReasons), without("skipped", skipReasons))
  .map((outcome) => Outcome.safeParse(outcome).data)
  .filter((outcome) => outcome !== undefined);
