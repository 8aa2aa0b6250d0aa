import { z } from "zod";
import { Duty } from "./duty.ts";
import { Code, RequirementId } from "./ids.ts";
import { DeviceRole } from "./inventory.ts";
import { metricNames } from "./metrics.ts";
import { ProbeKind } from "./observation.ts";
import { Words } from "./words.ts";

const days = z.number().positive().max(3_660);

/** A measured number must reach a floor; a breach needs confirmation over runs, days and servers (fields/link.md). */
export const FloorRule = z.strictObject({
  kind: z.literal("floor"),
  probe: ProbeKind,
  /** All of these must reach the floor in the same run. */
  metrics: z.array(z.enum(metricNames)).min(1),
  floor: z.number(),
  /** Which runs count: those of working hours, or all. The other hours' runs are shown beside them. */
  hours: z.enum(["any", "working"]),
  /** A pass stands this long after the run that showed it. */
  passValidDays: days,
  /** A breach: at least `runs` of the last `of` valid runs below, on `days` days, against `servers` servers. */
  breach: z.strictObject({ runs: z.int().min(1), of: z.int().min(1), days: z.int().min(1), servers: z.int().min(1) }),
});
export type FloorRule = z.infer<typeof FloorRule>;

/**
 * Enough devices of a role: required = ceil(officers x perOfficer) + fixed; seen on `seenDays` of the last `ofWorkingDays` working days, to which the
 * present one adds while it is not over.
 * Devices of several roles stand in for each other, unless `eachRole`: then every role needs that many of its own.
 */
export const CountRule = z.strictObject({
  kind: z.literal("count"),
  probe: ProbeKind,
  roles: z.array(DeviceRole).min(1),
  perOfficer: z.number().min(0),
  fixed: z.int().min(0),
  seenDays: z.int().min(1),
  ofWorkingDays: z.int().min(1),
  eachRole: z.boolean().optional(),
  /** A printer whose page counter stands still for so many days is said to be unused; `demanded`: and does not count. */
  use: z.strictObject({ days: z.int().min(1).max(60), demanded: z.boolean() }).optional(),
});
export type CountRule = z.infer<typeof CountRule>;

/** Hours of some weekdays (1 = Monday, 7 = Sunday) in which recording is demanded. `to` "24:00" is midnight. */
export const RecordingHours = z
  .strictObject({
    weekdays: z.array(z.int().min(1).max(7)).min(1).max(7),
    from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
    to: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/),
  })
  .refine(({ from, to }) => from < to, { message: "from must lie before to", path: ["to"] });
export type RecordingHours = z.infer<typeof RecordingHours>;

/** Recordings of every channel reach back far enough, without long gaps (fields/cameras.md §9). */
export const DepthRule = z.strictObject({
  kind: z.literal("depth"),
  probe: ProbeKind,
  days,
  coveragePercentMin: z.number().min(0).max(100),
  longestGapMinutesMax: z.number().min(0),
  /** Gaps shorter than this are joined before anything is counted. */
  mergeGapSeconds: z.number().min(0),
  /** The newest recording may be this old and still count as "recording now". */
  freshMinutes: z.number().positive(),
  clockSkewWarnSeconds: z.number().positive(),
  clockSkewSecondsMax: z.number().positive(),
  recordingMode: z.enum(["continuous", "schedule", "event"]),
  /** For "schedule": when recording is demanded, in local time. Nothing is demanded outside of it. */
  schedule: z.array(RecordingHours).min(1).max(14).optional(),
  /** A recording in so many pieces a day is taken for one made by motion. */
  eventPiecesPerDay: z.number().positive(),
  /** Frames fetched at random instants of each channel, besides the one at the far end. */
  replaySamples: z.int().min(0).max(4),
  /** Safety margin of the estimate of what a disk will hold. */
  projectionMarginPercent: z.number().min(0).max(90),
  maxAgeHours: z.number().positive(),
});
export type DepthRule = z.infer<typeof DepthRule>;

/** Enough people at once on the Wi-Fi, four-valued (fields/devices.md A.4). */
export const CapacityRule = z.strictObject({
  kind: z.literal("capacity"),
  probe: ProbeKind,
  users: z.int().min(1),
  peakDays: days,
  utilisationPercentMax: z.number().min(0).max(100),
  dhcpFreePercentMin: z.number().min(0).max(100),
  /** Addresses leased for longer than `hours` stay taken after their people have gone: then at least this share must be free. */
  longLease: z.strictObject({ hours: z.number().positive(), freePercentMin: z.number().min(0).max(100) }).optional(),
  clientsPerRadio: z.int().min(1),
  /** A breach: so many runs in a row say the same. An access point that restarts is silent in one. */
  breachRuns: z.int().min(1).max(12),
  maxAgeHours: z.number().positive(),
});
export type CapacityRule = z.infer<typeof CapacityRule>;

/** Something answers during working hours. Without `targets`, each target that the probe reports must, or tells that it could not ask. */
export const ReachableRule = z.strictObject({
  kind: z.literal("reachable"),
  probe: ProbeKind,
  metric: z.enum(metricNames),
  targets: z.array(Code).optional(),
  windowHours: z.number().positive(),
  runsMin: z.int().min(1),
  upPercentMin: z.number().min(0).max(100),
  maxAgeMinutes: z.number().positive(),
  workingHoursOnly: z.boolean(),
  /** A target that fails from more than this share of centres is a shared fault and excuses them. */
  sharedFaultPercent: z.number().min(0).max(100).optional(),
  /** The centres' newest answers of this long are looked at. */
  sharedFaultWindowMinutes: z.number().positive().max(1_440).optional(),
  /** Fewer centres than this prove no shared fault. */
  sharedFaultCentresMin: z.int().min(1).optional(),
});
export type ReachableRule = z.infer<typeof ReachableRule>;

/** Declared by the commune or found by an inspector, item by item, for a limited time. */
export const AttestedRule = z.strictObject({
  kind: z.literal("attested"),
  items: z.array(z.strictObject({ id: Code, title: Words })).min(1),
  validDays: days,
});
export type AttestedRule = z.infer<typeof AttestedRule>;

/** Work that comes back and is written down each time; green only when an inspector has held the records against what is done. */
export const ChecklistRule = z.strictObject({
  kind: z.literal("checklist"),
  duties: z.array(Duty).min(1).max(60),
  /** What an inspector confirms of the records, and for how long. */
  inspected: AttestedRule,
});
export type ChecklistRule = z.infer<typeof ChecklistRule>;

export const Rule = z.discriminatedUnion("kind", [FloorRule, CountRule, DepthRule, CapacityRule, ReachableRule, AttestedRule, ChecklistRule]);
export type Rule = z.infer<typeof Rule>;
export type RuleKind = Rule["kind"];

/** Who has to act when a requirement is not met. */
export const owners = ["commune", "dost", "isp", "portal-vendor", "province-it", "province-office", "vendor"] as const;
export const Owner = z.enum(owners);
export type Owner = z.infer<typeof Owner>;

export const Requirement = z.strictObject({
  id: RequirementId,
  title: Words,
  /** Where the plan says it, and its own words. */
  clause: z.string().min(1),
  quote: z.string().min(1),
  evidenceClass: z.enum(["measured", "declared", "both"]),
  /** `key_area`: only where the centre's flag is set. */
  applies: z.enum(["always", "key_area"]),
  /** Of what is measured, where a centre has several reception points: demanded at each of them, as where nothing is said, or at the main office alone. Counts are of the whole centre. */
  points: z.enum(["each", "main"]).optional(),
  owner: Owner,
  /** 1 = the counter cannot serve, 3 = formality. Orders what is shown first. */
  impact: z.int().min(1).max(3),
  rule: Rule,
  /** For class `both`: what is declared beside the measured value. Shown, never folded in. */
  declared: AttestedRule.optional(),
  advice: Words,
  /** What the plan leaves open and how this policy reads it. */
  reading: Words.optional(),
});
export type Requirement = z.infer<typeof Requirement>;

/** The items that people attest for a requirement: alone, over what is written down, or beside a measured value. */
export function attestedRuleOf({ rule, declared }: Pick<Requirement, "rule" | "declared">): AttestedRule | undefined {
  return rule.kind === "attested" ? rule : rule.kind === "checklist" ? rule.inspected : declared;
}

/** Whether a rule looks at people's words alone: nothing that a probe measures can change it. */
export function restsOnWords(rule: Rule): rule is AttestedRule | ChecklistRule {
  return rule.kind === "attested" || rule.kind === "checklist";
}

/** A text by which a portal's page is known. */
export const ExpectedText = z.string().trim().min(1).max(200);

/** A portal that every centre asks. */
export const Portal = z.strictObject({
  id: Code,
  name: Words,
  url: z.url({ protocol: /^https?$/ }),
  everyMinutes: z.number().min(5),
  /** Stands in the source of the page at `url`, and on no page that may be shown in its place (maintenance). Absent = whatever answers is the portal. */
  expectText: ExpectedText.optional(),
});
export type Portal = z.infer<typeof Portal>;

/** All rules of one province, as versioned data. A new version is a new file entry with its own effective date. */
export const PolicyProfile = z.strictObject({
  id: Code,
  version: z.int().min(1),
  effectiveFrom: z.iso.date(),
  title: Words,
  source: z.strictObject({ document: z.string(), date: z.iso.date(), note: z.string() }),
  timeZone: z.literal("Asia/Ho_Chi_Minh"),
  calendar: Code,
  /** Each is asked by every centre: no list of them makes the agents a crowd that somebody sends round. */
  portals: z.array(Portal).min(1).max(64),
  /** Official addresses of the province's video system: what recorders must be registered at. Absent = not yet named. */
  vmsHosts: z.array(z.string().trim().min(1).max(253)).max(16).optional(),
  requirements: z.array(Requirement).min(1),
});
export type PolicyProfile = z.infer<typeof PolicyProfile>;
