import type { Reading } from "#schemas/observation.ts";
import type { DirectionResult } from "./direction.ts";
import { median } from "./latency.ts";

/** Pure. The numbers of one test; a direction that was not run has none, and one that used up the lease before anything was sure its bytes alone. */
export function readingsOf(
  server: string,
  idleRttsMs: readonly number[],
  results: readonly DirectionResult[],
  unmeasured: readonly Pick<DirectionResult, "direction" | "bytes">[],
): Reading[] {
  const idle = median(idleRttsMs);
  const readings: Reading[] = idle === undefined ? [] : [{ metric: "idle_rtt_ms", value: round(idle), labels: { server } }];
  for (const { direction, estimate, bytes, loadedRttsMs } of results) {
    readings.push({ metric: `${direction}_mbps`, value: round(estimate.linkMbps), labels: { server } });
    readings.push({ metric: `${direction}_goodput_mbps`, value: round(estimate.goodputMbps), labels: { server } });
    readings.push({ metric: "bandwidth_test_bytes", value: bytes, labels: { server, direction } });
    const loaded = median(loadedRttsMs);
    if (loaded !== undefined) readings.push({ metric: "loaded_rtt_ms", value: round(loaded), labels: { server, direction } });
  }
  for (const { direction, bytes } of unmeasured) readings.push({ metric: "bandwidth_test_bytes", value: bytes, labels: { server, direction } });
  return readings;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
