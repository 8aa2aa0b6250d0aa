import type { Message, Recipient } from "#schemas/alert.ts";
import type { Expiry } from "#schemas/expiry.ts";
import type { Finding } from "#schemas/finding.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { Words } from "#schemas/words.ts";
import type { Beginning, Incident } from "./incident.ts";
import type { SilenceTrace } from "./silence-cause.ts";

/** A centre as messages name it, and the first Vietnam day on which it is closed. */
export type Place = {
  readonly code: string;
  readonly name: string;
  readonly area?: string | undefined;
  readonly isp?: string | undefined;
  readonly contractNumber?: string | undefined;
  readonly closedOn?: string | undefined;
};

/** What advice goes by. */
export type Failure = Pick<Finding, "reason" | "detail">;

/** What the finding behind a problem adds to its message. */
export type Backing = {
  readonly why?: Words | undefined;
  /** Why it fails, where it does: what is to be done about it. */
  readonly failure?: Failure | undefined;
  /**
   * The same at each reception point of which the finding speaks, by the subject of the problem there; empty where it knows of one point alone, absent where
   * nothing was judged.
   */
  readonly points?: ReadonlyMap<string, Pick<Backing, "why" | "failure">> | undefined;
  readonly waived: boolean;
};

/** A message that waits because its reader has had enough for an hour. */
export type HeldLetter = { readonly id: number; readonly key: string; readonly address: string; readonly message: Message };

/** All that one step of the alerts looks at. The store reads it in one transaction with what the step writes; a simulation keeps it in memory. */
export type Book = {
  /** All that have not ended, and those that ended since `historyFromMs`. */
  readonly incidents: readonly Incident[];
  readonly places: ReadonlyMap<number, Place>;
  /** By `backingKey`; of problems that have not ended. */
  readonly backings: ReadonlyMap<string, Backing>;
  /** Every site that was ever heard, with its last word, and each of its reception points where it has several; none that is closed. `point`: not the main office. */
  readonly contacts: readonly { readonly siteId: number; readonly point?: string | undefined; readonly lastMs: number; readonly area?: string | undefined }[];
  /** Since when a collector has been listening without a break: who could not be heard before was not silent. */
  readonly listeningSinceMs: number;
  /** What agents tell of silences that seem to be over, by their sites. */
  readonly traces: ReadonlyMap<number, SilenceTrace>;
  readonly windows: readonly MaintenanceWindow[];
  /** Letters of the last hour by address, those that wait included. */
  readonly recent: ReadonlyMap<string, number>;
  readonly held: readonly HeldLetter[];
  readonly deadSinceDigest: number;
  readonly expiries: readonly Expiry[];
  /** What is unknown since no portal is heard at a centre whose agent reports, of several reception points at which; without what is waived. */
  readonly unheard: readonly { readonly siteId: number; readonly requirement: string; readonly point?: string | undefined; readonly sinceMs: number }[];
  /** When the last digest and the last weekly one were made; undefined before the first. */
  readonly digest: DigestClock;
};
export type DigestClock = { readonly dailyMs?: number | undefined; readonly weeklyMs?: number | undefined };

/** A message on its way to one address. The same key twice is one letter. */
export type PlannedLetter = {
  readonly key: string;
  readonly recipient: Pick<Recipient, "channel" | "to">;
  readonly message: Message;
  readonly siteId: number;
  /** Over the reader's limit: kept for a digest. */
  readonly held: boolean;
};

/** What one step changes. */
export type BookChanges = {
  readonly begun: readonly Beginning[];
  readonly changed: readonly Incident[];
  readonly letters: readonly PlannedLetter[];
  /** Held letters that a digest has taken up. */
  readonly merged: readonly number[];
  readonly digest?: DigestClock | undefined;
};

export function backingKey(siteId: number, requirement: string): string {
  return `${siteId} ${requirement}`;
}

/** An address as one word: what a person's letters are counted by. */
export function addressOf({ channel, to }: Pick<Recipient, "channel" | "to">): string {
  return `${channel} ${to}`;
}

/** The way back from `addressOf`. */
export function recipientAt(address: string): PlannedLetter["recipient"] {
  const end = address.indexOf(" ");
  return { channel: address.slice(0, end) as Recipient["channel"], to: address.slice(end + 1) };
}

const DAY_MS = 86_400_000;
/** A problem that was opened several times within this span comes and goes. */
export const FLAPPING_WINDOW_MS = DAY_MS;

/** From when on a step needs problems that have ended: flapping looks back a day, a digest to the one before it. */
export function historyFromMs({ dailyMs, weeklyMs }: DigestClock, nowMs: number): number {
  return Math.max(nowMs - 31 * DAY_MS, Math.min(nowMs - FLAPPING_WINDOW_MS, dailyMs ?? nowMs, weeklyMs ?? nowMs));
}
