import type { FindingState } from "#schemas/finding.ts";

/** What is known of the problem of one requirement at one centre. */
export type IncidentState = "none" | "soft" | "open" | "acknowledged";
/** What a judgement does to it. */
export type IncidentStep = "begin" | "keep" | "close_silently" | "close_with_word";

/**
 * A breach begins softly and is told only when it lasts. Only a pass, or a requirement that no longer applies, ends it: what is unknown or pending
 * says neither. A recovery is told exactly when its beginning was.
 */
export function stepOf(incident: IncidentState, to: FindingState): IncidentStep {
  if (to === "fail") return incident === "none" ? "begin" : "keep";
  if (to !== "pass" && to !== "not_applicable") return "keep";
  if (incident === "none") return "keep";
  return incident === "soft" ? "close_silently" : "close_with_word";
}

/** How long a breach must last before anybody is told, ms: rules confirm over days already, except for what answers or not. */
export function softMs(ruleKind: string): number {
  return ruleKind === "reachable" ? 15 * 60_000 : 2 * 60_000;
}

/** A problem that was told this often within a day comes and goes: it is said once, then nothing more until it has been calm for a day. */
export const FLAPPING_FROM = 3;
export const FLAPPING_WINDOW_MS = 24 * 3_600_000;

/** The pseudo requirement of a centre from which nothing comes, and how much working time must pass in silence before it is told. */
export const AGENT_SILENT = "agent";
export const SILENT_WORK_MS = 5 * 60_000;
/** Where the PC is off at night: somebody has to come and switch it on. */
export const SILENT_MORNING_MS = 30 * 60_000;

/** Problems that begin within this time of each other are opened together, so that one cause is one message. */
export const GROUP_MAX_MS = 5 * 60_000;

/** More problems of one requirement than this at once are one message. */
export const STORM_FROM = 10;
