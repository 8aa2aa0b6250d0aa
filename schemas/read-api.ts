import { z } from "zod";
import { ledgerStates } from "./asset-ledger.ts";
import { endOfDayMs } from "./calendar.ts";
import { Finding, FindingState, Tally, Transition } from "./finding.ts";
import { Code, Instant, RequirementId } from "./ids.ts";
import { Centre, Closing, DeviceRole } from "./inventory.ts";

/** Most findings in one reply; a province of 135 centres and 20 requirements needs three. */
export const FINDINGS_MAX = 1_000;

/** A finding as the read API gives it: with the instant at which its present state began. */
export const PublicFinding = Finding.extend({ since: Instant });
export type PublicFinding = z.infer<typeof PublicFinding>;

/** A moment that is asked about: an instant with its zone, or a Vietnam day. */
const AskedMoment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** The instant of an asked moment, ms since the epoch; a day stands for its last moment. NaN for what is no moment. */
export function askedMs(said: string): number {
  if (!AskedMoment.safeParse(said).success) return Number.NaN;
  return z.iso.date().safeParse(said).success ? endOfDayMs(said) : Date.parse(said);
}

/** Filters of `GET /v1/findings`. `after` is the `next` of the reply before. */
export const FindingsQuery = z.strictObject({
  centre: Code.optional(),
  requirement: RequirementId.optional(),
  state: FindingState.optional(),
  /** The findings as they were known then; the present ones when absent. */
  asOf: AskedMoment.optional(),
  limit: z.coerce.number().int().min(1).max(FINDINGS_MAX).default(FINDINGS_MAX),
  after: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}:R\d{2}$/, "must be the next of an earlier reply")
    .optional(),
});
export type FindingsQuery = z.infer<typeof FindingsQuery>;

export const FindingsReply = z.object({ at: Instant, findings: z.array(PublicFinding).max(FINDINGS_MAX), next: z.string().optional() });
export type FindingsReply = z.infer<typeof FindingsReply>;

/** A centre without its devices, with the worst state of its requirements and their counts. */
export const CentreStatus = Centre.omit({ devices: true }).extend({
  state: FindingState,
  tally: Tally,
  lastContactAt: Instant.optional(),
  /** Also before its day has come; a centre that is closed has no findings and is in no list of all. */
  closed: Closing.optional(),
});
export type CentreStatus = z.infer<typeof CentreStatus>;

export const CentresReply = z.object({ at: Instant, policy: z.string(), tally: Tally, centres: z.array(CentreStatus) });
export type CentresReply = z.infer<typeof CentresReply>;

/** One asset: what is declared, what searches found and when it answered last, side by side. Addresses and serial numbers stay with the centre. */
export const Asset = z.object({
  state: z.enum(ledgerStates),
  role: DeviceRole,
  /** The code of a declared device; what was only found has none. */
  device: Code.optional(),
  declared: z.boolean(),
  found: z.boolean(),
  vendor: z.string().optional(),
  model: z.string().optional(),
  /** Vietnam day of its last answer. */
  lastDay: z.iso.date().optional(),
  /** The declared device that a duplicate repeats. */
  sameAs: Code.optional(),
});
export type Asset = z.infer<typeof Asset>;

export const CentreReply = z.object({
  at: Instant,
  policy: z.string(),
  centre: CentreStatus,
  findings: z.array(PublicFinding),
  changes: z.array(Transition),
  assets: z.array(Asset),
});
export type CentreReply = z.infer<typeof CentreReply>;

/** Most rows of the audit log in one reply. */
export const DEEDS_MAX = 1_000;

/** Where to go on in the audit log: after the `place` of the last row of the reply before. */
export const AuditQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(DEEDS_MAX).default(DEEDS_MAX),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** The audit log from a place on, oldest first. Each `sha256` covers the row and the one before it: whoever keeps the last one notices a log that was rewritten. */
export const AuditReply = z.object({
  at: Instant,
  deeds: z
    .array(z.object({ place: z.int(), at: Instant, who: z.string(), what: z.string(), about: z.string(), address: z.string(), sha256: z.string() }))
    .max(DEEDS_MAX),
});
export type AuditReply = z.infer<typeof AuditReply>;

/** Answer of `/health/live` and `/health/ready`. `checks` say of each part whether it is well, in words for the operator; the first one has none. */
export const HealthReply = z.object({
  status: z.enum(["live", "ready", "not_ready"]),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })).optional(),
});
export type HealthReply = z.infer<typeof HealthReply>;
