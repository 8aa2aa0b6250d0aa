import type { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import type { Reading } from "#schemas/observation.ts";
import { type Target, targetLabel, targetOptions } from "#schemas/target.ts";
import { DeviceError, type DeviceTrouble } from "../../io/device-error.ts";
import { createPace } from "../../io/pace.ts";
import { SoapFault } from "../../io/soap.ts";
import { defineProbe, type ProbeContext, ProbeError, ProbeSkip } from "../../probe.ts";
import { isTimeTrusted, judgeClock } from "../../recorders/clock.ts";
import { readDeviceMemory } from "../../recorders/device-memory.ts";
import { type Labels, labelKey, readLabelMemory, rememberLabels } from "../../recorders/label-offset.ts";
import type { Recorder, RecorderChannel } from "../../recorders/recorder.ts";
import { confirmLabels, type LabelQuestion, learnLabels, openListed, readClock } from "../../recorders/recorder-visit.ts";
import { adHocRecordingPolicy, RecordingPolicy } from "../../recorders/recording-policy.ts";
import { hasSeenRecording, readWatch, recordingsMemory, watchKey, witness } from "../../recorders/watch-memory.ts";

const DEVICE_MS = 90_000;
const CHANNELS_MAX = 64;
const MINUTE_MS = 60_000;

/** The plan's numbers that this look needs. */
const WatchPolicy = RecordingPolicy.pick({ freshMinutes: true, clockSkewWarnSeconds: true, clockSkewSecondsMax: true, zoneMinutes: true });
const Options = targetOptions({
  policy: WatchPolicy.partial()
    .default({})
    .transform((given) => WatchPolicy.parse({ ...WatchPolicy.strip().parse(adHocRecordingPolicy), ...given })),
  /** Requests per second that one device gets: small recorders stall under bursts. */
  requestsPerSecond: RecordingPolicy.shape.requestsPerSecond.default(adHocRecordingPolicy.requestsPerSecond),
});
type Options = z.infer<typeof Options>;

/** Looks once an hour at each channel's newest recording and at the disks; recording-depth holds its lists against what was seen. See README.md. */
export const recordingWatch = defineProbe({
  kind: "recording-watch",
  options: Options,
  memory: recordingsMemory,
  deadlineMs: ({ targets }) => DEVICE_MS * Math.min(targets.length, 12),
  async run(options, context) {
    const looks: Look[] = [];
    for (const target of options.targets) looks.push(await lookAt(target, options, context));
    const several = options.targets.length > 1;
    const readings = looks.flatMap(({ device, channels }) =>
      channels.flatMap(({ channel, recording }): Reading[] =>
        recording === undefined
          ? []
          : [{ metric: "recording_now", value: recording ? 1 : 0, labels: { channel: cleanText(several ? `${device}/${channel}` : channel) } }],
      ),
    );
    const evidence = { recorders: looks.map(({ error: _, ...told }) => JSON.parse(JSON.stringify(told))) };
    if (readings.length === 0) throw notSeen(looks, evidence);
    return { readings, evidence };
  },
});

type SeenChannel = { readonly channel: string; readonly source?: string | undefined; readonly newest?: string; readonly recording: boolean | undefined };
type Look = {
  readonly device: string;
  readonly clock?: string;
  readonly disks?: readonly { readonly disk: string; readonly state: string; readonly healthy: boolean | undefined }[];
  readonly channels: readonly SeenChannel[];
  readonly trouble?: DeviceTrouble;
  readonly error?: string;
};

function notSeen(looks: readonly Look[], evidence: NonNullable<ProbeError["evidence"]>): ProbeError | ProbeSkip {
  const { trouble = "unsupported", error = "the recorder does not tell its newest recordings" } = looks.find((look) => look.trouble) ?? {};
  return trouble === "device_busy" ? new ProbeSkip(trouble, error, evidence) : new ProbeError(trouble, error, evidence);
}

async function lookAt(target: Target, options: Options, context: ProbeContext): Promise<Look> {
  const device = cleanText(targetLabel(target));
  try {
    return await look(device, target, options, context);
  } catch (error) {
    const trouble = error instanceof DeviceError ? error.trouble : error instanceof SoapFault ? "unsupported" : undefined;
    if (trouble === undefined) throw error;
    context.log("recorder could not be looked at", { device, trouble });
    return { device, channels: [], trouble, error: cleanText(error instanceof Error ? error.message : "", 300) };
  }
}

async function look(device: string, target: Target, { policy, requestsPerSecond }: Options, { io, signal, nowMs, memory }: ProbeContext): Promise<Look> {
  const before = readDeviceMemory(memory.get(device));
  const ends = AbortSignal.any([signal, AbortSignal.timeout(DEVICE_MS)]);
  const visit = { lanHttp: io.lanHttp, rtsp: io.rtsp, signal: ends, nowMs, pace: createPace(requestsPerSecond) };
  const { recorder, channels: named } = await openListed(target, visit, before, false);
  const { clockSkewWarnSeconds: warnSeconds, clockSkewSecondsMax: failSeconds, zoneMinutes, freshMinutes } = policy;
  const clock = judgeClock(await readClock(recorder, nowMs, 1), { warnSeconds, failSeconds, zoneMinutes });
  const listed = named.slice(0, CHANNELS_MAX);
  // Times of a device whose clock is wrong, or that is not the one that was known, are no history.
  const counts = isTimeTrusted(clock.verdict) && (before.serial === undefined || before.serial === recorder.identity.serial);
  const question = {
    zoneMs: zoneMinutes * MINUTE_MS,
    isMislabelled: clock.verdict === "zone_mislabelled",
    freshMs: freshMinutes * MINUTE_MS,
    aheadMs: failSeconds * 1_000,
    nowMs,
  };
  const labels = counts ? await readLabels(device, recorder, listed, question, memory) : undefined;
  const disks = (await recorder.disks())?.map(({ disk, state, healthy }) => ({ disk, state, healthy }));
  const channels: SeenChannel[] = [];
  for (const { channel, vacancy, source } of listed) {
    const named = { channel: cleanText(channel), source };
    if (labels === undefined || labels.rivals.length > 0) {
      channels.push({ ...named, recording: undefined });
      continue;
    }
    const newestMs = await newestOf(recorder, channel, labels.offsetMs, nowMs());
    const atMs = nowMs();
    const key = watchKey(device, channel);
    const known = readWatch(memory.get(key));
    const maybeEmpty = vacancy === "unset" || (vacancy === "no_signal" && !hasSeenRecording(known));
    if (maybeEmpty && newestMs !== undefined && newestMs < atMs - freshMinutes * MINUTE_MS) continue;
    if (newestMs === undefined || newestMs > atMs + failSeconds * 1_000) {
      channels.push({ ...named, recording: undefined });
      continue;
    }
    memory.set(key, witness(known, atMs, newestMs, freshMinutes * MINUTE_MS));
    channels.push({ ...named, newest: new Date(newestMs).toISOString(), recording: newestMs >= atMs - freshMinutes * MINUTE_MS });
  }
  const seen = { device, clock: clock.verdict, ...(disks ? { disks } : {}), channels };
  if (labels === undefined || labels.rivals.length === 0) return seen;
  return { ...seen, trouble: "unsupported", error: "it is not clear yet whether its list uses local time or UTC; the next look may tell" };
}

/** How the recorder's labels are read: as remembered, else by two looks within this visit, else by this one and that of an hour ago. */
async function readLabels(
  device: string,
  recorder: Recorder,
  channels: readonly RecorderChannel[],
  question: LabelQuestion,
  memory: ProbeContext["memory"],
): Promise<Pick<Labels, "offsetMs" | "rivals">> {
  const before = readLabelMemory(memory.get(labelKey(device)), recorder.identity);
  const offsets = recorder.labelOffsets(question.zoneMs, question.isMislabelled);
  if (before.offsetMs !== undefined && offsets.includes(before.offsetMs)) return { offsetMs: before.offsetMs, rivals: [] };
  const labels = await confirmLabels(recorder, await learnLabels(recorder, channels, question, before), question, before);
  if (labels.basis !== "only") memory.set(labelKey(device), rememberLabels(before, labels));
  return labels;
}

/** The end of a channel's newest recording, UTC; undefined when the recorder does not tell. */
async function newestOf(recorder: Recorder, channel: string, offsetMs: number, nowMs: number): Promise<number | undefined> {
  const newestMs = await recorder.newest(channel, nowMs + offsetMs);
  return newestMs === undefined ? undefined : newestMs - offsetMs;
}
