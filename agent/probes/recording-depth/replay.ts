import type { FrameEvidence } from "#schemas/recording-evidence.ts";
import type { FrameProof } from "../../io/rtsp-video.ts";
import type { Interval } from "./segments.ts";
import type { ReplayResult } from "./verdict.ts";

/** Reading replayed frames (pure). Times in UTC, ms. */

const MINUTE_MS = 60_000;
/** A device starts at the clean point at or before the instant, and its clock may drift a little. */
const EARLY_MS = MINUTE_MS;
const LATE_MS = 2 * MINUTE_MS;

/** The first recorded instant at least `marginMs` after the window's start; undefined when nothing that old is claimed. */
export function farInstant(intervals: readonly Interval[], windowStartMs: number, marginMs: number): number | undefined {
  const first = intervals[0];
  if (!first || first.startMs > windowStartMs) return undefined;
  const wantedMs = windowStartMs + marginMs;
  const holder = intervals.find(({ endMs }) => endMs > wantedMs + LATE_MS);
  return holder && Math.max(wantedMs, holder.startMs + MINUTE_MS);
}

/** Instants inside recorded time, spread by a seed that changes from run to run; none within five minutes of a piece's ends. */
export function sampleInstants(intervals: readonly Interval[], count: number, seed: number): number[] {
  const wide = intervals.filter(({ startMs, endMs }) => endMs - startMs > 15 * MINUTE_MS);
  let state = seed >>> 0;
  const next = () => {
    // Lehmer generator: enough to be unpredictable for a recorder, the same for the same seed.
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39;
    return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32;
  };
  return Array.from({ length: wide.length > 0 ? count : 0 }, () => {
    const piece = wide[Math.floor(next() * wide.length)] ?? { startMs: 0, endMs: 0 };
    const roomMs = piece.endMs - piece.startMs - 10 * MINUTE_MS;
    return Math.floor(piece.startMs + 5 * MINUTE_MS + next() * roomMs);
  });
}

/**
 * The frame's own time in UTC. Some recorders label the frame as they label everything else, some stamp true UTC:
 * the reading nearer to the target is taken.
 */
export function frameUtc(frame: FrameProof, targetMs: number, labelOffsetMs: number): number | undefined {
  if (frame.frameUtcMs === undefined) return undefined;
  const labelled = frame.frameUtcMs - labelOffsetMs;
  return Math.abs(labelled - targetMs) <= Math.abs(frame.frameUtcMs - targetMs) ? labelled : frame.frameUtcMs;
}

/** RTSP answers that speak of the recording: played without a picture, not found, no such time. Others speak of the account or of the way it was asked. */
const emptyStatuses: ReadonlySet<number> = new Set([200, 404, 457]);

/** What a frame at the far end says. */
export function judgeFrame(frame: FrameProof, targetMs: number, labelOffsetMs: number): ReplayResult {
  if (frame.frameTime === "implied") return { kind: "implied" };
  if (frame.frameTime === "none" && !emptyStatuses.has(frame.status)) return { kind: "unavailable" };
  const utcMs = frameUtc(frame, targetMs, labelOffsetMs);
  if (utcMs === undefined || utcMs < targetMs - EARLY_MS) return { kind: "none" };
  return utcMs <= targetMs + LATE_MS ? { kind: "frame" } : { kind: "later", frameUtcMs: utcMs };
}

/** A frame as evidence: numbers only, never the picture. */
export function frameEvidence(purpose: FrameEvidence["purpose"], frame: FrameProof, targetMs: number, labelOffsetMs: number): FrameEvidence {
  const utcMs = frameUtc(frame, targetMs, labelOffsetMs);
  const sane = utcMs !== undefined && Math.abs(utcMs) < 4e12;
  return {
    purpose,
    target: new Date(targetMs).toISOString(),
    ...(sane ? { frame: new Date(utcMs).toISOString(), deltaS: Math.round((utcMs - targetMs) / 100) / 10 } : {}),
    frameTime: frame.frameTime,
    ...(frame.codec === undefined ? {} : { codec: frame.codec }),
    bytes: frame.bytes,
    rtspStatus: frame.status,
  };
}
