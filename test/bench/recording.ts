import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { examineChannel } from "../../agent/probes/recording-depth/channel.ts";
import { channelEvidence, fitEvidence } from "../../agent/probes/recording-depth/evidence.ts";
import { emptyMemory, remember } from "../../agent/probes/recording-depth/memory.ts";
import { DAY_MS, type Interval } from "../../agent/probes/recording-depth/segments.ts";
import { windowOf } from "../../agent/probes/recording-depth/verdict.ts";
import type { Recorder, RecorderChannel } from "../../agent/recorders/recorder.ts";
import { adHocRecordingPolicy } from "../../agent/recorders/recording-policy.ts";
import { emptyWatch } from "../../agent/recorders/watch-memory.ts";
import { nodeFlags } from "../support/node-flags.ts";

/** One measured figure of a benchmark and the most it may be. */
export type RecordingFigure = { readonly name: string; readonly value: number; readonly unit: string; readonly max: number };

const NOW_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const CHANNELS = 16;
const FUZZ_ANSWERS = 20_000;

/** Measures how fast long lists are judged, and that 20,000 damaged answers neither escape nor bloat the process. */
export async function benchRecording({
  print = console.log,
  short = false,
}: {
  print?: (line: string) => void;
  short?: boolean;
} = {}): Promise<readonly RecordingFigure[]> {
  // The first round pays for the compiler.
  await judgeMs(20_000);
  const wholeMs = await judgeMs(20_000);
  const eachMs = await judgeMs(20_000 * CHANNELS);
  const { slowestMs, mutated, grownMb } = await fuzzApart(short ? 2_000 : FUZZ_ANSWERS);
  const figures = [
    { name: "16 channels, 20,000 segments together, judged in CPU", value: wholeMs, unit: "ms", max: 200 },
    { name: "16 channels, 20,000 segments each, judged in CPU", value: eachMs, unit: "ms", max: 2_000 },
    { name: `${mutated} damaged answers, slowest run`, value: slowestMs, unit: "ms", max: 5_000 },
    { name: `${mutated} damaged answers, memory grown`, value: grownMb, unit: "MB", max: 32 },
  ];
  for (const { name, value, unit, max } of figures) print(`${name}: ${value.toFixed(1)} ${unit} (at most ${max})${value > max ? " EXCEEDED" : ""}`);
  return figures;
}

/** Fuzzes in a process with a small young generation: V8 otherwise grows that with the rate of garbage, which says nothing of what is kept. */
async function fuzzApart(count: number): Promise<{ slowestMs: number; mutated: number; grownMb: number }> {
  const child = fileURLToPath(new URL("recording-fuzz-child.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--max-semi-space-size=8", ...nodeFlags, child, String(count)], {
    timeout: 30 * 60_000,
  });
  return JSON.parse(stdout) as { slowestMs: number; mutated: number; grownMb: number };
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
      rivalOffsetsMs: [],
      zoneConfirmed: false,
      serialChanged: false,
      storageFault: false,
      clockWasWrong: false,
      hasRoom: false,
      explainedMs: [],
    } as const;
    const memory = remember(emptyMemory, NOW_MS - DAY_MS, intervals);
    const found = await examineChannel(recorder, channel, all, memory, emptyWatch);
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
    }),
    newest: async () => NOW_MS,
    frameAt: async (_, atMs) => ({ frameTime: "abs", frameUtcMs: atMs, codec: "H264", bytes: 1, status: 200 }),
    disks: async () => undefined,
    unverified: new Set(),
  };
}
