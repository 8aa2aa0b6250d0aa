import type { Outcome } from "#schemas/observation.ts";
import { between, chance, rounded, wobble } from "./seeded.ts";
import type { Scene } from "./simulate-scene.ts";
import { busyness } from "./story.ts";

const DISK_BYTES = 256e9;

/** The gateway PC itself: some run short of disk, some hang on an old 100 Mbps port. */
export function simulateHost({ profile, story, due }: Scene): Outcome {
  const { centre } = profile;
  const keys = [story.seed, centre.code, due.atMs] as const;
  const freePercent = chance(0.04, story.seed, centre.code, "disk") ? 6 : between(25, 80, story.seed, centre.code, "free");
  const slowPort = profile.line.kind === "slow" && chance(0.3, story.seed, centre.code, "nic");
  const labels = { disk: "C:" };
  return {
    kind: "measured",
    readings: [
      { metric: "host_cpu_percent", value: rounded(Math.min(100, (6 + 30 * busyness(story, due.atMs)) * wobble(0.6, ...keys, "cpu"))) },
      { metric: "host_memory_free_percent", value: rounded(between(20, 60, ...keys, "memory")) },
      { metric: "host_disk_free_percent", value: rounded(freePercent), labels },
      { metric: "host_disk_free_bytes", value: Math.round((DISK_BYTES * freePercent) / 100), labels },
      { metric: "nic_speed_mbps", value: slowPort ? 100 : 1_000, labels: { interface: "Ethernet" } },
      { metric: "gateway_up", value: 1 },
      { metric: "dns_resolve_ms", value: rounded(between(2, 25, ...keys, "dns")) },
      { metric: "lan_neighbours", value: centre.devices.length + Math.round(10 * busyness(story, due.atMs)) },
    ],
  };
}
