import { z } from "zod";
import { cleanText } from "./clean-text.ts";
import { Code, Instant, Seq } from "./ids.ts";
import { labelNames, type MetricName, metricNames, metrics } from "./metrics.ts";

/** Most readings of one run: a controller with 100 access points and 4 radios each stays below. */
export const READINGS_MAX = 1_000;
/** Most bytes of one run's evidence as JSON. */
export const EVIDENCE_BYTES_MAX = 64 * 1024;

/** Kinds of probes: the folder names of agent/probes. */
export const probeKinds = [
  "camera-presence",
  "camera-stream",
  "device-discovery",
  "host",
  "link-bandwidth",
  "link-quality",
  "office-devices",
  "portal-http",
  "recording-depth",
  "recording-watch",
  "vms-link",
  "wifi-clients",
] as const;
export const ProbeKind = z.enum(probeKinds);
export type ProbeKind = z.infer<typeof ProbeKind>;

/** Text that a device or a peer said, cleaned on the way in. */
export const DeviceText = z.string().transform((text) => cleanText(text));

/** One number with its metric and labels. Unit and bounds stand in the catalogue. */
export const Reading = z
  .strictObject({
    metric: z.enum(metricNames),
    value: z.number(),
    labels: z.partialRecord(z.enum(labelNames), DeviceText).optional(),
  })
  .check((context) => {
    const { metric, value, labels } = context.value;
    const { min, max, labels: allowed } = metrics[metric];
    if (value < min || value > max)
      context.issues.push({ code: "custom", message: `${metric} must lie within ${min} and ${max}`, input: value, path: ["value"] });
    for (const name of Object.keys(labels ?? {})) {
      if (!(allowed as readonly string[]).includes(name))
        context.issues.push({ code: "custom", message: `${metric} has no label ${name}`, input: name, path: ["labels", name] });
    }
  });
export type Reading = z.infer<typeof Reading>;

/** Why a run could not ask its question. One word from a short list; the words for people stand in the text catalogue. */
export const failureReasons = [
  "auth_failed",
  "bad_options",
  "bad_reply",
  "dns",
  "internal",
  "malformed",
  "no_permission",
  "no_route",
  "no_such_object",
  "refused",
  "server_lost",
  "timeout",
  "tls",
  "unreachable",
  "unsupported",
] as const;
export const FailureReason = z.enum(failureReasons);
export type FailureReason = z.infer<typeof FailureReason>;

/** Why a run was not made at all, though it was due. */
export const skipReasons = ["budget", "device_busy", "lease_used", "line_busy", "no_lease", "no_target", "not_supported_here", "outside_window"] as const;
export const SkipReason = z.enum(skipReasons);
export type SkipReason = z.infer<typeof SkipReason>;

/**
 * Why a value was measured but cannot be held against what was measured: the limit lay elsewhere.
 * An excused value may support a pass, never a breach.
 */
export const excuseReasons = [
  "borderline",
  "captive_portal",
  "contended",
  "cpu_bound",
  "lan_limited",
  "line_busy",
  "loss_limited",
  "nic_limited",
  "proxied",
  "server_saturated",
  "wifi_uplink",
] as const;
export const ExcuseReason = z.enum(excuseReasons);
export type ExcuseReason = z.infer<typeof ExcuseReason>;

/** What a finding can stand on besides numbers: plain JSON, limited in size, without MAC addresses, pictures or credentials. */
export const Evidence = z
  .record(z.string().max(64), z.json())
  .refine((value) => JSON.stringify(value).length <= EVIDENCE_BYTES_MAX, { message: `evidence is larger than ${EVIDENCE_BYTES_MAX} bytes` });
export type Evidence = z.infer<typeof Evidence>;

/** The result of one run. "The target is down" is a measurement; "I could not ask" is a failure; "I did not ask" is skipped. */
export const Outcome = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("measured"),
    readings: z.array(Reading).min(1).max(READINGS_MAX),
    excuse: ExcuseReason.optional(),
    evidence: Evidence.optional(),
  }),
  z.strictObject({
    kind: z.literal("failed"),
    reason: FailureReason,
    detail: z
      .string()
      .transform((text) => cleanText(text, 300))
      .optional(),
    evidence: Evidence.optional(),
  }),
  z.strictObject({
    kind: z.literal("skipped"),
    reason: SkipReason,
    detail: z
      .string()
      .transform((text) => cleanText(text, 300))
      .optional(),
    evidence: Evidence.optional(),
  }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** Off the collector's clock by less than this a clock counts as `ok`, and what it stamps is kept as it is, ms. */
export const CLOCK_OK_MS = 5_000;

/** What the agent knows of its own clock when it takes an observation: `bad` is off by > 60 s or has just jumped. */
export const ClockState = z.enum(["ok", "skewed", "bad", "unknown"]);
export type ClockState = z.infer<typeof ClockState>;

/** One outcome with its time and place in the stream: what the spool keeps and the collector stores. */
export const Observation = z.strictObject({
  seq: Seq,
  probe: ProbeKind,
  /** What was asked, where a probe runs against several: a portal's, camera's or server's code. */
  target: Code.optional(),
  /** Start of the run by the agent's wall clock. */
  takenAt: Instant,
  /** Start of the run by the PC's monotonic clock, in ms since boot; with `bootId` it orders what a wrong wall clock mixes up. */
  uptimeMs: z.number().min(0),
  bootId: z.string().max(40),
  clock: ClockState,
  elapsedMs: z.number().min(0),
  outcome: Outcome,
});
export type Observation = z.infer<typeof Observation>;

/** Reads the value of the first reading of `metric` whose labels hold all of `labels`; undefined when there is none. */
export function readingOf(readings: readonly Reading[], metric: MetricName, labels: Reading["labels"] = {}): number | undefined {
  return readings.find(
    (reading) => reading.metric === metric && Object.entries(labels).every(([name, value]) => reading.labels?.[name as keyof Reading["labels"]] === value),
  )?.value;
}
