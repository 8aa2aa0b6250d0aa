import type { RecordingProjection } from "#schemas/recording-evidence.ts";
import type { SizedInterval } from "../../recorders/recorder.ts";
import { DAY_MS } from "./segments.ts";

/** Megabytes per day of one kbit/s: 86,400 s / 8 / 1000. */
const BYTES_PER_DAY_PER_KBPS = 10_800_000;
/** Share of a disk that holds recordings; the rest is file system and index. */
const USABLE_SHARE = 0.93;
/** How much real streams undercut their limits: the upper end of the range. */
const VBR_SPREAD = 1.5;

/** Full days that are looked at: the worst of them counts. */
const DAYS_LOOKED_AT = 7;

/**
 * Bytes that a channel wrote on its worst day of the last week, or as many as it would write in a day when it is younger than that.
 * Undefined when a piece has no size, or less than half a day is there.
 * @param pieces with times as labelled, and `nowMs` alike
 */
export function bytesPerDay(pieces: readonly SizedInterval[], nowMs: number): number | undefined {
  let firstMs = nowMs;
  let [recordedMs, all] = [0, 0];
  const days = new Array<number>(DAYS_LOOKED_AT).fill(0);
  for (const { startMs, endMs, bytes } of pieces) {
    if (bytes === undefined) return undefined;
    if (endMs <= startMs || startMs > nowMs) continue;
    firstMs = Math.min(firstMs, startMs);
    recordedMs += endMs - startMs;
    all += bytes;
    const day = Math.floor((nowMs - endMs) / DAY_MS);
    if (day >= 0 && day < DAYS_LOOKED_AT) days[day] = (days[day] ?? 0) + bytes;
  }
  const full = days.slice(0, Math.floor((nowMs - firstMs) / DAY_MS));
  if (full.length > 0) return Math.max(...full) || undefined;
  return recordedMs < DAY_MS / 2 ? undefined : (all * DAY_MS) / recordedMs;
}

export type ProjectionInput = {
  readonly requiredDays: number;
  /** Sum over healthy disks; undefined where the recorder does not tell. */
  readonly totalBytes: number | undefined;
  /** Share of the disks that recordings may fill; undefined = all. */
  readonly videoShare?: number | undefined;
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
  const { requiredDays, totalBytes, videoShare = 1, channels, marginPercent } = input;
  const rate = rateOf(input);
  if (totalBytes === undefined || totalBytes <= 0 || videoShare <= 0 || rate === undefined) return { outlook: "unknown", basis: rate?.basis ?? "none" };
  const usableShare = USABLE_SHARE * videoShare;
  const usable = totalBytes * usableShare;
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
    ...(outlook === "ok" ? {} : { missingTb: tenth(Math.max(0, needed / usableShare - totalBytes) / 1e12), fittingKbps: Math.floor(fitting) }),
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
