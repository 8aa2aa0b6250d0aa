import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Evidence, Outcome, Reading } from "#schemas/observation.ts";
import type { ChannelEvidence, RecorderEvidence, RecordingEvidence } from "#schemas/recording-evidence.ts";
import { STRIP_DAYS } from "#schemas/recording-evidence.ts";
import { chance, rounded, whole } from "./seeded.ts";
import type { Scene } from "./simulate-scene.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WINDOW_DAYS = 30;
const recorder = "recorder-1";

/** A hole in one channel's recordings. */
type Hole = { readonly fromMs: number; readonly minutes: number };

/** What the recorder can prove of the last days: full, too short, with holes, too young, behind a password, or stopped. */
export function simulateRecordings(scene: Scene): Outcome {
  const { recording } = scene.profile;
  if (recording.kind === "denied") return { kind: "failed", reason: "auth_failed", evidence: evidenceOf(scene, []) };
  const channels = recording.channels.map((_, at) => channelEvidence(scene, at));
  return {
    kind: "measured",
    readings: [...channels.flatMap((channel) => channelReadings(channel, scene.due.atMs)), ...totals(channels, scene.due.atMs)],
    evidence: evidenceOf(scene, channels),
  };
}

/** An hourly look at the same recorder: which channels record now. */
export function simulateWatch(scene: Scene): Outcome {
  const { recording } = scene.profile;
  if (recording.kind === "denied") return { kind: "failed", reason: "auth_failed" };
  const readings = recording.channels.flatMap((_, at) => channelReadings(channelEvidence(scene, at), scene.due.atMs));
  return { kind: "measured", readings: readings.filter(({ metric }) => metric === "recording_now") };
}

function evidenceOf({ profile, due }: Scene, channels: readonly ChannelEvidence[]): Evidence {
  const denied = profile.recording.kind === "denied";
  const told: RecorderEvidence = {
    device: recorder,
    protocol: denied ? "none" : "isapi",
    manufacturer: "Hikvision",
    clock: denied ? "unknown" : "ok",
    ...(denied ? {} : { skewS: 1 }),
    clockSource: denied ? "none" : "utc",
    disks: denied ? [] : [{ disk: "hdd1", state: "ok", healthy: true, totalBytes: 6e12, freeBytes: 0 }],
    unverified: [],
    ...(denied ? { trouble: "auth_failed" } : {}),
  };
  const evidence: RecordingEvidence = {
    window: { from: new Date(due.atMs - WINDOW_DAYS * DAY_MS).toISOString(), to: new Date(due.atMs).toISOString() },
    requiredDays: WINDOW_DAYS,
    lastDay: vietnamDay(due.atMs),
    recorders: [told],
    channels: [...channels],
  };
  return evidence as Evidence;
}

function channelEvidence(scene: Scene, at: number): ChannelEvidence {
  const { kind } = scene.profile.recording;
  const nowMs = scene.due.atMs;
  const windowMs = nowMs - WINDOW_DAYS * DAY_MS;
  const oldestMs = oldestOf(scene, at);
  const stopped = kind === "stopped" && at === 0;
  const newestMs = stopped ? Math.min(nowMs, scene.story.anchorMs - 4 * DAY_MS) : nowMs - MINUTE_MS;
  const silent = nowMs - newestMs > 15 * MINUTE_MS;
  const holes = holesOf(scene, at).filter(({ fromMs }) => fromMs > Math.max(windowMs, oldestMs) && fromMs < newestMs);
  const lostMinutes = holes.reduce((sum, { minutes }) => sum + minutes, 0);
  const recordedMinutes = (newestMs - Math.max(windowMs, oldestMs)) / MINUTE_MS - lostMinutes;
  const [verdict, reason] = verdictOf(kind, at, silent, holes);
  return {
    device: recorder,
    channel: channelName(scene, at),
    name: `Camera ${at + 1}`,
    verdict,
    reasons: reason === undefined ? [] : [reason],
    notes: [],
    method: "isapi-search",
    oldest: new Date(oldestMs).toISOString(),
    newest: new Date(newestMs).toISOString(),
    recordingNow: !silent,
    coveragePercent: rounded(Math.max(0, Math.min(100, (100 * recordedMinutes * MINUTE_MS) / (nowMs - windowMs))), 2),
    longestGapMinutes: Math.max(0, ...holes.map(({ minutes }) => minutes)),
    gaps: holes.map(({ fromMs, minutes }) => ({ from: new Date(fromMs).toISOString(), to: new Date(fromMs + minutes * MINUTE_MS).toISOString() })),
    gapsTotal: holes.length,
    perDayMinutes: stripOf(nowMs, oldestMs, newestMs, holes),
    ring: kind === "young" ? "filling" : "full",
    probes: [oldestFrame(Math.max(windowMs, oldestMs) + 30 * MINUTE_MS)],
    projection: projections[kind] ?? projections.full,
  };
}

const projections: Record<"full" | "short" | "young", NonNullable<ChannelEvidence["projection"]>> & Partial<Record<string, ChannelEvidence["projection"]>> = {
  full: { outlook: "ok", daysMin: 33.1, daysMax: 40.5, basis: "segment_sizes" },
  short: { outlook: "short", daysMin: 11.2, daysMax: 13.7, basis: "segment_sizes", missingTb: 8.6, fittingKbps: 690 },
  young: { outlook: "ok", daysMin: 34.6, daysMax: 42.3, basis: "growth" },
};

/** A picture that was asked for at an instant and came, stamped by the recorder itself. */
function oldestFrame(atMs: number): ChannelEvidence["probes"][number] {
  const at = new Date(atMs).toISOString();
  return { purpose: "oldest", target: at, frame: at, deltaS: 0, frameTime: "abs", codec: "H264", bytes: 21_000, rtspStatus: 200 };
}

function verdictOf(kind: string, at: number, silent: boolean, holes: readonly Hole[]): [ChannelEvidence["verdict"], ChannelEvidence["reasons"][number]?] {
  if (silent) return ["NON_COMPLIANT", "NOT_RECORDING"];
  if (kind === "short") return ["NON_COMPLIANT", "RETENTION_SHORT"];
  if (kind === "gapped" && at === 0 && holes.length > 0) return ["NON_COMPLIANT", "GAPS"];
  return kind === "young" ? ["TOO_YOUNG"] : ["COMPLIANT"];
}

/** A young recorder's oldest recording stays where it is, so its depth grows day by day; a full disk's depth stands. */
function oldestOf({ profile, story, due }: Scene, at: number): number {
  const { kind, depthDays } = profile.recording;
  if (kind === "young") return Math.min(due.atMs, story.anchorMs - depthDays * DAY_MS);
  return due.atMs - (depthDays - at * 0.4) * DAY_MS;
}

/** The first channel of a gapped recorder loses some hours every few nights, always the same ones. */
function holesOf({ profile, story, due }: Scene, at: number): Hole[] {
  if (profile.recording.kind !== "gapped" || at > 0) return [];
  const { code } = profile.centre;
  const today = vietnamDayStartMs(vietnamDay(due.atMs));
  return Array.from({ length: WINDOW_DAYS }, (_, back) => today - (back + 1) * DAY_MS)
    .filter((dayMs) => chance(0.22, story.seed, code, "hole", dayMs))
    .map((dayMs) => ({ fromMs: dayMs + 22 * 60 * MINUTE_MS, minutes: whole(95, 420, story.seed, code, "length", dayMs) }));
}

/** Recorded minutes of each Vietnam day, the last is the day of the run. */
function stripOf(nowMs: number, oldestMs: number, newestMs: number, holes: readonly Hole[]): number[] {
  const today = vietnamDayStartMs(vietnamDay(nowMs));
  return Array.from({ length: STRIP_DAYS }, (_, index) => {
    const fromMs = today - (STRIP_DAYS - 1 - index) * DAY_MS;
    const overlap = (startMs: number, endMs: number) => Math.max(0, Math.min(fromMs + DAY_MS, endMs) - Math.max(fromMs, startMs)) / MINUTE_MS;
    const lost = holes.reduce((sum, hole) => sum + overlap(hole.fromMs, hole.fromMs + hole.minutes * MINUTE_MS), 0);
    return Math.max(0, Math.round(overlap(oldestMs, newestMs) - lost));
  });
}

/** The worst of all channels, as readings without labels. */
function totals(channels: readonly ChannelEvidence[], nowMs: number): Reading[] {
  const all = channels.flatMap((channel) => channelReadings(channel, nowMs));
  return [...new Set(all.map(({ metric }) => metric))].map((metric) => {
    const values = all.flatMap((reading) => (reading.metric === metric ? [reading.value] : []));
    return { metric, value: metric === "recording_longest_gap_minutes" ? Math.max(...values) : Math.min(...values) };
  });
}

function channelReadings(channel: ChannelEvidence, nowMs: number): Reading[] {
  const labels = { channel: channel.channel };
  return [
    { metric: "recording_depth_days", value: rounded(Math.max(0, (nowMs - Date.parse(channel.oldest ?? "")) / DAY_MS), 2), labels },
    { metric: "recording_coverage_percent", value: channel.coveragePercent ?? 0, labels },
    { metric: "recording_longest_gap_minutes", value: channel.longestGapMinutes ?? 0, labels },
    { metric: "recording_now", value: channel.recordingNow ? 1 : 0, labels },
  ];
}

function channelName({ profile }: Scene, at: number): string {
  return profile.recording.channels[at] ?? `ch${at + 1}`;
}
