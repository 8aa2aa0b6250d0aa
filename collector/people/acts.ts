import type { Attestation, Waiver, Withdrawal } from "#schemas/attestation.ts";
import type { DutyRecord } from "#schemas/duty.ts";
import { type Closing, MAIN_POINT } from "#schemas/inventory.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { Act } from "../store/audit.ts";
import type { MadeCode } from "./enrol-codes.ts";

/** Most letters of a list in one line of the audit log. */
const LIST_MAX = 400;

/** How the audit log says what changes what is judged, or who may do what. What accounts and tokens undergo, their desks say. */
export const acts = {
  waiversFiled: (waivers: readonly Waiver[]): Act => ({ what: "waiver.filed", about: listed(waivers.map(waiverName)) }),
  waiverWithdrawn: (waiver: Waiver, { reason }: Omit<Withdrawal, "at">): Act => ({ what: "waiver.withdrawn", about: `${waiverName(waiver)}: ${reason}` }),
  attestationsFiled: (attestations: readonly Attestation[]): Act => ({
    what: "attestation.filed",
    about: listed(attestations.map(({ centre, requirement }) => `${centre} ${requirement}`)),
  }),
  dutiesRecorded: (records: readonly DutyRecord[]): Act => ({
    what: "duty.recorded",
    about: listed(records.map(({ centre, requirement, duty, turn, state }) => `${centre} ${requirement} ${duty} ${turn} ${state}`)),
  }),
  incidentsTaken: (numbers: readonly number[], by: string): Act => ({ what: "incident.taken", about: `${numbers.join(" ")}: ${by}` }),
  maintenanceAnnounced: (windows: readonly MaintenanceWindow[]): Act => ({ what: "maintenance.announced", about: listed(windows.map(windowName)) }),
  maintenanceEnded: (id: string): Act => ({ what: "maintenance.ended", about: id }),
  centresDeclared: (codes: readonly string[], from: string): Act => ({ what: "centre.declared", about: `${from} ${listed(codes)}` }),
  devicesDeclared: (codes: readonly string[], from: string): Act => ({ what: "inventory.declared", about: `${from} ${listed(codes)}` }),
  centreClosed: (code: string, { on, into }: Closing, reason: string): Act => ({
    what: "centre.closed",
    about: `${code} ${on}${into === undefined ? "" : ` ${into}`}: ${reason}`,
  }),
  centreReopened: (code: string, { on }: Closing, reason: string): Act => ({ what: "centre.reopened", about: `${code} ${on}: ${reason}` }),
  codeMade: ({ centre: { code }, point }: Pick<MadeCode, "centre" | "point">): Act => ({
    what: "code.made",
    about: point === MAIN_POINT ? code : `${code} ${point}`,
  }),
  agentsLost: (centre: string, agents: readonly string[]): Act => ({ what: "agent.lost", about: [centre, ...agents].join(" ") }),
  agentChanged: (agent: string, centre: string, change: "revoke" | "release", reason: string): Act => ({
    what: `agent.${change}`,
    about: `${agent} ${centre}: ${reason}`,
  }),
  configKeyTrusted: (publicKey: string): Act => ({ what: "config.trusted", about: publicKey }),
  configsTaken: (codes: readonly string[]): Act => ({ what: "config.taken", about: listed(codes) }),
  rolesMade: (roles: readonly string[]): Act => ({ what: "roles.made", about: roles.join(" ") }),
  backupMade: (file: string): Act => ({ what: "backup.made", about: file }),
  backupNoted: (at: string): Act => ({ what: "backup.noted", about: at }),
  databaseRestored: (takenAt: string): Act => ({ what: "database.restored", about: takenAt }),
  rewindOrdered: (streams: number): Act => ({ what: "rewind.ordered", about: String(streams) }),
  clockConfirmed: (day: string): Act => ({ what: "clock.confirmed", about: day }),
} as const;

function waiverName({ centre, requirement, document }: Waiver): string {
  return `${centre} ${requirement} ${document}`;
}

function windowName({ id, mode, from, until, centres = ["all"], requirements = ["all"] }: MaintenanceWindow): string {
  return [id, mode, from, until, centres.slice(0, 20).join(","), requirements.join(",")].join(" ");
}

/** One name as it is; several with their number, and with how many did not fit. */
function listed(names: readonly string[]): string {
  const all = [...new Set(names)];
  if (all.length < 2) return all.join("");
  const shown: string[] = [];
  for (const name of all) {
    if ([...shown, name].join(", ").length > LIST_MAX) break;
    shown.push(name);
  }
  const left = all.length - shown.length;
  return `${all.length}: ${shown.join(", ")}${left > 0 ? `, +${left}` : ""}`;
}
