import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { readingOf } from "#schemas/observation.ts";
import { type ChannelEvidence, type FrameEvidence, RecordingEvidence, type RecordingProjection, STRIP_DAYS } from "#schemas/recording-evidence.ts";
import type { RecordedDay } from "./coverage-strip.ts";
import type { StoredRun } from "./page-store.ts";

/** One camera's recordings as the centre page shows them. Absent numbers are not known. */
export type ChannelRecordings = {
  readonly name: string;
  readonly takenAt: string;
  readonly days: readonly RecordedDay[];
  readonly verdict?: ChannelEvidence["verdict"];
  readonly reasons: ChannelEvidence["reasons"];
  /** The frame that was really fetched from the far end. */
  readonly oldestFrame?: FrameEvidence;
  readonly gaps: ChannelEvidence["gaps"];
  readonly gapsTotal: number;
  /** Nobody could list what is recorded: the days and gaps are those of the agent's own watch. */
  readonly watched: boolean;
  readonly projection?: RecordingProjection;
  readonly depthDays?: number;
  readonly coveragePercent?: number;
  readonly longestGapMinutes?: number;
  readonly recordingNow?: boolean;
};

const DAY_MS = 86_400_000;

/** The channels of the newest recording-depth runs: numbers from their readings, days from their evidence where it is given. */
export function recordingsView(runs: readonly StoredRun[]): readonly ChannelRecordings[] {
  return runs.flatMap((run) => {
    if (run.outcome.kind !== "measured") return [];
    const { readings } = run.outcome;
    const evidence = RecordingEvidence.safeParse(run.outcome.evidence);
    const told = new Map(evidence.success ? evidence.data.channels.map((channel) => [labelOf(channel, evidence.data), channel]) : []);
    const channels = [...new Set([...told.keys(), ...readings.flatMap(({ labels }) => labels?.channel ?? [])])];
    return channels.map((channel): ChannelRecordings => {
      const proof = told.get(channel);
      const depthDays = readingOf(readings, "recording_depth_days", { channel });
      const coveragePercent = readingOf(readings, "recording_coverage_percent", { channel });
      const longestGapMinutes = readingOf(readings, "recording_longest_gap_minutes", { channel });
      const now = readingOf(readings, "recording_now", { channel });
      return {
        name: proof && proof.name !== proof.channel ? `${channel} ${proof.name}` : channel,
        takenAt: run.takenAt,
        days: proof && evidence.success ? dayShares(proof, evidence.data) : [],
        ...proofOf(proof),
        ...(depthDays !== undefined && { depthDays }),
        ...(coveragePercent !== undefined && { coveragePercent }),
        ...(longestGapMinutes !== undefined && { longestGapMinutes }),
        ...(now !== undefined && { recordingNow: now === 1 }),
      };
    });
  });
}

/** A channel as its readings are labelled: with the device's name when the run asked several. */
function labelOf({ device, channel }: ChannelEvidence, { channels }: RecordingEvidence): string {
  return channels.some((other) => other.device !== device) ? `${device}/${channel}` : channel;
}

function proofOf(
  proof: ChannelEvidence | undefined,
): Pick<ChannelRecordings, "verdict" | "reasons" | "oldestFrame" | "gaps" | "gapsTotal" | "watched" | "projection"> {
  if (proof === undefined) return { reasons: [], gaps: [], gapsTotal: 0, watched: false };
  const { verdict, reasons, gaps, gapsTotal, method, projection, probes } = proof;
  const oldestFrame = probes.find(({ purpose, frameTime }) => purpose === "oldest" && frameTime !== "none");
  return { verdict, reasons, gaps, gapsTotal, watched: method === "agent-history", ...(oldestFrame && { oldestFrame }), ...(projection && { projection }) };
}

/** Recorded share of each of 31 days, oldest first. The first and last day count only as far as the asked window covers them. */
function dayShares({ perDayMinutes }: ChannelEvidence, { window, lastDay, demandedMinutes }: RecordingEvidence): readonly RecordedDay[] {
  const [fromMs, toMs] = [Date.parse(window.from), Date.parse(window.to)];
  const lastMs = vietnamDayStartMs(lastDay);
  const missing = STRIP_DAYS - perDayMinutes.length;
  return Array.from({ length: STRIP_DAYS }, (_, index) => {
    const minutes = perDayMinutes[index - missing];
    const startMs = lastMs - (STRIP_DAYS - 1 - index) * DAY_MS;
    const insideMinutes = (Math.min(toMs, startMs + DAY_MS) - Math.max(fromMs, startMs)) / 60_000;
    const askedMinutes = Math.min(insideMinutes, demandedMinutes?.[index] ?? insideMinutes);
    return typeof minutes !== "number" || askedMinutes < 1 ? undefined : Math.min(1, minutes / askedMinutes);
  });
}
