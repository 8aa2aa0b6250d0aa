import { partAt, pointsIn } from "#schemas/evaluate/points.ts";
import type { Finding } from "#schemas/finding.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import type { Incident } from "./incident.ts";

/** What a judgement says of a problem. */
export type Signal = "bad" | "well" | "unclear";

/**
 * Only a pass, or a requirement that no longer applies, is well: what is unknown or pending says neither. But a Wi-Fi of which nothing is down or too
 * small has no breach any more, though its fifty people may never come.
 */
export function signalOf({ state, reason }: Pick<Finding, "state" | "reason">): Signal {
  if (state === "fail") return "bad";
  if (reason === "not_yet_demonstrated") return "well";
  return state === "pass" || state === "not_applicable" ? "well" : "unclear";
}

/**
 * What a judgement says of the problems of a centre, by their subjects: each of several reception points has one of its own, and so another line, another provider and
 * another person who takes it. Of a problem at a point of which it does not speak it says nothing, unless nothing is demanded any more.
 */
export function signalsOf(finding: Finding, standing: Iterable<string>): ReadonlyMap<string, Signal> {
  const points = pointsIn(finding);
  const said = new Map(points.map((point) => [subjectAt(point), signalOf(partAt(finding, point) ?? finding)]));
  if (points.length === 0) said.set("", signalOf(finding));
  const left = finding.state === "not_applicable" ? "well" : "unclear";
  return new Map([...[...standing].map((subject): [string, Signal] => [subject, left]), ...said]);
}

/** What a problem at a reception point has for its subject: nothing at the main office. */
export function subjectAt(point: string): string {
  return point === MAIN_POINT ? "" : point;
}

/**
 * What a signal does to a problem: begin one, change the one that there is, or nothing. Late data begins none, but may end one: creation is
 * suppressed, recovery never. A problem that nobody heard of must be seen without a break until it opens: whatever else is said ends it, so that a
 * centre whose line dies, or a fault that turns out to be everybody's, is not told twice. One that was opened ends when it has been well for long
 * enough, in `stepBook`.
 */
export function heed(incident: Incident | undefined, signal: Signal, late: boolean, nowMs: number): "begin" | Incident | undefined {
  if (!incident) return signal === "bad" && !late ? "begin" : undefined;
  if (incident.state === "soft") return signal === "bad" ? undefined : { ...incident, state: "closed", closedMs: nowMs };
  if (signal !== "well") return incident.wellSinceMs === undefined ? undefined : { ...incident, wellSinceMs: undefined };
  return incident.wellSinceMs === undefined ? { ...incident, wellSinceMs: nowMs } : undefined;
}

/** Somebody takes care of a problem: it climbs no further. Undefined where there is nothing to take care of. */
export function acknowledge(incident: Incident, by: string, nowMs: number): Incident | undefined {
  return incident.state === "open" ? { ...incident, state: "acknowledged", acknowledgedMs: nowMs, acknowledgedBy: by } : undefined;
}
