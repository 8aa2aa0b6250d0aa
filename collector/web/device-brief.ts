import type { DeviceRole } from "#schemas/inventory.ts";
import type { Reading } from "#schemas/observation.ts";

/** A device that a centre declares, or that only its agent knows; with the newest answer to the question whether it is there. */
export type DeviceBrief = {
  readonly id: string;
  readonly declared: boolean;
  readonly role?: DeviceRole;
  readonly name?: string;
  readonly vendor?: string;
  readonly model?: string;
  /** The reception point at which it is declared; absent at the main office. */
  readonly point?: string;
  readonly answered?: { readonly up: boolean; readonly at: string };
};

/** How long an answer says whether a device is there, ms: one that nobody asked since is unknown, not down. */
export const ANSWER_COUNTS_MS = 86_400_000;

/** An hour in which the device was asked: the share of the questions that it answered. */
export type AskedHour = { readonly at: string; readonly upShare: number };

/** The newest value of one series of a device. */
export type LatestReading = Reading & { readonly at: string };
/** The newest value of one series about the line of a reception point; of the main office where none is named. */
export type PointReading = LatestReading & { readonly point?: string };

/** Whether a finding's part or an incident is about a device: its subject is the device's id, or begins with it ("recorder-1 Camera 2"). */
export function isAbout(subject: string | undefined, device: string): boolean {
  return subject === device || subject?.startsWith(`${device} `) === true;
}
