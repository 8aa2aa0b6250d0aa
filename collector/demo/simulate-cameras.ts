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

/** Whether the recorder is registered with the province's video system; some centres never were. */
export function simulateVmsLink({ profile, story }: Scene): Outcome {
  const linked = !chance(0.14, story.seed, profile.centre.code, "vms");
  return { kind: "measured", readings: [{ metric: "vms_link_up", value: linked ? 1 : 0, labels: { camera: "recorder-1" } }] };
}

function isDown({ profile, story, due }: Scene, camera: string): boolean {
  const { code } = profile.centre;
  return chance(0.02, story.seed, code, camera, "dead") || chance(0.008, story.seed, code, camera, vietnamDay(due.atMs), "down");
}
