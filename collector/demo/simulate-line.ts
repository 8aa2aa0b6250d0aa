import { locateFault } from "#schemas/fault-location.ts";
import { HEADER_FACTOR } from "#schemas/measure.ts";
import type { Outcome, Reading } from "#schemas/observation.ts";
import { between, chance, rounded, wobble } from "./seeded.ts";
import type { Scene } from "./simulate-scene.ts";
import { busyness } from "./story.ts";

const servers = ["do-tinh-1", "do-tinh-2"] as const;

/** One speed test: the line's rate, less what others take at that hour; a test that others disturbed is excused, a busy line is not tested. */
export function simulateBandwidth({ profile, story, due }: Scene): Outcome {
  const { line, centre } = profile;
  const keys = [story.seed, centre.code, due.atMs] as const;
  const busy = busyness(story, due.atMs);
  if (busy > 0.5 && chance(0.18, ...keys, "busy")) return { kind: "skipped", reason: "line_busy" };
  const server = servers[chance(0.5, ...keys, "server") ? 1 : 0];
  const contended = busy > 0.4 && chance(0.25, ...keys, "contended");
  const down = rounded(line.downMbps * wobble(0.03, ...keys, "down") * (contended ? 1 - line.busyShare * busy : 1));
  const up = rounded(line.upMbps * wobble(0.03, ...keys, "up"));
  const rtt = rounded(line.rttMs * wobble(0.15, ...keys, "rtt"), 2);
  const labels = { server };
  const readings: Reading[] = [
    { metric: "download_mbps", value: down, labels },
    { metric: "upload_mbps", value: up, labels },
    { metric: "download_goodput_mbps", value: rounded(down / HEADER_FACTOR), labels },
    { metric: "upload_goodput_mbps", value: rounded(up / HEADER_FACTOR), labels },
    { metric: "idle_rtt_ms", value: rtt, labels },
    { metric: "loaded_rtt_ms", value: rounded(rtt + between(8, 45, ...keys, "queue"), 2), labels: { server, direction: "download" } },
    { metric: "bandwidth_test_bytes", value: Math.round(down * 1.9e5), labels: { server, direction: "download" } },
  ];
  return { kind: "measured", readings, ...(contended ? { excuse: "contended" as const } : {}) };
}

/** A burst of echo requests to the gateway and to the collector: flaky lines lose packets in bad hours and are down now and then. */
export function simulateQuality({ profile, story, due }: Scene): Outcome {
  const { line, centre } = profile;
  const keys = [story.seed, centre.code, due.atMs] as const;
  const busy = busyness(story, due.atMs);
  const down = line.kind === "flaky" && chance(0.05, ...keys, "down");
  const badHour = line.kind === "flaky" && chance(0.3, ...keys, "bad");
  const loss = down ? 100 : badHour ? rounded(between(2, 14, ...keys, "loss")) : chance(0.04, ...keys, "stray") ? 1 : 0;
  const rtt = line.rttMs * wobble(0.2, ...keys, "rtt") + (badHour ? 40 : 0) + busy * 4;
  return {
    kind: "measured",
    readings: [
      ...hop("gateway", 0, between(0.4, 1.6, ...keys, "lan"), 0.2),
      ...hop("collector", loss, rtt, (badHour ? 12 : 1.5) * wobble(0.5, ...keys, "jitter")),
      ...way(down),
    ],
  };
}

function way(isDown: boolean): Reading[] {
  const { whole, broken } = locateFault({ hasRoute: true, gateway: true, isp: !isDown, collector: !isDown });
  const reading = (segment: string, value: number): Reading => ({ metric: "segment_up", value, labels: { segment } });
  return [...whole.map((segment) => reading(segment, 1)), ...(broken ? [reading(broken, 0)] : [])];
}

function hop(name: string, loss: number, rtt: number, jitter: number): Reading[] {
  const labels = { hop: name };
  const lost: Reading[] = [
    { metric: "hop_up", value: loss === 100 ? 0 : 1, labels },
    { metric: "loss_percent", value: loss, labels },
  ];
  if (loss === 100) return lost;
  return [
    ...lost,
    { metric: "rtt_avg_ms", value: rounded(rtt, 2), labels },
    { metric: "rtt_p95_ms", value: rounded(rtt + 2 * jitter, 2), labels },
    { metric: "jitter_ms", value: rounded(jitter, 2), labels },
  ];
}
