import { z } from "zod";
import { Code, Instant, RequirementId } from "./ids.ts";

/** States in their order of decision (design §3): the first that holds is the finding's state. */
export const findingStates = ["not_applicable", "error", "unknown", "pending", "fail", "pass"] as const;
export const FindingState = z.enum(findingStates);
export type FindingState = z.infer<typeof FindingState>;

/** Why a finding has its state. Codes for machines; the sentence for people is `finding.reason.<code>` in the catalogue. */
export const findingReasons = [
  // pass
  "met",
  "capacity_demonstrated",
  "capacity_supported",
  "inspected",
  "duties_kept",
  // fail
  "below_floor",
  "count_short",
  "declared_short",
  "not_seen",
  "retention_short",
  "recording_gaps",
  "not_recording",
  "replay_failed",
  "storage_fault",
  "retention_cap",
  "history_lost",
  "capacity_insufficient",
  "target_down",
  "other_page",
  "wifi_down",
  "denied",
  "duties_late",
  // pending
  "duties_open",
  "unconfirmed",
  "wifi_unconfirmed",
  "too_young",
  "not_yet_demonstrated",
  "budget",
  // unknown
  "no_data",
  "stale",
  "too_few_runs",
  "lease_used",
  "only_excused_runs",
  "site_offline",
  "unheard",
  "shared_fault",
  "no_denominator",
  "declared_only",
  "moved",
  "not_attested",
  "attestation_expired",
  "not_recorded",
  "no_address",
  "not_asked",
  "no_channel",
  "no_camera",
  "unverifiable",
  "device_offline",
  "access_denied",
  "no_measure_server",
  "clock_wrong",
  "pc_clock_wrong",
  "contradiction",
  // error
  "rule_error",
  // not applicable
  "not_key_area",
] as const;
export const FindingReason = z.enum(findingReasons);
export type FindingReason = z.infer<typeof FindingReason>;

/** Points to one stored observation (`<stream>:<seq>`), attestation (`attestation:<id>`) or record of a duty (`duty:<id>`). */
export const EvidenceRef = z.string().max(80);
export type EvidenceRef = z.infer<typeof EvidenceRef>;

/** Numbers and short codes that the reason's sentence and the page need; device text in it is already cleaned. */
const DetailValue = z.union([z.number(), z.string().max(200), z.boolean()]);
export type FindingDetailValue = z.infer<typeof DetailValue>;
export const FindingDetail = z.record(z.string().max(40), DetailValue);

/**
 * One device, channel or portal inside a finding: the centre's state is the worst of its parts. Where a centre has several reception points, `point` says at
 * which one it is, and a part whose subject is the point stands for its line or LAN as a whole.
 */
export const FindingPart = z.strictObject({
  subject: z.string().max(128),
  point: Code.optional(),
  state: FindingState,
  reason: FindingReason,
  observed: z.number().optional(),
  detail: FindingDetail.optional(),
});
export type FindingPart = z.infer<typeof FindingPart>;

/** What is declared beside a measured value; shown, never folded in. Who said it stands in the attestation alone, which ends earlier than the history of findings. */
export const Declared = z.strictObject({
  value: z.number().optional(),
  text: z.string().max(200).optional(),
  at: Instant,
  inspected: z.boolean(),
});
export type Declared = z.infer<typeof Declared>;

/** What a waiver adds on top of the stored state, which it never replaces. */
export const WaiverMark = z.strictObject({ id: z.string(), reason: z.string().max(300), document: z.string().max(128), until: z.iso.date() });

/** Most parts of a finding. */
export const PARTS_MAX = 300;

/** The judgement of one requirement at one centre at one instant. */
export const Finding = z.strictObject({
  centre: Code,
  requirement: RequirementId,
  state: FindingState,
  reason: FindingReason,
  observed: z.number().optional(),
  required: z.number().optional(),
  unit: z.string().max(12).optional(),
  evidenceClass: z.enum(["measured", "declared", "inspected"]),
  detail: FindingDetail.optional(),
  declared: Declared.optional(),
  parts: z.array(FindingPart).max(PARTS_MAX).optional(),
  evidence: z.array(EvidenceRef).max(50),
  /** Time of the newest evidence. */
  observedAt: Instant.optional(),
  evaluatedAt: Instant,
  /** A pass is none after this instant without new evidence; every pass has one. */
  validUntil: Instant.optional(),
  /** `<policy id>@<version>` */
  policy: z.string(),
  waiver: WaiverMark.optional(),
});
export type Finding = z.infer<typeof Finding>;

/** A change of a finding's state: what history keeps and alerts start from. */
export const Transition = z.strictObject({
  centre: Code,
  requirement: RequirementId,
  from: FindingState.optional(),
  to: FindingState,
  reason: FindingReason,
  at: Instant,
});
export type Transition = z.infer<typeof Transition>;

/** How a province or a centre stands. The states sum to `total`; waived and excused lie beside and are not subtracted. */
export const Tally = z.strictObject({
  total: z.int(),
  pass: z.int(),
  fail: z.int(),
  pending: z.int(),
  unknown: z.int(),
  error: z.int(),
  not_applicable: z.int(),
  waived: z.int(),
  /** decided / applicable, 0..1; undefined when nothing applies. */
  coverage: z.number().optional(),
  /** pass / (pass + fail), 0..1; undefined when nothing is decided. */
  score: z.number().optional(),
});
export type Tally = z.infer<typeof Tally>;
