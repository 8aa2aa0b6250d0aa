import { cleanText } from "#schemas/clean-text.ts";
import type { ChannelEvidence, RecorderEvidence, RecordingProjection, RecordingReason } from "#schemas/recording-evidence.ts";
import { type Target, targetLabel } from "#schemas/target.ts";
import { DeviceError, type DeviceTrouble } from "../../io/device-error.ts";
import type { Pace } from "../../io/pace.ts";
import { SoapFault } from "../../io/soap.ts";
import type { ProbeContext } from "../../probe.ts";
import { type ClockJudgement, type ClockSample, isTimeTrusted, judgeClock } from "../../recorders/clock.ts";
import { type DeviceMemory, learnDevice, readDeviceMemory } from "../../recorders/device-memory.ts";
import { hearing } from "../../recorders/heard-answers.ts";
import { labelKey, readLabelMemory, rememberLabels } from "../../recorders/label-offset.ts";
import type { Recorder, RecorderChannel, RecorderDisk } from "../../recorders/recorder.ts";
import { confirmLabels, learnLabels, openListed, readClock } from "../../recorders/recorder-visit.ts";
import { isSameSerial } from "../../recorders/serial.ts";
import { emptyWatch, readWatch, watchKey } from "../../recorders/watch-memory.ts";
import { type ChannelFindings, EXPLAINS_MS, examineChannel, type RecorderFacts } from "./channel.ts";
import { channelEvidence, unaskedChannel } from "./evidence.ts";
import { type ChannelMemory, emptyMemory, readMemory, remember } from "./memory.ts";
import type { RecordingOptions } from "./options.ts";
import { projectDays } from "./projection.ts";
import { windowOf } from "./verdict.ts";
import { VisitTime, visitMs } from "./visit-time.ts";

const MINUTE_MS = 60_000;
/** A visit that would not end by this share of its time asks for fewer samples, so that the last channel of a slow recorder gets its turn. */
const SAMPLING_SHARE = 0.8;
/** Free share of the disks above which nothing was overwritten yet. */
const ROOM_SHARE = 0.1;
/** So much it may lag behind before it does. */
const LAG_MS = 10_000;

export type DeviceResult = { readonly recorder: RecorderEvidence; readonly channels: readonly ChannelEvidence[]; readonly trouble: DeviceTrouble | undefined };

/** Examines one recorder with all of its channels. Never rejects for what the device does: trouble becomes UNVERIFIABLE with its reason. */
export async function examineDevice(target: Target, options: RecordingOptions, context: ProbeContext, pace: Pace, channelsMax: number): Promise<DeviceResult> {
  const device = cleanText(targetLabel(target));
  using time = new VisitTime();
  const signal = AbortSignal.any([context.signal, time.signal]);
  try {
    return await examine(device, target, options, { ...context, signal }, pace, channelsMax, time);
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
  time: VisitTime,
): Promise<DeviceResult> {
  const { policy } = options;
  const { io, signal, nowMs, memory } = context;
  const before = readDeviceMemory(memory.get(device));
  const { lanHttp, heard } = hearing(io.lanHttp);
  const visit = { lanHttp, rtsp: io.rtsp, signal, nowMs, pace };
  const { recorder, channels: named } = await openListed(target, visit, before, true);
  const samples = await readClock(recorder, nowMs);
  const clock = judgeClock(samples, { warnSeconds: policy.clockSkewWarnSeconds, failSeconds: policy.clockSkewSecondsMax, zoneMinutes: policy.zoneMinutes });
  const listed = named.slice(0, channelsMax);
  time.lastFor(listed.length);
  const disks = await recorder.disks();
  const question = {
    zoneMs: policy.zoneMinutes * MINUTE_MS,
    isMislabelled: clock.verdict === "zone_mislabelled",
    freshMs: policy.freshMinutes * MINUTE_MS,
    aheadMs: policy.clockSkewSecondsMax * 1_000,
    nowMs,
  };
  const labelsBefore = readLabelMemory(memory.get(labelKey(device)), recorder.identity);
  const labels = await learnLabels(recorder, listed, question, labelsBefore);
  const { serialChanged, isNew } = compareSerials(recorder.identity.serial, before.serial, target.serial);
  const known = isNew ? freshMemory : before;
  const facts: RecorderFacts = {
    nowMs: nowMs(),
    policy,
    clock: clock.verdict,
    labelOffsetMs: labels.offsetMs,
    rivalOffsetsMs: labels.rivals,
    zoneConfirmed: labels.basis !== "guessed",
    serialChanged,
    storageFault: disks !== undefined && (disks.length < known.disks || disks.length === 0 || disks.some(({ healthy }) => healthy === false)),
    clockWasWrong: known.clockWrongMs !== undefined && known.clockWrongMs >= windowOf(nowMs(), policy).startMs,
    hasRoom: hasRoom(disks),
    explainedMs: [...servicedMs(target, policy.zoneMinutes), ...(disks ?? []).flatMap(({ installedMs }) => installedMs ?? [])],
  };
  const unsampled: string[] = [];
  const all = await examineAll(device, recorder, listed, facts, context, known, isNew, unsampled);
  const asked = all.filter((one) => !isEmptyPlace(one));
  const settled = await confirmLabels(recorder, labels, question, labelsBefore);
  const examined = settled.rivals.length > 0 ? asked : asked.map(readOneWay);
  const projection = projectionOf(examined, disks, await recorder.videoShare?.(), options, known);
  const channels = examined.map(({ channel, found, trouble }) => {
    const name = { device, channel: cleanText(channel.channel), name: cleanText(channel.name) };
    return found ? channelEvidence(name, found, policy, projection) : unaskedChannel(device, reasonOf(trouble ?? "bad_reply"), name.channel);
  });
  if (!serialChanged) memory.set(device, learnDevice(known, recorder, disks, facts.nowMs, listed, clock.verdict === "wrong"));
  if (!serialChanged && isTimeTrusted(clock.verdict)) {
    if (settled.basis !== "only") memory.set(labelKey(device), rememberLabels(labelsBefore, settled));
    if (settled.rivals.length === 0) for (const { key, earlier, found } of examined) if (found) memory.set(key, remembered(earlier, found));
  }
  const told = { ...recorderEvidence(device, recorder, clock, samples, disks, unsampled), answers: heard() };
  if (channels.length === 0) return { recorder: told, channels: [unaskedChannel(device, "NO_RECORDER")], trouble: "no_such_object" };
  return { recorder: told, channels, trouble: examined.find(({ found }) => found === undefined)?.trouble };
}

/** Whether the disks still have room, which a ring that gives up its oldest files does not leave. */
function hasRoom(disks: readonly RecorderDisk[] | undefined): boolean {
  const told = (disks ?? []).filter(({ healthy, totalBytes, freeBytes }) => healthy !== false && totalBytes !== undefined && freeBytes !== undefined);
  const sum = (name: "totalBytes" | "freeBytes") => told.reduce((bytes, disk) => bytes + (disk[name] ?? 0), 0);
  return sum("freeBytes") > ROOM_SHARE * sum("totalBytes");
}

const freshMemory: DeviceMemory = readDeviceMemory(undefined);

/**
 * Whether another device answers than the inventory, or without its word the last run, knows; `isNew` is true also when the
 * inventory expects the newcomer, so that what the old device held is not held against it.
 */
function compareSerials(serial: string | undefined, before: string | undefined, expected: string | undefined): { serialChanged: boolean; isNew: boolean } {
  const isNew = before !== undefined && serial !== undefined && serial !== before;
  if (expected === undefined || serial === undefined) return { serialChanged: isNew, isNew };
  return { serialChanged: !isSameSerial(serial, expected), isNew };
}

/** Noon of each day on which the device was serviced, by the centre's papers. */
function servicedMs({ serviced = [] }: Target, zoneMinutes: number): number[] {
  return serviced.map((day) => Date.parse(`${day}T12:00:00Z`) - zoneMinutes * MINUTE_MS);
}

type Examined = {
  readonly channel: RecorderChannel;
  /** What earlier runs left of it, and under which key. */
  readonly key: string;
  readonly earlier: ChannelMemory;
  readonly found: ChannelFindings | undefined;
  readonly trouble?: DeviceTrouble;
};

/** A place of the recorder that holds no camera, and nothing that one recorded. An input without a picture must never have recorded under our eyes. */
function isEmptyPlace({ channel: { vacancy }, earlier, found }: Examined): boolean {
  if (vacancy === undefined || found?.facts.intervals.length !== 0) return false;
  return vacancy === "unset" || earlier.runs.length === 0;
}

/** Once the labels are known, what else they might have meant does not count. */
function readOneWay(examined: Examined): Examined {
  const { found } = examined;
  return found ? { ...examined, found: { ...found, rivals: [], facts: { ...found.facts, zoneConfirmed: true } } } : examined;
}

async function examineAll(
  device: string,
  recorder: Recorder,
  channels: readonly RecorderChannel[],
  facts: RecorderFacts,
  { memory, nowMs }: ProbeContext,
  before: DeviceMemory,
  isNew: boolean,
  unsampled: string[],
): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const channel of channels) {
    const key = `${device}/${channel.channel}`.slice(0, 128);
    const earlier = isNew ? emptyMemory : readMemory(memory.get(key));
    const watch = isNew ? emptyWatch : readWatch(memory.get(watchKey(device, channel.channel)));
    const seenMs = before.channels[channel.channel];
    const explained = [...facts.explainedMs, ...firstSeen(facts.nowMs, before.firstSeenMs, seenMs, earlier)];
    const late = nowMs() - facts.nowMs > LAG_MS + (SAMPLING_SHARE * visitMs(channels.length) * examined.length) / channels.length;
    const policy = late ? { ...facts.policy, replaySamples: 0 } : facts.policy;
    if (late && facts.policy.replaySamples > 0) unsampled.push(channel.channel);
    try {
      const found = await examineChannel(recorder, channel, { ...facts, policy, nowMs: nowMs(), explainedMs: explained }, earlier, watch);
      examined.push({ channel, key, earlier, found });
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === undefined) throw error;
      if (mayBeAlone.has(trouble)) {
        examined.push({ channel, key, earlier, found: undefined, trouble });
        continue;
      }
      // A device that went away or locks us out is not asked on; what it told before still stands.
      if (examined.length === 0) throw error;
      for (const rest of channels.slice(examined.length)) examined.push({ channel: rest, key, earlier, found: undefined, trouble });
      break;
    }
  }
  return examined;
}

/**
 * What the agent's own first sight explains: a channel that appeared while the recorder was already watched, or one that began when the recorder was first
 * seen. One that then held more has lost it since.
 */
function firstSeen(nowMs: number, deviceMs: number | undefined, channelMs: number | undefined, { runs }: ChannelMemory): number[] {
  if (deviceMs !== undefined && channelMs !== undefined && channelMs > deviceMs) return [channelMs];
  const sinceMs = deviceMs ?? nowMs;
  return runs.every(({ oldestMs }) => oldestMs >= sinceMs - EXPLAINS_MS) ? [sinceMs] : [];
}

function remembered(earlier: ChannelMemory, { facts, gapAsked }: ChannelFindings): ChannelMemory {
  const after = remember(earlier, facts.nowMs, facts.gapsKnown && facts.listComplete ? facts.intervals : []);
  return gapAsked ? { ...after, gapAskedMs: facts.nowMs } : after;
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
  videoShare: number | undefined,
  { policy }: RecordingOptions,
  before: DeviceMemory,
): RecordingProjection | undefined {
  const known = examined.flatMap(({ found }) => found ?? []);
  if (known.length === 0) return undefined;
  const sizes = known.flatMap(({ bytesPerDay }) => bytesPerDay ?? []);
  const totals = disks?.filter(({ healthy }) => healthy !== false).flatMap(({ totalBytes }) => totalBytes ?? []);
  const free = disks?.reduce((sum, disk) => sum + (disk.freeBytes ?? 0), 0);
  const passedDays = before.freeAtMs === undefined ? 0 : ((known[0]?.facts.nowMs ?? 0) - before.freeAtMs) / 86_400_000;
  const grown = before.freeBytes !== undefined && free !== undefined && free > 0 && passedDays >= 0.5 ? (before.freeBytes - free) / passedDays : undefined;
  const limits = examined.flatMap(({ channel }) => channel.bitrateKbps ?? []);
  return projectDays({
    requiredDays: policy.days,
    totalBytes: totals && totals.length > 0 ? totals.reduce((sum, bytes) => sum + bytes, 0) : undefined,
    videoShare,
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
  unsampled: readonly string[],
): RecorderEvidence {
  const zone = samples[0]?.zone;
  const isUnclear = disks?.some(({ healthy }) => healthy === undefined) === true;
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
      ...(healthy === undefined ? {} : { healthy }),
      ...(totalBytes === undefined ? {} : { totalBytes }),
      ...(freeBytes === undefined ? {} : { freeBytes }),
    })),
    unverified: [
      ...recorder.unverified,
      ...(isUnclear ? ["disks"] : []),
      ...(clock.source === "none" ? ["clock"] : []),
      ...(unsampled.length > 0 ? ["samples"] : []),
    ],
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
