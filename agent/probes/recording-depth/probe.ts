import type { Evidence } from "#schemas/observation.ts";
import { CHANNELS_MAX, type RecordingEvidence } from "#schemas/recording-evidence.ts";
import { createPace } from "../../io/pace.ts";
import { defineProbe, ProbeError, ProbeSkip } from "../../probe.ts";
import { recordingsMemory } from "../../recorders/watch-memory.ts";
import { type DeviceResult, examineDevice } from "./device.ts";
import { fitEvidence, recordingReadings, stripOf } from "./evidence.ts";
import { RecordingOptions } from "./options.ts";
import { windowOf } from "./verdict.ts";
import { runMs } from "./visit-time.ts";

/** Proves per channel how far recordings reach back and where they have gaps; see README.md. */
export const recordingDepth = defineProbe({
  kind: "recording-depth",
  options: RecordingOptions,
  memory: recordingsMemory,
  deadlineMs: ({ targets }) => runMs(targets.length),
  async run(options, context) {
    const { policy, targets } = options;
    const nowMs = context.nowMs();
    const results: DeviceResult[] = [];
    for (const target of targets) {
      const left = CHANNELS_MAX - results.reduce((sum, { channels }) => sum + channels.length, 0);
      if (left < 1) break;
      results.push(await examineDevice(target, options, context, createPace(policy.requestsPerSecond), left));
    }
    const channels = results.flatMap((result) => result.channels);
    const window = windowOf(nowMs, policy);
    const evidence = fitEvidence({
      window: { from: new Date(window.startMs).toISOString(), to: new Date(window.endMs).toISOString() },
      requiredDays: policy.days,
      lastDay: new Date(nowMs + policy.zoneMinutes * 60_000).toISOString().slice(0, 10),
      ...(policy.recordingMode === "schedule" ? { demandedMinutes: stripOf([{ startMs: 0, endMs: nowMs }], nowMs, policy) } : {}),
      recorders: results.map(({ recorder }) => recorder),
      channels: [...channels],
    });
    const readings = recordingReadings(channels, nowMs);
    if (readings.length === 0) throw nothingMeasured(results, evidence);
    return { readings, evidence: evidence as Evidence };
  },
});

/** No channel gave a number: the first trouble is the run's. */
function nothingMeasured(results: readonly DeviceResult[], evidence: RecordingEvidence): ProbeError | ProbeSkip {
  const trouble = results.find((result) => result.trouble !== undefined)?.trouble ?? "no_such_object";
  const said = evidence.recorders.find((recorder) => recorder.trouble)?.trouble ?? "the recorder tells of no recordings that could be checked";
  if (trouble === "device_busy") return new ProbeSkip("device_busy", said, evidence as Evidence);
  return new ProbeError(trouble, said, evidence as Evidence);
}
