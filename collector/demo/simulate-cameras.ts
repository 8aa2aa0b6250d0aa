import { vietnamDay } from "#schemas/calendar.ts";
import type { Outcome, Reading } from "#schemas/observation.ts";
import { between, chance, rounded } from "./seeded.ts";
import type { Scene } from "./simulate-scene.ts";

/** Which cameras and recorders answer, and how wrong their clocks are. */
export function simulateCameras(scene: Scene): Outcome {
  const { profile, story, due } = scene;
  const { code, devices } = profile.centre;
  const readings = devices
    .filter(({ role }) => role === "camera" || role === "recorder")
    .flatMap(({ id: camera, role }): Reading[] => {
      const up = role === "recorder" || !isDown(scene, camera);
      const state: Reading = { metric: "camera_up", value: up ? 1 : 0, labels: { camera } };
      if (!up) return [state];
      const skew = between(-4, 6, story.seed, code, camera, "skew") + (chance(0.03, story.seed, code, camera, "clock") ? 640 : 0);
      return [
        state,
        { metric: "camera_clock_skew_s", value: rounded(skew + between(-0.4, 0.4, story.seed, code, camera, due.atMs)), labels: { camera } },
        { metric: "camera_profiles", value: role === "recorder" ? profile.recording.channels.length * 2 : 2, labels: { camera } },
      ];
    });
  return { kind: "measured", readings };
}

/** Whether video packets arrive from each channel of the recorder. */
export function simulateStreams(scene: Scene): Outcome {
  const { channels } = scene.profile.recording;
  return {
    kind: "measured",
    readings: channels.map((channel, at): Reading => {
      const up = !isDown(scene, `camera-${at + 1}`);
      return { metric: "camera_stream_up", value: up ? 1 : 0, labels: { camera: "recorder-1", channel } };
    }),
  };
}

function isDown({ profile, story, due }: Scene, camera: string): boolean {
  const { code } = profile.centre;
  return chance(0.02, story.seed, code, camera, "dead") || chance(0.008, story.seed, code, camera, vietnamDay(due.atMs), "down");
}

/** What the recorder can prove of the last days: full, too short, with holes, too young, behind a password, or stopped. */
export function simulateRecordings({ profile, story, due }: Scene): Outcome {
  const { recording, centre } = profile;
  if (recording.kind === "denied") return { kind: "failed", reason: "auth_failed" };
  const readings = recording.channels.flatMap((channel, at): Reading[] => {
    const keys = [story.seed, centre.code, channel] as const;
    // A young recorder's oldest recording stays where it is, so its depth grows day by day; a full disk's depth stands.
    const depth = recording.kind === "young" ? recording.depthDays + (due.atMs - story.anchorMs) / 86_400_000 : recording.depthDays - at * 0.4;
    const gapped = recording.kind === "gapped" && at === 0;
    const stopped = recording.kind === "stopped" && at === 0;
    const labels = { channel };
    return [
      { metric: "recording_depth_days", value: rounded(Math.max(0, depth), 2), labels },
      {
        metric: "recording_coverage_percent",
        value: gapped ? rounded(between(82, 93, ...keys, "coverage"), 2) : rounded(between(99.2, 100, ...keys, due.atMs), 2),
        labels,
      },
      {
        metric: "recording_longest_gap_minutes",
        value: gapped ? Math.round(between(300, 1_900, ...keys, "gap")) : Math.round(between(0, 9, ...keys, due.atMs)),
        labels,
      },
      { metric: "recording_now", value: stopped ? 0 : 1, labels },
    ];
  });
  return { kind: "measured", readings };
}
