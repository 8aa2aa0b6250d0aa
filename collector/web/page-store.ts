import type { LedgerRow } from "#schemas/asset-ledger.ts";
import type { Attestation } from "#schemas/attestation.ts";
import type { DailyPages } from "#schemas/facts.ts";
import type { Finding, Transition } from "#schemas/finding.ts";
import type { Centre, Closing } from "#schemas/inventory.ts";
import type { Observation } from "#schemas/observation.ts";
import type { Enrolment } from "../store/enrolment.ts";
import type { ListPart } from "../store/list-part.ts";
import type { DayChange } from "./daily-states.ts";
import type { AskedHour, DeviceBrief, LatestReading, PointReading } from "./device-brief.ts";

/** A finding as stored, with the instant at which its present state began. */
export type StandingFinding = Finding & { readonly since: string };
/** What the province page needs of a finding: up to 3,300 centres times 20 of them, so no details, and instants as they are compared. */
export type FindingBrief = Pick<StandingFinding, "requirement" | "state"> & {
  readonly sinceMs: number;
  readonly validUntilMs?: number;
  readonly waived: boolean;
};
/** A finding with all that its sentence needs, without what it stands on. */
export type ToldFinding = Omit<StandingFinding, "evidence" | "parts">;
/** A centre without its devices; `closed` also before its day has come. */
export type CentreBrief = Omit<Centre, "devices"> & { readonly lastContactAt?: string; readonly closed?: Closing };
/** A problem that people were told of, or would have been. */
export type Incident = { readonly id: string; readonly requirement: string; readonly subject?: string; readonly beganAt: string; readonly closedAt?: string };
/** One stored observation, as evidence and charts need it. `ref` is `<stream>:<seq>`; `point` is the reception point of its agent, absent at the main office. */
export type StoredRun = Pick<Observation, "probe" | "target" | "takenAt" | "outcome"> & { readonly ref: string; readonly point?: string };

/** A centre that is no more. */
export type ClosedCentre = Pick<CentreBrief, "code" | "name"> & { readonly closed: Closing };

/**
 * One requirement going from one state to another, and where it did: at how many centres, how often in all, the last ones by their codes, the
 * newest first.
 */
export type SharedChange = Pick<Transition, "requirement" | "from" | "to" | "at"> & {
  readonly centres: number;
  readonly times: number;
  readonly newest: readonly string[];
};

export type ProvinceRows = {
  /** Those that are not closed. */
  readonly centres: readonly CentreBrief[];
  /** Those that are, the last one first. */
  readonly closed: readonly ClosedCentre[];
  /** By the codes of their centres; closed ones may be among them. */
  readonly findings: ReadonlyMap<string, readonly FindingBrief[]>;
  /** Changes since the asked instant at centres that are not closed, newest first; the same change at several is one entry, since one cause often moves many. */
  readonly changes: readonly SharedChange[];
};

export type CentreRows = {
  readonly centre: CentreBrief;
  /** The centre that took its work over, where it is closed and one did. */
  readonly successor?: Pick<CentreBrief, "code" | "name">;
  readonly findings: readonly StandingFinding[];
  /** Changes since the asked instant and, for each requirement, the last one before it; oldest first. */
  readonly history: readonly Transition[];
  /** What days on which nobody judged bring into it; absent where there were none. */
  readonly unjudged?: readonly DayChange[];
  readonly incidents: readonly Incident[];
  /** It has, or had, a reception point beside its main office. */
  readonly hasPoints?: boolean;
  readonly bandwidth: readonly StoredRun[];
  /** The newest recording-depth run of each target. */
  readonly recordings: readonly StoredRun[];
  /** The runs that the findings stand on; those of bandwidth tests with their own evidence. */
  readonly evidence: readonly StoredRun[];
  readonly attestations: readonly Attestation[];
  /** One page of its devices, by the order of devicesOf. */
  readonly devices: ListPart<DeviceBrief>;
  /** What the newest walk along the way out of each reception point proved of its segments (schemas/fault-location.ts). */
  readonly walks: readonly PointReading[];
};

/** What the page of one device shows. */
export type DeviceRows = {
  readonly centre: CentreBrief;
  readonly device: DeviceBrief;
  /** Since the asked instant, oldest first. */
  readonly hours: readonly AskedHour[];
  readonly readings: readonly LatestReading[];
  /** Page counters with which its days began, where it prints. */
  readonly pages: readonly DailyPages[];
  /** Findings of the centre in which the device is a part. */
  readonly findings: readonly StandingFinding[];
  /** Those of its centre since the asked instant. */
  readonly incidents: readonly Incident[];
  /** The newest runs that asked it. */
  readonly runs: readonly StoredRun[];
};

/** What the pages read. Written by collector/store/pages.ts; a test hands in its own. */
export type PageStore = {
  /** `today` is the Vietnam day whose waivers are in force, and by which centres are closed. */
  province(changesSince: string, today: string): Promise<ProvinceRows>;
  /** The findings of some centres. */
  told(codes: readonly string[]): Promise<readonly ToldFinding[]>;
  /** `devicesPage`: which page of its devices, the first where it is absent. */
  centre(code: string, since: string, today: string, devicesPage?: number): Promise<CentreRows | undefined>;
  /** The asset ledger of a centre as of an instant, what needs a person first; empty for a centre that there is not. */
  ledger(code: string, nowMs: number): Promise<readonly LedgerRow[]>;
  /** How far the gateway PC of a centre is; undefined for a centre that there is not. */
  enrolment(code: string, nowMs: number): Promise<Enrolment | undefined>;
  device(code: string, id: string, since: string): Promise<DeviceRows | undefined>;
  /** Changes whenever a finding was judged anew or a waiver was filed or withdrawn: what live pages wait for. */
  revision(): Promise<string>;
};
