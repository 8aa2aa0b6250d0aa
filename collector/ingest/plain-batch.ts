import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { BATCH_OBSERVATIONS_MAX, type Batch, PROTOCOL } from "#schemas/exchange.ts";
import { type LabelName, type MetricName, metricNames, metrics } from "#schemas/metrics.ts";
import { EVIDENCE_BYTES_MAX, excuseReasons, failureReasons, probeKinds, READINGS_MAX, skipReasons } from "#schemas/observation.ts";

/** A value of parsed JSON that is an object. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Takes what JSON.parse gave for a batch and gives it back as a `Batch` when it is one in its most ordinary form: in order, without gaps, its texts
 * clean already. Undefined says nothing: whoever asks lets the schema decide, and explain. What is accepted here the schema accepts with the same
 * result, at a tenth of the price (a property test holds both against each other). Changes nothing in what it gets.
 */
export function plainBatch(value: unknown): Batch | undefined {
  if (!isFields(value)) return undefined;
  const { protocol, stream, from, to, sentAt, lane, observations, gaps } = value;
  const isHead =
    protocol === PROTOCOL && isMatch(streamId, stream) && isSeq(from) && isSeq(to) && isMatch(instant, sentAt) && (lane === "live" || lane === "backlog");
  if (!isHead || !Array.isArray(observations) || observations.length === 0 || observations.length > BATCH_OBSERVATIONS_MAX) return undefined;
  const hasGaps = gaps !== undefined;
  if (hasGaps && !(Array.isArray(gaps) && gaps.length === 0)) return undefined;
  if (countOf(value) !== (hasGaps ? 8 : 7) || observations.length !== to - from + 1) return undefined;
  for (let index = 0; index < observations.length; index++) if (!isObservation(observations[index], from + index)) return undefined;
  return (hasGaps ? value : { ...value, gaps: [] }) as Batch;
}

function isObservation(value: unknown, dueSeq: number): boolean {
  if (!isFields(value)) return false;
  const { seq, probe, target, takenAt, uptimeMs, bootId, clock, elapsedMs, outcome } = value;
  return (
    seq === dueSeq &&
    probes.has(probe) &&
    (target === undefined || isMatch(code, target)) &&
    isMatch(instant, takenAt) &&
    isFrom0(uptimeMs) &&
    typeof bootId === "string" &&
    bootId.length <= 40 &&
    clocks.has(clock) &&
    isFrom0(elapsedMs) &&
    countOf(value) === (target === undefined ? 8 : 9) &&
    isOutcome(outcome)
  );
}

function isOutcome(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { kind, evidence } = value;
  if (evidence !== undefined && !isEvidence(evidence)) return false;
  const known = evidence === undefined ? 1 : 2;
  if (kind === "measured") {
    const { readings, excuse } = value;
    if (excuse !== undefined && !excuses.has(excuse)) return false;
    if (countOf(value) !== known + (excuse === undefined ? 1 : 2)) return false;
    return Array.isArray(readings) && readings.length >= 1 && readings.length <= READINGS_MAX && readings.every(isReading);
  }
  const { reason, detail } = value;
  if (!(kind === "failed" ? failures : kind === "skipped" ? skips : none).has(reason)) return false;
  if (detail !== undefined && !isClean(detail, 300)) return false;
  return countOf(value) === known + (detail === undefined ? 1 : 2);
}

function isReading(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { metric, value: measured, labels } = value;
  const known = bounds.get(metric);
  if (known === undefined || typeof measured !== "number" || !(measured >= known.min && measured <= known.max)) return false;
  if (labels === undefined) return countOf(value) === 2;
  if (!isFields(labels) || countOf(value) !== 3) return false;
  for (const name in labels) if (!known.labels.has(name) || !isClean(labels[name], undefined)) return false;
  return true;
}

/** Evidence of modest depth, whose names are short. */
function isEvidence(value: unknown): boolean {
  if (!isFields(value) || !isJson(value, 0)) return false;
  for (const name in value) if (name.length > 64) return false;
  return JSON.stringify(value).length <= EVIDENCE_BYTES_MAX;
}

/** Deeper evidence is the schema's, and of `parseJson`, which knows how deep a body may be. */
const EVIDENCE_DEPTH_MAX = 12;

function isJson(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth > EVIDENCE_DEPTH_MAX) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  // An own property of this name is none of the schema's ordinary cases.
  if (Object.hasOwn(value, "__proto__")) return false;
  for (const name in value) if (!isJson((value as Fields)[name], depth + 1)) return false;
  return true;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How many properties parsed JSON has. All known ones are there when their number fits: a surplus or unknown one is one too many. */
function countOf(value: Fields): number {
  let count = 0;
  for (const _ in value) count++;
  return count;
}

function isMatch(pattern: RegExp, value: unknown): boolean {
  return typeof value === "string" && pattern.test(value);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isFrom0(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
}

function isClean(value: unknown, max: number | undefined): boolean {
  return typeof value === "string" && (plainText.test(value) || cleanText(value, max) === value);
}

/** Text that no cleaning changes. */
const plainText = /^[!-~]{1,64}$/;
const streamId = /^[a-f0-9]{16}$/;
const code = /^[a-z0-9][a-z0-9-]{0,63}$/;
const instant = z.regexes.datetime({ precision: 3 });
const probes: ReadonlySet<unknown> = new Set(probeKinds);
const clocks: ReadonlySet<unknown> = new Set(["ok", "skewed", "bad", "unknown"]);
const excuses: ReadonlySet<unknown> = new Set(excuseReasons);
const failures: ReadonlySet<unknown> = new Set(failureReasons);
const skips: ReadonlySet<unknown> = new Set(skipReasons);
const none: ReadonlySet<unknown> = new Set();
const bounds: ReadonlyMap<unknown, { readonly min: number; readonly max: number; readonly labels: ReadonlySet<string> }> = new Map(
  metricNames.map((name: MetricName) => {
    const { min, max, labels } = metrics[name];
    return [name as unknown, { min, max, labels: new Set<string>(labels as readonly LabelName[]) }];
  }),
);
