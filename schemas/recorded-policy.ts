import { z } from "zod";
import { Calendar } from "./calendar.ts";
import type { MetricName } from "./metrics.ts";
import { PolicyProfile, type Rule, type RuleKind } from "./policy.ts";

/** What was recorded by an older program, read by this one: the value, or why it cannot be read. */
export type Reread<T> = { readonly value: T } | { readonly fault: string };

/** What a rule meant before a field of its kind was there. The only place for such defaults: every needed field that is added later stands here. */
const meantBefore: { readonly [Kind in RuleKind]?: Partial<Extract<Rule, { kind: Kind }>> } = {
  capacity: { breachRuns: 1 },
  depth: { freshMinutes: 15, clockSkewWarnSeconds: 30, eventPiecesPerDay: 12, replaySamples: 1, projectionMarginPercent: 0 },
  floor: { hours: "any" },
};

/** Metrics that a rule of an older version knows by another name. */
const renamedMetrics: Readonly<Record<string, MetricName>> = { vms_linked: "vms_link_up" };

/** Reads a policy as it was recorded: with the defaults of its time for what was added since, the new names of metrics, without what is no longer known. */
export function rereadPolicy(body: unknown): Reread<PolicyProfile> {
  return reread(PolicyProfile, withDefaults(body));
}

/** The same for a calendar. */
export function rereadCalendar(body: unknown): Reread<Calendar> {
  return reread(Calendar, body);
}

const Ruled = z.looseObject({ requirements: z.array(z.looseObject({ rule: z.looseObject({ kind: z.string() }) })) });

function withDefaults(body: unknown): unknown {
  const policy = Ruled.safeParse(body).data;
  if (!policy) return body;
  const defaults: Readonly<Record<string, object | undefined>> = meantBefore;
  const metricOf = (metric: unknown) => (typeof metric === "string" && Object.hasOwn(renamedMetrics, metric) ? renamedMetrics[metric] : metric);
  const rereadRule = (rule: Readonly<Record<string, unknown>> & { kind: string }) => ({
    ...defaults[rule.kind],
    ...rule,
    ...("metric" in rule && { metric: metricOf(rule.metric) }),
    ...(Array.isArray(rule.metrics) && { metrics: rule.metrics.map(metricOf) }),
  });
  return { ...policy, requirements: policy.requirements.map((one) => ({ ...one, rule: rereadRule(one.rule) })) };
}

/** Takes off what a shape does not know, until nothing is left to take off. */
function reread<T>(shape: z.ZodType<T>, body: unknown): Reread<T> {
  const value = structuredClone(body);
  for (;;) {
    const parsed = shape.safeParse(value);
    if (parsed.success) return { value: parsed.data };
    const unknown = parsed.error.issues.filter((issue) => issue.code === "unrecognized_keys");
    if (unknown.length === 0) return { fault: z.prettifyError(parsed.error) };
    for (const { path, keys } of unknown) for (const key of keys) Reflect.deleteProperty(at(value, path), key);
  }
}

function at(value: unknown, path: readonly PropertyKey[]): object {
  return path.reduce<object>((inner, key) => Reflect.get(inner, key) as object, value as object);
}
