import type { OwnProblem } from "#schemas/maintenance.ts";
import type { SilenceCause } from "./silence-cause.ts";

/** `soft`: begun, nobody knows; `open`: counted and told; `acknowledged`: somebody takes care. */
export type IncidentState = "soft" | "open" | "acknowledged" | "closed";

/** How people hear of a problem: by a letter of its own, with others of one cause, as one that comes and goes, or in the morning. */
export type Telling = "letter" | "storm" | "flapping" | "digest";

/** One problem: a requirement (or the agent's silence) at a centre, or of the whole province, from its beginning to its end. */
export type Incident = {
  readonly id: number;
  /** 0: the province, not one centre. */
  readonly siteId: number;
  readonly requirement: string;
  /** The part of it: of the province a portal, of a centre the reception point where it is judged at each. Empty for the whole, and for the main office. */
  readonly subject: string;
  readonly state: IncidentState;
  readonly beganMs: number;
  readonly openedMs?: number | undefined;
  readonly closedMs?: number | undefined;
  /** Since when all has looked well again, not yet for long enough to end it. */
  readonly wellSinceMs?: number | undefined;
  readonly acknowledgedMs?: number | undefined;
  readonly acknowledgedBy?: string | undefined;
  readonly telling?: Telling | undefined;
  /** When the first people were told; escalation counts from here. */
  readonly toldMs?: number | undefined;
  /** Addresses that were told by letter: they, and nobody else, hear of the end. */
  readonly told: readonly string[];
  /** Steps of escalation that were taken. */
  readonly level: number;
  /** Key of the storm that it belongs to, and whether that was told as over. */
  readonly storm?: string | undefined;
  readonly stormOver?: boolean | undefined;
  /** The area of a storm that lies in one area alone. */
  readonly area?: string | undefined;
  /** Why it ended, where it was not well: the policy no longer demands it, its centre or reception point is no more, or nothing at the point can be judged by it. */
  readonly end?: "dropped" | "centre_closed" | "point_gone" | "unwatched" | undefined;
  /** Of a silence that has ended: what it most probably was. */
  readonly cause?: SilenceCause | undefined;
};

/**
 * What a problem is called in the keys of its letters, from which Message-IDs are made. After a restore of the database numbers are given again, to other
 * problems; the instant at which one was opened does not come again.
 */
export function letterName({ id, openedMs = 0 }: Incident): string {
  return `${id}-${openedMs.toString(36)}`;
}

/** A problem that begins: soft, told to nobody. */
export type Beginning = Pick<Incident, "siteId" | "requirement" | "subject" | "beganMs">;

/** The pseudo requirement of a centre from which nothing comes. */
export const AGENT_SILENT = "agent" satisfies OwnProblem;
/** The pseudo requirement of a database that nobody has a fresh copy of; the province's, and no centre's. */
export const BACKUP_MISSING = "backup" satisfies OwnProblem;
