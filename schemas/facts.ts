import type { KnownDevice } from "./asset-ledger.ts";
import type { Attestation, Waiver } from "./attestation.ts";
import type { Calendar } from "./calendar.ts";
import type { KeptDuty } from "./duty.ts";
import type { EvidenceRef } from "./finding.ts";
import type { Centre, DeviceRole, NewlyDeclared } from "./inventory.ts";
import type { Outcome, ProbeKind } from "./observation.ts";

/** One stored observation as the rules see it. `point`: the reception point of its agent; absent at the main office. */
export type Run = {
  readonly ref: EvidenceRef;
  readonly probe: ProbeKind;
  readonly target?: string;
  readonly atMs: number;
  readonly outcome: Outcome;
  readonly point?: string;
};

/**
 * A reception point, and when its agents were heard first and last; neither where none was. `told`: of one that is silent the probes whose runs it had made in its
 * last days, by which it is known what is there that nobody has declared.
 */
export type PointContact = {
  readonly point: string;
  readonly firstContactMs?: number;
  readonly lastContactMs?: number;
  readonly told?: readonly ProbeKind[];
};

/** A device that answered at least once on a Vietnam day (`YYYY-MM-DD`). */
export type Presence = { readonly device: string; readonly role: DeviceRole; readonly day: string };

/** Highest value of a metric's total in working hours of a Vietnam day. */
export type DailyPeak = { readonly metric: "wifi_clients"; readonly day: string; readonly value: number };

/** Lowest page counter that a printer told on a Vietnam day: what it had printed when the day began. */
export type DailyPages = { readonly device: string; readonly day: string; readonly pages: number };

/** A target (a portal's code) that failed everywhere from `fromMs` to before `toMs`. */
export type SharedFault = { readonly target: string; readonly fromMs: number; readonly toMs: number };

/**
 * All that `evaluate` may know of one centre. Built by the collector from the store, and by the agent's self-check from its spool.
 * Lists are newest first and hold at least what `needs` of the policy's rules asks for.
 */
export type Facts = {
  readonly centre: Centre;
  readonly calendar: Calendar;
  readonly runs: readonly Run[];
  readonly presence: readonly Presence[];
  /** Of the centre's devices those that were declared lately; the agent could not look for them before. */
  readonly newlyDeclared: readonly NewlyDeclared[];
  /** Devices that searches of the LAN found lately, declared or not. */
  readonly found: readonly KnownDevice[];
  readonly peaks: readonly DailyPeak[];
  readonly pages: readonly DailyPages[];
  readonly attestations: readonly Attestation[];
  readonly waivers: readonly Waiver[];
  /** What was written of duties. */
  readonly duties: readonly KeptDuty[];
  /** First and last time that any observation of the centre was received; absent when there never was one. */
  readonly firstContactMs?: number;
  readonly lastContactMs?: number;
  /** The reception points that have an agent or declare a device, the main office first; absent where nothing was ever said of any but the main office. */
  readonly points?: readonly PointContact[];
  /** When targets failed from so many centres that the fault was shared. */
  readonly sharedFaults: readonly SharedFault[];
};

/** From `fromMs` (not included) to `toMs` (included). */
export type Span = { readonly fromMs: number; readonly toMs: number };

/** What rules want to be loaded. */
export type Needs = {
  readonly runs: readonly Need[];
  /** Records of duties written on this Vietnam day or later; none are read where it is absent. */
  readonly dutiesFrom?: string;
};

/** What one rule wants of runs: those of a probe within the spans, the newest `runsMax` of each target. Of `bare` ones only how they ended, without readings and evidence. */
export type Need = { readonly probe: ProbeKind; readonly spans: readonly Span[]; readonly runsMax: number; readonly bare?: true };
