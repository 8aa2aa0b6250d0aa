import { examineChannel } from "../../agent/probes/recording-depth/channel.ts";
import { channelEvidence, fitEvidence } from "../../agent/probes/recording-depth/evidence.ts";
import { emptyMemory, remember } from "../../agent/probes/recording-depth/memory.ts";
import { adHocRecordingPolicy } from "../../agent/probes/recording-depth/policy.ts";
import { DAY_MS, type Interval } from "../../agent/probes/recording-depth/segments.ts";
import { windowOf } from "../../agent/probes/recording-depth/verdict.ts";
import type { Recorder, RecorderChannel } from "../../agent/recorders/recorder.ts";
import { fuzzRecorders, fuzzStreams } from "../support/recorder/fuzz.ts";

/** One measured figure of a benchmark and the most it may be. */
export type RecordingFigure = { readonly name: string; readonly value: number; readonly unit: string; readonly max: number };

const NOW_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const CHANNELS = 16;
const FUZZ_ANSWERS = 20_000;

/** Measures how fast long lists are judged, and that 20,000 damaged answers neither escape nor bloat the process. */
export async function benchRecording(): Promise<readonly RecordingFigure[]> {
  // The first round pays for the compiler.
  await judgeMs(20_000);
  const wholeMs = await judgeMs(20_000);
  const eachMs = await judgeMs(20_000 * CHANNELS);
  await fuzzRecorders(500, 1);
  const before = residentMb();
  const { slowestMs, mutated } = await fuzzRecorders(FUZZ_ANSWERS, 42);
  fuzzStreams(FUZZ_ANSWERS, 42);
  const grownMb = residentMb() - before;
  return [
    { name: "16 channels, 20,000 segments together, judged in CPU", value: wholeMs, unit: "ms", max: 200 },
    { name: "16 channels, 20,000 segments each, judged in CPU", value: eachMs, unit: "ms", max: 2_000 },
    { name: `${mutated} damaged answers, slowest run`, value: slowestMs, unit: "ms", max: 5_000 },
    { name: `${mutated} damaged answers, memory grown`, value: grownMb, unit: "MB", max: 32 },
  ];
}

/** CPU time from lists of segments to finished evidence, ms. The recorder answers at once, so that only our own work counts. */
async function judgeMs(segments: number): Promise<number> {
  const perChannel = Math.floor(segments / CHANNELS);
  const stepMs = (31 * DAY_MS) / perChannel;
  const intervals: Interval[] = Array.from({ length: perChannel }, (_, index) => {
    const startMs = NOW_MS - (perChannel - index) * stepMs;
    // Each tenth piece ends early, beyond what is merged.
    return { startMs, endMs: startMs + stepMs * (index % 10 === 0 ? 0.3 : 1) };
  });
  const recorder = recorderOf(intervals);
  const policy = { ...adHocRecordingPolicy, replaySamples: 0 };
  const started = process.cpuUsage();
  const channels = [];
  for (let index = 0; index < CHANNELS; index++) {
    const channel: RecorderChannel = { channel: String(index), name: "", capDays: undefined, mode: "continuous", enabled: true, bitrateKbps: undefined };
    const all = {
      nowMs: NOW_MS,
      policy,
      clock: "ok",
      labelOffsetMs: 0,
      zoneConfirmed: false,
      serialChanged: false,
      storageFault: false,
      explainedMs: [],
    } as const;
    const memory = remember(emptyMemory, NOW_MS - DAY_MS, intervals);
    const found = await examineChannel(recorder, channel, all, memory);
    channels.push(channelEvidence({ device: "nvr", channel: channel.channel, name: "" }, found, policy, undefined));
  }
  const window = windowOf(NOW_MS, policy);
  fitEvidence({
    window: { from: new Date(window.startMs).toISOString(), to: new Date(window.endMs).toISOString() },
    requiredDays: policy.days,
    lastDay: "2026-11-29",
    recorders: [],
    channels,
  });
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

function recorderOf(intervals: readonly Interval[]): Recorder {
  return {
    method: "isapi",
    identity: { manufacturer: undefined, model: undefined, firmware: undefined, serial: undefined },
    labelOffsets: () => [0],
    clock: async () => ({ utcMs: NOW_MS, wallMs: undefined, zone: undefined, kind: undefined, daylightSavings: undefined }),
    channels: async () => [],
    recorded: async () => ({
      intervals,
      claimedOldestMs: undefined,
      claimedNewestMs: undefined,
      gapsKnown: true,
      complete: true,
      basis: "isapi-search",
      bytes: undefined,
    }),
    frameAt: async (_, atMs) => ({ frameTime: "abs", frameUtcMs: atMs, codec: "H264", bytes: 1, status: 200 }),
    disks: async () => undefined,
    unverified: new Set(),
  };
}

function residentMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
}
