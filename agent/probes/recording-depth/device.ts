import { cleanText } from "#schemas/clean-text.ts";
import type { ChannelEvidence, RecorderEvidence, RecordingProjection, RecordingReason } from "#schemas/recording-evidence.ts";
import { type Target, targetLabel } from "#schemas/target.ts";
import { DeviceError, type DeviceTrouble } from "../../io/device-error.ts";
import type { Pace } from "../../io/pace.ts";
import { SoapFault } from "../../io/soap.ts";
import type { ProbeContext } from "../../probe.ts";
import { type ClockJudgement, type ClockSample, judgeClock } from "../../recorders/clock.ts";
import { openRecorder } from "../../recorders/open-recorder.ts";
import type { Recorder, RecorderChannel, RecorderDisk } from "../../recorders/recorder.ts";
import { type ChannelFindings, examineChannel, type RecorderFacts } from "./channel.ts";
import { type DeviceMemory, learnDevice, readDeviceMemory } from "./device-memory.ts";
import { channelEvidence, unaskedChannel } from "./evidence.ts";
import { emptyMemory, readMemory, remember } from "./memory.ts";
import type { RecordingOptions } from "./options.ts";
import { projectDays } from "./projection.ts";

/** Samples of the clock of one run; their median counts. */
const CLOCK_SAMPLES = 3;
/** Channels that are searched for a running segment to learn how times are labelled. */
const LABEL_TRIES = 4;

export type DeviceResult = { readonly recorder: RecorderEvidence; readonly channels: readonly ChannelEvidence[]; readonly trouble: DeviceTrouble | undefined };

/** Examines one recorder with all of its channels. Never rejects for what the device does: trouble becomes UNVERIFIABLE with its reason. */
export async function examineDevice(target: Target, options: RecordingOptions, context: ProbeContext, pace: Pace, channelsMax: number): Promise<DeviceResult> {
  const device = cleanText(targetLabel(target));
  try {
    return await examine(device, target, options, context, pace, channelsMax);
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    const said = error instanceof Error ? cleanText(error.message, 300) : "";
    context.log("recorder could not be asked", { device, trouble });
    return { recorder: unaskedRecorder(device, said), channels: [unaskedChannel(device, reasonOf(trouble))], trouble };
  }
}

async function examine(
  device: string,
  target: Target,
  options: RecordingOptions,
  context: ProbeContext,
  pace: Pace,
  channelsMax: number,
): Promise<DeviceResult> {
  const { policy } = options;
  const { io, signal, nowMs, memory } = context;
  const before = readDeviceMemory(memory.get(device));
  const visit = { lanHttp: io.lanHttp, rtsp: io.rtsp, signal, nowMs, pace };
  const recorder = await openLearnt(target, visit, before);
  const samples = await readClock(recorder, nowMs);
  const clock = judgeClock(samples, { warnSeconds: policy.clockSkewWarnSeconds, failSeconds: policy.clockSkewSecondsMax, zoneMinutes: policy.zoneMinutes });
  const listed = (await recorder.channels()).slice(0, channelsMax);
  const disks = await recorder.disks();
  const labels = await learnLabels(recorder, listed, clock, policy.zoneMinutes * 60_000, nowMs(), policy.freshMinutes);
  const serial = recorder.identity.serial;
  const serialChanged = before.serial !== undefined && serial !== undefined && serial !== before.serial && !options.serials.includes(serial);
  const facts: RecorderFacts = {
    nowMs: nowMs(),
    policy,
    clock: clock.verdict,
    ...labels,
    serialChanged,
    storageFault: disks !== undefined && (disks.length < before.disks || disks.length === 0 || disks.some(({ healthy }) => !healthy)),
    explainedMs: [...(options.explainedStart ? [Date.parse(options.explainedStart)] : []), ...(disks ?? []).flatMap(({ installedMs }) => installedMs ?? [])],
  };
  const examined = await examineAll(device, recorder, listed, facts, context, before);
  const projection = projectionOf(examined, disks, options, before);
  const channels = examined.map(({ channel, found, trouble }) => {
    const name = { device, channel: cleanText(channel.channel), name: cleanText(channel.name) };
    return found ? channelEvidence(name, found, policy, projection) : unaskedChannel(device, reasonOf(trouble ?? "bad_reply"), name.channel);
  });
  if (!serialChanged) memory.set(device, learnDevice(before, recorder, disks, facts.nowMs, listed));
  const told = recorderEvidence(device, recorder, clock, samples, disks);
  if (channels.length === 0) return { recorder: told, channels: [unaskedChannel(device, "NO_RECORDER")], trouble: "no_such_object" };
  return { recorder: told, channels, trouble: examined.find(({ found }) => found === undefined)?.trouble };
}

/** Opens by the method that worked before; after a change of firmware all methods are tried anew. */
async function openLearnt(target: Target, visit: Parameters<typeof openRecorder>[1], before: DeviceMemory): Promise<Recorder> {
  const recorder = await openRecorder(target, visit, before.method);
  if (before.method === undefined || recorder.identity.firmware === before.firmware) return recorder;
  return openRecorder(target, visit);
}

async function readClock(recorder: Recorder, nowMs: () => number): Promise<ClockSample[]> {
  const samples: ClockSample[] = [];
  for (let index = 0; index < CLOCK_SAMPLES; index++) {
    const sentMs = nowMs();
    const { utcMs, wallMs, zone } = await recorder.clock();
    samples.push({ utcMs, wallMs, zone, sentMs, receivedMs: nowMs() });
  }
  return samples;
}

/** Searches the last 20 minutes both ways: only the right reading of its labels finds the running segment. */
async function learnLabels(
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

type Examined = { readonly channel: RecorderChannel; readonly found: ChannelFindings | undefined; readonly trouble?: DeviceTrouble };

async function examineAll(
  device: string,
  recorder: Recorder,
  channels: readonly RecorderChannel[],
  facts: RecorderFacts,
  { memory, nowMs }: ProbeContext,
  before: DeviceMemory,
): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const channel of channels) {
    const key = `${device}/${channel.channel}`.slice(0, 128);
    const earlier = facts.serialChanged ? emptyMemory : readMemory(memory.get(key));
    const seenMs = before.channels[channel.channel];
    // A channel that appeared while the agent was already watching explains its own young history.
    const explained =
      seenMs !== undefined && before.firstSeenMs !== undefined && seenMs > before.firstSeenMs ? [...facts.explainedMs, seenMs] : facts.explainedMs;
    try {
      const found = await examineChannel(recorder, channel, { ...facts, nowMs: nowMs(), explainedMs: explained }, earlier);
      examined.push({ channel, found });
      const trusted = facts.clock === "ok" || facts.clock === "warn" || facts.zoneConfirmed;
      if (trusted && !facts.serialChanged) memory.set(key, remember(earlier, found.facts.nowMs, found.facts.gapsKnown ? found.facts.intervals : []));
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === undefined) throw error;
      if (mayBeAlone.has(trouble)) {
        examined.push({ channel, found: undefined, trouble });
        continue;
      }
      // A device that went away or locks us out is not asked on; what it told before still stands.
      if (examined.length === 0) throw error;
      for (const rest of channels.slice(examined.length)) examined.push({ channel: rest, found: undefined, trouble });
      break;
    }
  }
  return examined;
}

const mayBeAlone: ReadonlySet<DeviceTrouble> = new Set([
  "bad_reply",
  "malformed",
  "no_such_object",
  "no_permission",
  "unsupported",
  "device_busy",
  "server_lost",
]);

function projectionOf(
  examined: readonly Examined[],
  disks: readonly RecorderDisk[] | undefined,
  { policy }: RecordingOptions,
  before: DeviceMemory,
): RecordingProjection | undefined {
  const known = examined.flatMap(({ found }) => found ?? []);
  if (known.length === 0) return undefined;
  const sizes = known.flatMap(({ bytesPerDay }) => bytesPerDay ?? []);
  const totals = disks?.filter(({ healthy }) => healthy).flatMap(({ totalBytes }) => totalBytes ?? []);
  const free = disks?.reduce((sum, disk) => sum + (disk.freeBytes ?? 0), 0);
  const passedDays = before.freeAtMs === undefined ? 0 : ((known[0]?.facts.nowMs ?? 0) - before.freeAtMs) / 86_400_000;
  const grown = before.freeBytes !== undefined && free !== undefined && free > 0 && passedDays >= 0.5 ? (before.freeBytes - free) / passedDays : undefined;
  const limits = examined.flatMap(({ channel }) => channel.bitrateKbps ?? []);
  return projectDays({
    requiredDays: policy.days,
    totalBytes: totals && totals.length > 0 ? totals.reduce((sum, bytes) => sum + bytes, 0) : undefined,
    growthBytesPerDay: grown,
    segmentBytesPerDay: sizes.length === known.length ? sizes.reduce((sum, bytes) => sum + bytes, 0) : undefined,
    bitrateLimitKbps: limits.length === examined.length ? limits.reduce((sum, kbps) => sum + kbps, 0) : undefined,
    channels: known.length,
    marginPercent: policy.projectionMarginPercent,
  });
}

function recorderEvidence(
  device: string,
  recorder: Recorder,
  clock: ClockJudgement,
  samples: readonly ClockSample[],
  disks: readonly RecorderDisk[] | undefined,
): RecorderEvidence {
  const zone = samples[0]?.zone;
  const told = (name: "manufacturer" | "model" | "firmware" | "serial") => {
    const text = recorder.identity[name];
    return text === undefined ? {} : { [name]: text };
  };
  return {
    device,
    protocol: recorder.method,
    ...told("manufacturer"),
    ...told("model"),
    ...told("firmware"),
    ...told("serial"),
    clock: clock.verdict,
    ...(clock.skewS === undefined ? {} : { skewS: Math.round(clock.skewS * 10) / 10 }),
    clockSource: clock.source,
    ...(zone === undefined ? {} : { zone: cleanText(zone, 64) }),
    disks: (disks ?? []).map(({ disk, state, healthy, totalBytes, freeBytes }) => ({
      disk,
      state,
      healthy,
      ...(totalBytes === undefined ? {} : { totalBytes }),
      ...(freeBytes === undefined ? {} : { freeBytes }),
    })),
    unverified: [...recorder.unverified, ...(clock.source === "none" ? ["clock"] : [])],
  };
}

function unaskedRecorder(device: string, trouble: string): RecorderEvidence {
  return { device, protocol: "none", clock: "unknown", clockSource: "none", disks: [], unverified: [], trouble };
}

function troubleOf(error: unknown): DeviceTrouble | undefined {
  if (error instanceof DeviceError) return error.trouble;
  return error instanceof SoapFault ? "unsupported" : undefined;
}

function reasonOf(trouble: DeviceTrouble): RecordingReason {
  if (trouble === "auth_failed") return "AUTH_FAILED";
  if (trouble === "no_permission") return "NO_PERMISSION";
  if (trouble === "device_busy") return "DEVICE_BUSY";
  return trouble === "unsupported" || trouble === "bad_reply" || trouble === "malformed" || trouble === "no_such_object" ? "NO_API" : "OFFLINE";
}
