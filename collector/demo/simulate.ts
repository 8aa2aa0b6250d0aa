import type { ClockState, Observation, Outcome, ProbeKind } from "#schemas/observation.ts";
import type { CentreProfile } from "./profile.ts";
import { between, chance } from "./seeded.ts";
import { simulateCameras, simulateStreams, simulateVmsLink } from "./simulate-cameras.ts";
import { simulateDevices } from "./simulate-devices.ts";
import { simulateDiscovery } from "./simulate-discovery.ts";
import { simulateHost } from "./simulate-host.ts";
import { simulateBandwidth, simulateQuality } from "./simulate-line.ts";
import { dueRuns } from "./simulate-plan.ts";
import { simulatePortal } from "./simulate-portals.ts";
import { simulateRecordings, simulateWatch } from "./simulate-recordings.ts";
import type { Scene } from "./simulate-scene.ts";
import { simulateWifi } from "./simulate-wifi.ts";
import { isAlive, type Story } from "./story.ts";

const WEEK_MS = 7 * 86_400_000;

/** An observation that has no place in a stream yet. */
export type Unnumbered = Omit<Observation, "seq">;

/**
 * All that one centre's agent would have observed in [fromMs, toMs), in order of time.
 * Pure: the same seed, story and span give the same observations, and neighbouring spans join without overlap.
 */
export function simulate(profile: CentreProfile, story: Story, fromMs: number, toMs: number, portals: readonly string[]): readonly Unnumbered[] {
  return dueRuns(profile, story, fromMs, toMs, portals)
    .filter(({ atMs }) => isAlive(story, profile, atMs))
    .map((due) => observe({ profile, story, due }));
}

function observe(scene: Scene): Unnumbered {
  const { profile, story, due } = scene;
  const { code } = profile.centre;
  // The gateway PC restarts once a week, each at its own minute.
  const week = Math.floor((due.atMs - profile.phaseMs) / WEEK_MS);
  return {
    probe: due.probe,
    ...(due.target === undefined ? {} : { target: due.target }),
    takenAt: new Date(due.atMs).toISOString(),
    uptimeMs: due.atMs - week * WEEK_MS - profile.phaseMs,
    bootId: `${code}-week-${week}`,
    clock: clockOf(story.seed, code),
    elapsedMs: Math.round(between(40, 4_000, story.seed, code, due.probe, due.atMs, "elapsed")),
    outcome: outcomeOf(scene),
  };
}

function clockOf(seed: number, code: string): ClockState {
  return chance(0.03, seed, code, "clock") ? "skewed" : "ok";
}

function outcomeOf(scene: Scene): Outcome {
  const { profile, story, due } = scene;
  // Now and then a run fails for a reason of its own; "I could not ask" is stored like any other outcome.
  if (chance(0.004, story.seed, profile.centre.code, due.probe, due.atMs, "lost")) return { kind: "failed", reason: "timeout" };
  return simulators[due.probe](scene);
}

const simulators: Record<ProbeKind, (scene: Scene) => Outcome> = {
  "camera-presence": simulateCameras,
  "camera-stream": simulateStreams,
  "device-discovery": simulateDiscovery,
  host: simulateHost,
  "link-bandwidth": simulateBandwidth,
  "link-quality": simulateQuality,
  "office-devices": simulateDevices,
  "portal-http": simulatePortal,
  "recording-depth": simulateRecordings,
  "recording-watch": simulateWatch,
  "vms-link": simulateVmsLink,
  "wifi-clients": simulateWifi,
};
