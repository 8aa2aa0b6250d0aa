import { z } from "zod";

/** The numbers that decide. Scheduled runs get them from the plan's policy; nothing here has a value of its own. */
export const RecordingPolicy = z.strictObject({
  /** How far recordings must reach back. */
  days: z.number().positive().max(3_660),
  coveragePercentMin: z.number().min(0).max(100),
  longestGapMinutesMax: z.number().min(0),
  /** Pieces that lie closer together are one. */
  mergeGapSeconds: z.number().min(0),
  /** The newest recording may be this old and still count as "recording now". */
  freshMinutes: z.number().positive(),
  recordingMode: z.enum(["continuous", "event"]),
  clockSkewWarnSeconds: z.number().positive(),
  clockSkewSecondsMax: z.number().positive(),
  /** How far the place is ahead of UTC, minutes. */
  zoneMinutes: z.int().min(-840).max(840),
  /** A recording in so many pieces a day is taken for one made by motion. */
  eventPiecesPerDay: z.number().positive(),
  /** Frames asked for at random instants, besides the one at the far end. */
  replaySamples: z.int().min(0).max(4),
  /** Requests per second that one device gets. */
  requestsPerSecond: z.number().positive().max(1_000),
  /** Safety margin of the projection. */
  projectionMarginPercent: z.number().min(0).max(90),
});
export type RecordingPolicy = z.infer<typeof RecordingPolicy>;

/** Numbers for a run by hand, when nobody gives the plan's: those that fields/cameras.md §7 and §9 propose. */
export const adHocRecordingPolicy: RecordingPolicy = {
  days: 30,
  coveragePercentMin: 99,
  longestGapMinutesMax: 60,
  mergeGapSeconds: 60,
  freshMinutes: 15,
  recordingMode: "continuous",
  clockSkewWarnSeconds: 30,
  clockSkewSecondsMax: 120,
  zoneMinutes: 420,
  eventPiecesPerDay: 12,
  replaySamples: 2,
  requestsPerSecond: 2,
  projectionMarginPercent: 10,
};
