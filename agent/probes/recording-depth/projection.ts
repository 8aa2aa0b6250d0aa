import type { RecordingProjection } from "#schemas/recording-evidence.ts";

/** Megabytes per day of one kbit/s: 86,400 s / 8 / 1000. */
const BYTES_PER_DAY_PER_KBPS = 10_800_000;
/** Share of a disk that holds recordings; the rest is file system and index. */
const USABLE_SHARE = 0.93;
/** How much real streams undercut their limits: the upper end of the range. */
const VBR_SPREAD = 1.5;

export type ProjectionInput = {
  readonly requiredDays: number;
  /** Sum over healthy disks; undefined where the recorder does not tell. */
  readonly totalBytes: number | undefined;
  /** Growth of used space per day while the disk fills. */
  readonly growthBytesPerDay: number | undefined;
  /** Sum of segment sizes of all channels, per day. */
  readonly segmentBytesPerDay: number | undefined;
  /** Sum of the encoders' limits of all recorded streams, kbit/s: an upper bound. */
  readonly bitrateLimitKbps: number | undefined;
  readonly channels: number;
  readonly marginPercent: number;
};

/**
 * Days that a recorder's disks will hold: usable bytes / bytes per day (fields/cameras.md §10), best basis first.
 * `daysMin` and `daysMax` span the margin; limits of encoders are an upper bound of the rate, so their range is wider above.
 */
export function projectDays(input: ProjectionInput): RecordingProjection {
  const { requiredDays, totalBytes, channels, marginPercent } = input;
  const rate = rateOf(input);
  if (totalBytes === undefined || totalBytes <= 0 || rate === undefined) return { outlook: "unknown", basis: rate?.basis ?? "none" };
  const usable = totalBytes * USABLE_SHARE;
  const days = usable / rate.bytesPerDay;
  const margin = marginPercent / 100;
  const daysMin = days * (1 - margin);
  const daysMax = days * (1 + margin) * (rate.basis === "bitrate_limits" ? VBR_SPREAD : 1);
  const needed = requiredDays * rate.bytesPerDay * (1 + margin);
  const outlook = daysMin >= requiredDays ? "ok" : daysMax < requiredDays ? "short" : "unknown";
  const fitting = (usable * (1 - margin)) / requiredDays / BYTES_PER_DAY_PER_KBPS / Math.max(channels, 1);
  return {
    outlook,
    daysMin: tenth(daysMin),
    daysMax: tenth(daysMax),
    basis: rate.basis,
    ...(outlook === "ok" ? {} : { missingTb: tenth(Math.max(0, needed / USABLE_SHARE - totalBytes) / 1e12), fittingKbps: Math.floor(fitting) }),
  };
}

function rateOf({ growthBytesPerDay, segmentBytesPerDay, bitrateLimitKbps }: ProjectionInput) {
  if (growthBytesPerDay !== undefined && growthBytesPerDay > 0) return { basis: "growth", bytesPerDay: growthBytesPerDay } as const;
  if (segmentBytesPerDay !== undefined && segmentBytesPerDay > 0) return { basis: "segment_sizes", bytesPerDay: segmentBytesPerDay } as const;
  if (bitrateLimitKbps !== undefined && bitrateLimitKbps > 0)
    return { basis: "bitrate_limits", bytesPerDay: bitrateLimitKbps * BYTES_PER_DAY_PER_KBPS } as const;
  return undefined;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
