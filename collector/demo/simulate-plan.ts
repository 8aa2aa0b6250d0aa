import { isWorkingDay, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { CentreProfile } from "./profile.ts";
import type { Story } from "./story.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** One run that is due: which probe asks what, and when. */
export type Due = { readonly probe: ProbeKind; readonly target?: string; readonly atMs: number };

type Rhythm = {
  readonly probe: ProbeKind;
  /** Vietnam hours of a working day, and of other days, at which a thinned history has a run. */
  readonly working: readonly number[];
  readonly free: readonly number[];
  /** How often a real agent runs it; absent where the hours above are its real rhythm. */
  readonly everyMinutes?: number;
};

// A thinned day speaks at few hours, so that its runs travel in few batches.
const rhythms: readonly Rhythm[] = [
  { probe: "link-bandwidth", working: [3, 14], free: [3] },
  { probe: "link-quality", working: [3, 7, 9, 11, 14, 16, 20], free: [3, 9, 14, 20], everyMinutes: 5 },
  { probe: "portal-http", working: [7, 9, 11, 14, 16, 20], free: [3, 9, 14, 20], everyMinutes: 10 },
  { probe: "host", working: [3, 7, 9, 14, 20], free: [3, 9, 20], everyMinutes: 15 },
  { probe: "wifi-clients", working: [7, 9, 11, 14, 16], free: [9, 14], everyMinutes: 10 },
  { probe: "office-devices", working: [9, 16], free: [9], everyMinutes: 30 },
  { probe: "camera-presence", working: [9, 20], free: [14], everyMinutes: 60 },
  { probe: "camera-stream", working: [9], free: [9] },
  { probe: "recording-depth", working: [3], free: [3] },
];

/** Every run of one centre that starts in [fromMs, toMs), in order of time. Portals are asked one by one, the line's servers in turn. */
export function dueRuns(profile: CentreProfile, story: Story, fromMs: number, toMs: number, portals: readonly string[]): readonly Due[] {
  return rhythms
    .flatMap((rhythm) => startsOf(rhythm, profile, story, fromMs, toMs).flatMap((atMs) => runsAt(rhythm.probe, atMs, portals)))
    .sort((a, b) => a.atMs - b.atMs);
}

function startsOf(rhythm: Rhythm, profile: CentreProfile, story: Story, fromMs: number, toMs: number): number[] {
  if (rhythm.everyMinutes === undefined) return thinned(rhythm, profile, story, fromMs, toMs);
  return [
    ...thinned(rhythm, profile, story, fromMs, Math.min(toMs, story.denseFromMs)),
    ...dense(rhythm.everyMinutes * MINUTE_MS, profile, Math.max(fromMs, story.denseFromMs), toMs),
  ];
}

function thinned(rhythm: Rhythm, profile: CentreProfile, story: Story, fromMs: number, toMs: number): number[] {
  const starts: number[] = [];
  for (let dayMs = vietnamDayStartMs(vietnamDay(fromMs)); dayMs < toMs; dayMs += DAY_MS) {
    const hours = isWorkingDay(story.calendar, vietnamDay(dayMs)) ? rhythm.working : rhythm.free;
    for (const hour of hours) {
      const atMs = dayMs + hour * HOUR_MS + profile.phaseMs;
      if (atMs >= fromMs && atMs < toMs) starts.push(atMs);
    }
  }
  return starts;
}

function dense(everyMs: number, profile: CentreProfile, fromMs: number, toMs: number): number[] {
  const starts: number[] = [];
  const phaseMs = profile.phaseMs % everyMs;
  for (let atMs = Math.ceil((fromMs - phaseMs) / everyMs) * everyMs + phaseMs; atMs < toMs; atMs += everyMs) starts.push(atMs);
  return starts;
}

function runsAt(probe: ProbeKind, atMs: number, portals: readonly string[]): Due[] {
  // A few seconds apart, as the runner would start them one after the other.
  if (probe === "portal-http") return portals.map((target, at) => ({ probe, target, atMs: atMs + 20_000 + at * 4_000 }));
  return [{ probe, atMs }];
}
