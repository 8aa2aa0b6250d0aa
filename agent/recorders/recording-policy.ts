import { z } from "zod";
import { DepthRule } from "#schemas/policy.ts";

/** The numbers that decide: those of the plan's rule, the zone of the place and the pace. Nothing here has a value of its own. */
export const RecordingPolicy = DepthRule.omit({ kind: true, probe: true, maxAgeHours: true }).extend({
  /** How far the place is ahead of UTC, minutes. */
  zoneMinutes: z.int().min(-840).max(840),
  /** Requests per second that one device gets. */
  requestsPerSecond: z.number().positive().max(1_000),
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
