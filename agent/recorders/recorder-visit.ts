import type { Target } from "#schemas/target.ts";
import type { ClockJudgement, ClockSample } from "./clock.ts";
import type { DeviceMemory } from "./device-memory.ts";
import { openRecorder, type Visit } from "./open-recorder.ts";
import type { Recorder, RecorderChannel } from "./recorder.ts";

/** Samples of the clock of one run; their median counts. */
const CLOCK_SAMPLES = 3;
/** Channels that are searched for a running segment to learn how times are labelled. */
const LABEL_TRIES = 4;

/** Opens by the method that worked before; after a change of firmware all methods are tried anew. */
export async function openLearnt(target: Target, visit: Visit, before: DeviceMemory): Promise<Recorder> {
  const recorder = await openRecorder(target, visit, before.method);
  if (before.method === undefined || recorder.identity.firmware === before.firmware) return recorder;
  return openRecorder(target, visit);
}

export async function readClock(recorder: Recorder, nowMs: () => number, count = CLOCK_SAMPLES): Promise<ClockSample[]> {
  const samples: ClockSample[] = [];
  for (let index = 0; index < count; index++) {
    const sentMs = nowMs();
    const { utcMs, wallMs, zone } = await recorder.clock();
    samples.push({ utcMs, wallMs, zone, sentMs, receivedMs: nowMs() });
  }
  return samples;
}

/** Searches the last 20 minutes both ways: only the right reading of its labels finds the running segment. */
export async function learnLabels(
  recorder: Recorder,
  channels: readonly RecorderChannel[],
  clock: ClockJudgement,
  zoneMs: number,
  nowMs: number,
  freshMinutes: number,
): Promise<{ labelOffsetMs: number; zoneConfirmed: boolean }> {
  const offsets = recorder.labelOffsets(zoneMs, clock.verdict === "zone_mislabelled");
  const usual = offsets.at(-1) ?? 0;
  if (offsets.length < 2) return { labelOffsetMs: usual, zoneConfirmed: false };
  for (const { channel } of channels.slice(0, LABEL_TRIES)) {
    for (const offsetMs of offsets) {
      const fromMs = nowMs + offsetMs - 20 * 60_000;
      const { intervals } = await recorder.recorded(channel, fromMs, nowMs + offsetMs);
      const newestMs = intervals.reduce((newest, { endMs }) => Math.max(newest, endMs), 0);
      if (newestMs <= nowMs + offsetMs + 120_000 && newestMs >= nowMs + offsetMs - freshMinutes * 60_000)
        return { labelOffsetMs: offsetMs, zoneConfirmed: true };
    }
  }
  return { labelOffsetMs: usual, zoneConfirmed: false };
}
