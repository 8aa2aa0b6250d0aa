import { z } from "zod";
import { Instant } from "./ids.ts";
import { DeviceText } from "./observation.ts";

/** Most gaps that are told per channel, the longest ones; `gapsTotal` counts all. */
export const GAPS_MAX = 50;
/** Calendar days of the coverage strip: 30 days of a window touch 31. */
export const STRIP_DAYS = 31;
/** Most channels of one run. */
export const CHANNELS_MAX = 64;

/** What is said of one channel's recordings. `UNVERIFIABLE` is never shown green. */
export const RecordingVerdict = z.enum(["COMPLIANT", "NON_COMPLIANT", "TOO_YOUNG", "UNVERIFIABLE"]);
export type RecordingVerdict = z.infer<typeof RecordingVerdict>;

/** Reasons of NON_COMPLIANT. */
export const breachReasons = [
  "CAP_BELOW_POLICY",
  "DELETED",
  "GAPS",
  "HISTORY_LOST",
  "NOT_RECORDING",
  "REPLAY_FAILED_AT_30D",
  "RETENTION_SHORT",
  "STORAGE_FAULT",
] as const;
/** Reasons of UNVERIFIABLE. */
export const unverifiableReasons = [
  "AUTH_FAILED",
  "CHANGED_DEVICE",
  "CLOCK_UNKNOWN",
  "CLOCK_WRONG",
  "CLOUD_ONLY",
  "CONTRADICTION",
  "DEVICE_BUSY",
  "EVENT_MODE",
  "INCOMPLETE",
  "NO_API",
  "NO_PERMISSION",
  "NO_RECORDER",
  "OFFLINE",
  "OLDEST_ONLY",
  "ZONE_UNKNOWN",
] as const;
export const RecordingReason = z.enum([...breachReasons, ...unverifiableReasons]);
export type RecordingReason = z.infer<typeof RecordingReason>;

/** Facts beside the verdict that its reader should know. */
export const RecordingNote = z.enum(["CONTRADICTION", "EVENT_MODE", "INVALID_TIMESTAMP", "RING_UNTESTED", "SWITCHED_OFF", "ZONE_MISLABELLED", "CLOCK_DRIFTS"]);
export type RecordingNote = z.infer<typeof RecordingNote>;

/** How many days a disk will hold, as a range, and what would make it fit. Absent numbers could not be known. */
export const RecordingProjection = z.strictObject({
  outlook: z.enum(["ok", "short", "unknown"]),
  daysMin: z.number().min(0).optional(),
  daysMax: z.number().min(0).optional(),
  basis: z.enum(["growth", "segment_sizes", "bitrate_limits", "none"]),
  /** Disk space that is missing for the required days, 10^12 bytes. */
  missingTb: z.number().min(0).optional(),
  /** Bitrate of one channel that would fit the disk, kbit/s. */
  fittingKbps: z.number().min(0).optional(),
});
export type RecordingProjection = z.infer<typeof RecordingProjection>;

/** One frame that was asked for. `deltaS` = frame's own time - asked time. */
export const FrameEvidence = z.strictObject({
  purpose: z.enum(["oldest", "sample", "gap"]),
  target: Instant,
  frame: Instant.optional(),
  deltaS: z.number().optional(),
  frameTime: z.enum(["abs", "implied", "none"]),
  codec: DeviceText.optional(),
  bytes: z.number().min(0),
  rtspStatus: z.int().min(0).max(999),
});
export type FrameEvidence = z.infer<typeof FrameEvidence>;

export const RecordingGap = z.strictObject({ from: Instant, to: Instant });

/** The proof of one channel. */
export const ChannelEvidence = z.strictObject({
  /** Label of the device, as in the readings of other camera probes. */
  device: DeviceText,
  channel: DeviceText,
  name: DeviceText,
  verdict: RecordingVerdict,
  reasons: z.array(RecordingReason).max(12),
  notes: z.array(RecordingNote).max(8),
  method: z.enum(["onvif-events", "isapi-search", "dahua-find", "isapi-days", "onvif-recordings", "onvif-summary", "agent-history", "none"]),
  /** Computed from what the recorder lists, in UTC. */
  oldest: Instant.optional(),
  newest: Instant.optional(),
  recordingNow: z.boolean().optional(),
  coveragePercent: z.number().min(0).max(100).optional(),
  longestGapMinutes: z.number().min(0).optional(),
  gaps: z.array(RecordingGap).max(GAPS_MAX),
  gapsTotal: z.int().min(0),
  /** Recorded minutes of each local day, the last is the day of the run; null where nobody knows. Empty when no day is known. */
  perDayMinutes: z.array(z.int().min(0).max(1440).nullable()).max(STRIP_DAYS),
  ring: z.enum(["full", "filling", "reset", "unknown"]),
  probes: z.array(FrameEvidence).max(8),
  projection: RecordingProjection.optional(),
});
export type ChannelEvidence = z.infer<typeof ChannelEvidence>;

/** One disk as its recorder tells of it, bytes. */
const RecorderDisk = z.strictObject({
  disk: DeviceText,
  state: DeviceText,
  healthy: z.boolean().optional(),
  totalBytes: z.number().optional(),
  freeBytes: z.number().optional(),
});

/** The device that was asked, once for all of its channels. */
export const RecorderEvidence = z.strictObject({
  device: DeviceText,
  protocol: z.enum(["onvif", "isapi", "dahua", "none"]),
  manufacturer: DeviceText.optional(),
  model: DeviceText.optional(),
  firmware: DeviceText.optional(),
  serial: DeviceText.optional(),
  clock: z.enum(["ok", "warn", "wrong", "zone_mislabelled", "unknown"]),
  skewS: z.number().optional(),
  clockSource: z.enum(["utc", "wall", "none"]),
  zone: DeviceText.optional(),
  /** `healthy` is absent where the recorder's word for the state says neither that the disk is well nor that it is broken. */
  disks: z.array(RecorderDisk).max(32),
  /** Parts of the proof that the device does not offer. */
  unverified: z.array(z.string().max(32)).max(16),
  /** Its answers of this run: how many, and SHA-256 over the SHA-256 of each body. The bodies are not kept. */
  answers: z.strictObject({ count: z.int().min(0), bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  /** Why nothing could be asked, when nothing could. */
  trouble: DeviceText.optional(),
});
export type RecorderEvidence = z.infer<typeof RecorderEvidence>;

/** Evidence of one run of `recording-depth`. The judge and the pages read it; it stays below the size of `Evidence`. */
export const RecordingEvidence = z.strictObject({
  window: z.strictObject({ from: Instant, to: Instant }),
  requiredDays: z.number().positive(),
  /** Minutes of each of 31 local days in which recording was demanded, where that is not all of them. */
  demandedMinutes: z.array(z.int().min(0).max(1440)).length(STRIP_DAYS).optional(),
  /** Local date of the last entry of `perDayMinutes`. */
  lastDay: z.iso.date(),
  recorders: z.array(RecorderEvidence).max(CHANNELS_MAX),
  channels: z.array(ChannelEvidence).max(CHANNELS_MAX),
});
export type RecordingEvidence = z.infer<typeof RecordingEvidence>;

const severity: Readonly<Record<RecordingVerdict, number>> = { NON_COMPLIANT: 0, UNVERIFIABLE: 1, TOO_YOUNG: 2, COMPLIANT: 3 };

/** The verdict of several channels together: the worst, and UNVERIFIABLE for none. */
export function worstVerdict(verdicts: readonly RecordingVerdict[]): RecordingVerdict {
  return (
    verdicts.reduce<RecordingVerdict | undefined>(
      (worst, verdict) => (worst === undefined || severity[verdict] < severity[worst] ? verdict : worst),
      undefined,
    ) ?? "UNVERIFIABLE"
  );
}
