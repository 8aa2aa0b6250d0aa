import type { Target } from "#schemas/target.ts";
import { DeviceError, type DeviceTrouble } from "../io/device-error.ts";
import type { ClockSample } from "./clock.ts";
import type { DeviceMemory } from "./device-memory.ts";
import { confirmedBy, type LabelLimits, type LabelMemory, type Labels, settleLabels } from "./label-offset.ts";
import { openRecorder, openVendor, type Visit } from "./open-recorder.ts";
import type { Recorder, RecorderChannel } from "./recorder.ts";
import { NEWEST_SPAN_MS } from "./sized-list.ts";

/** Samples of the clock of one run; their median counts. */
const CLOCK_SAMPLES = 3;
/** Channels that are searched to see whether labels are still as remembered, and to see at the end of a visit whether any has grown. */
const LABEL_TRIES = 4;

/** A recorder that answers, and what it lists. */
export type Listed = { readonly recorder: Recorder; readonly channels: readonly RecorderChannel[] };

/**
 * Opens by the method that worked before, and asks for the channels; after a change of firmware all methods are tried anew. Over ONVIF many recorders list
 * only what was set up over ONVIF, or tell the oldest day and no gaps: then a vendor's own way is tried.
 * @param needsGaps whether a list without gaps is not enough; asked only while nothing is learnt
 * @throws DeviceError, SoapFault
 */
export async function openListed(target: Target, visit: Visit, before: DeviceMemory, needsGaps: boolean): Promise<Listed> {
  const opened = await openRecorder(target, visit, before.method);
  const isLearnt = before.method !== undefined && opened.identity.firmware === before.firmware;
  const recorder = isLearnt || before.method === undefined ? opened : await openRecorder(target, visit);
  const channels = await recorder.channels();
  const isEnough = channels.length > 0 && (isLearnt || !needsGaps || (await tellsGaps(recorder, channels, visit.nowMs())));
  if (recorder.method !== "onvif" || isEnough) return { recorder, channels };
  try {
    const vendor = await openVendor(target, visit);
    const more = await vendor.channels();
    if (more.length > 0) return { recorder: vendor, channels: more };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    if (channels.length === 0 && error.trouble === "auth_failed")
      throw new DeviceError(
        "auth_failed",
        `${target.address} lists nothing over ONVIF, and its own way refuses this account: give it one of the recorder itself`,
        {
          cause: error,
        },
      );
  }
  return { recorder, channels };
}

/** Whether a recorder's lists show gaps, by its first channel. What keeps it from telling is for the visit itself to meet. */
async function tellsGaps(recorder: Recorder, [first]: readonly RecorderChannel[], nowMs: number): Promise<boolean> {
  if (recorder.method !== "onvif" || first === undefined) return true;
  try {
    return (await recorder.recorded(first.channel, nowMs - NEWEST_SPAN_MS, nowMs)).gapsKnown;
  } catch {
    return true;
  }
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

/** What a question for labels needs to know: the zone of the place, whether the clock sends local time as UTC, and our own clock. */
export type LabelQuestion = LabelLimits & { readonly zoneMs: number; readonly isMislabelled: boolean; readonly nowMs: () => number };

/**
 * Finds out by how much labels are ahead of UTC, by one search a channel for what ends around now by any reading. Ends with the first proof;
 * with nothing remembered all channels are tried. @throws DeviceError, SoapFault
 */
export async function learnLabels(recorder: Recorder, channels: readonly RecorderChannel[], question: LabelQuestion, memory: LabelMemory): Promise<Labels> {
  const offsets = recorder.labelOffsets(question.zoneMs, question.isMislabelled);
  const ends: Record<string, number> = {};
  const settled = () => settleLabels(offsets, { atMs: question.nowMs(), ends }, memory.seen, memory.offsetMs, question);
  if (offsets.length < 2) return { ...settled(), basis: "only", rivals: [], learntMs: undefined };
  const likeliest = channels.toSorted((a, b) => Number(a.enabled === false) - Number(b.enabled === false));
  for (const { channel } of memory.offsetMs === undefined ? likeliest : likeliest.slice(0, LABEL_TRIES)) {
    const endMs = await newestLabel(recorder, channel, offsets, question);
    if (endMs !== undefined) ends[channel] = endMs;
    // Days prove nothing, however many channels tell them.
    if (settled().basis === "proven" || recorder.unverified.has("search")) break;
  }
  return settled();
}

/** Looks again at the channels with the newest labels while rivals are left: what has grown since was being recorded. Never rejects. */
export async function confirmLabels(recorder: Recorder, first: Labels, question: LabelQuestion, memory: LabelMemory): Promise<Labels> {
  if (first.rivals.length === 0) return first;
  const offsets = recorder.labelOffsets(question.zoneMs, question.isMislabelled);
  const newest = Object.entries(first.seen.ends).toSorted(([, a], [, b]) => b - a);
  let labels = first;
  for (const [channel] of newest.slice(0, LABEL_TRIES)) {
    const endMs = await newestLabel(recorder, channel, offsets, question).catch(() => undefined);
    if (endMs === undefined) continue;
    const again = settleLabels(offsets, { atMs: question.nowMs(), ends: { [channel]: endMs } }, first.seen, memory.offsetMs, question);
    if (again.basis === "proven") return confirmedBy(first, again);
    labels = confirmedBy(labels, again);
  }
  return labels.basis === "remembered" ? { ...labels, rivals: [] } : labels;
}

/** The label at which a channel's newest recording ends; undefined when none ends around now, or when the device does not tell to the minute. */
async function newestLabel(recorder: Recorder, channel: string, offsets: readonly number[], { nowMs, aheadMs }: LabelQuestion): Promise<number | undefined> {
  const fromMs = nowMs() + Math.min(...offsets) - NEWEST_SPAN_MS;
  const toMs = nowMs() + Math.max(...offsets) + aheadMs;
  try {
    const { intervals, basis, complete, claimedNewestMs } = await recorder.recorded(channel, fromMs, toMs);
    if (basis === "isapi-days") return undefined;
    // The open end of a list of events is where the question ended, so there the claim alone tells.
    if (basis !== "isapi-search") return claimedNewestMs;
    return complete && intervals.length > 0 ? Math.max(...intervals.map(({ endMs }) => endMs)) : undefined;
  } catch (error) {
    if (error instanceof DeviceError && unsearchable.has(error.trouble)) return undefined;
    throw error;
  }
}

/** Troubles of one channel that say nothing of the others. */
const unsearchable: ReadonlySet<DeviceTrouble> = new Set(["no_permission", "no_such_object", "unsupported"]);
