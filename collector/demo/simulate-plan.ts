import { isWorkingDay, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { CentreProfile } from "./profile.ts";
import type { Span, Story } from "./story.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** One run that is due: which probe asks what, and when. */
export type Due = { readonly probe: ProbeKind; readonly target?: string; readonly atMs: number };

/** Runs that come at one full hour of a thinned day: `count` of them, `apartMinutes` apart, because a rule wants several runs in a short window. */
type Burst = { readonly count: number; readonly apartMinutes: number };
const single: Burst = { count: 1, apartMinutes: 0 };

type Rhythm = {
  readonly probe: ProbeKind;
  /** Vietnam hours of a working day, and of other days, at which a thinned history has a burst. */
  readonly working: readonly number[];
  readonly free: readonly number[];
  readonly burst: Burst;
  /** How often a real agent runs it; absent where the hours above are its real rhythm. */
  readonly everyMinutes?: number;
};

const rhythms: readonly Rhythm[] = [
  { probe: "link-bandwidth", working: [3, 14], free: [3], burst: single },
  { probe: "link-quality", working: [3, 9, 14, 16], free: [3, 9], burst: single, everyMinutes: 5 },
  { probe: "portal-http", working: [9, 14, 16], free: [9], burst: { count: 3, apartMinutes: 12 }, everyMinutes: 10 },
  { probe: "host", working: [3, 9, 16], free: [3, 9], burst: single, everyMinutes: 15 },
  { probe: "wifi-clients", working: [9, 14, 16], free: [9], burst: single, everyMinutes: 10 },
  { probe: "office-devices", working: [9], free: [], burst: single, everyMinutes: 30 },
  { probe: "device-discovery", working: [9], free: [], burst: single },
  { probe: "camera-presence", working: [9, 16], free: [9], burst: { count: 2, apartMinutes: 20 }, everyMinutes: 30 },
  { probe: "camera-stream", working: [9], free: [9], burst: single },
  { probe: "recording-depth", working: [3], free: [3], burst: single },
  { probe: "recording-watch", working: [9], free: [9], burst: single, everyMinutes: 60 },
  { probe: "vms-link", working: [9], free: [9], burst: single },
];

/** Every run of one centre that starts in [fromMs, toMs), in order of time. Portals are asked one by one. */
export function dueRuns(profile: CentreProfile, story: Story, fromMs: number, toMs: number, portals: readonly string[]): readonly Due[] {
  return rhythms
    .flatMap((rhythm) => startsOf(rhythm, profile, story, fromMs, toMs).flatMap((atMs) => runsAt(rhythm.probe, atMs, portals)))
    .sort((a, b) => a.atMs - b.atMs);
}

function startsOf(rhythm: Rhythm, profile: CentreProfile, story: Story, fromMs: number, toMs: number): number[] {
  const { everyMinutes } = rhythm;
  if (everyMinutes === undefined) return thinned(rhythm, profile, story, fromMs, toMs);
  const closeUps = story.closeUps.filter(({ probes, ...span }) => span.fromMs < toMs && span.toMs > fromMs && (probes?.includes(rhythm.probe) ?? true));
  const close = closeUps.flatMap((span) => dense(everyMinutes * MINUTE_MS, profile, Math.max(fromMs, span.fromMs), Math.min(toMs, span.toMs)));
  return [...thinned(rhythm, profile, story, fromMs, toMs).filter((atMs) => !closeUps.some((span) => within(span, atMs))), ...close];
}

function thinned({ working, free, burst }: Rhythm, profile: CentreProfile, story: Story, fromMs: number, toMs: number): number[] {
  const starts: number[] = [];
  for (let dayMs = vietnamDayStartMs(vietnamDay(fromMs)); dayMs < toMs; dayMs += DAY_MS) {
    for (const hour of isWorkingDay(story.calendar, vietnamDay(dayMs)) ? working : free) {
      for (let run = 0; run < burst.count; run++) starts.push(dayMs + hour * HOUR_MS + profile.phaseMs + run * burst.apartMinutes * MINUTE_MS);
    }
  }
  return starts.filter((atMs) => atMs >= fromMs && atMs < toMs);
}

function dense(everyMs: number, profile: CentreProfile, fromMs: number, toMs: number): number[] {
  const starts: number[] = [];
  const phaseMs = profile.phaseMs % everyMs;
  for (let atMs = Math.ceil((fromMs - phaseMs) / everyMs) * everyMs + phaseMs; atMs < toMs; atMs += everyMs) starts.push(atMs);
  return starts;
}

function within({ fromMs, toMs }: Span, atMs: number): boolean {
  return atMs >= fromMs && atMs < toMs;
}

function runsAt(probe: ProbeKind, atMs: number, portals: readonly string[]): Due[] {
  // A few seconds apart, as the runner would start them one after the other.
  if (probe === "portal-http") return portals.map((target, at) => ({ probe, target, atMs: atMs + 20_000 + at * 4_000 }));
  return [{ probe, atMs }];
}
