import { cleanText } from "#schemas/clean-text.ts";
import { readCapDays } from "../io/onvif-time.ts";
import type { XmlNode } from "../io/xml.ts";
import { type Inputs, sourceOf, vacancyOf } from "./isapi-inputs.ts";
import type { RecorderChannel } from "./recorder.ts";

const CHANNELS_MAX = 64;

/** Tracks of one channel: main and sub stream, pictures. */
const TRACKS_EACH = 4;

/**
 * Channels out of a recorder's list of tracks, with the limits of their encoders where /Streaming/channels was told. It has a track for each place of
 * the recorder, whatever hangs on it: `inputs` tells which may be empty. Pure.
 */
export function channelsOf(trackList: XmlNode, streamingChannels: XmlNode | undefined, inputs: Inputs | undefined): RecorderChannel[] {
  const tracks = trackList.children("Track").slice(0, TRACKS_EACH * CHANNELS_MAX);
  const limits = bitratesOf(streamingChannels);
  return tracks.flatMap((track) => channelOf(track, tracks, limits, inputs)).slice(0, CHANNELS_MAX);
}

function channelOf(track: XmlNode, tracks: readonly XmlNode[], limits: ReadonlyMap<string, number>, inputs: Inputs | undefined): RecorderChannel[] {
  const id = track.value("id") ?? "";
  // Tracks are channel * 100 + stream; the sub stream is the same picture again.
  if (!/^\d{3,5}$/.test(id) || !id.endsWith("01")) return [];
  // The sub stream is recorded beside the main one where it has a track of its own.
  const streams = tracks.flatMap((other) => other.value("id") ?? []).filter((other) => other.slice(0, -2) === id.slice(0, -2));
  const rates = streams.map((stream) => limits.get(stream));
  return [
    {
      channel: id,
      name: inputs?.names.get(id.slice(0, -2)) ?? (describedAs(track) || id),
      capDays: readCapDays(track.value("Duration")),
      mode: modeOf(track),
      enabled: isScheduled(track),
      vacancy: vacancyOf(id.slice(0, -2), inputs),
      source: sourceOf(id.slice(0, -2), inputs),
      bitrateKbps: rates.includes(undefined) ? undefined : rates.reduce<number>((sum, kbps) => sum + (kbps ?? 0), 0),
    },
  ];
}

/** What a person wrote there. Most firmware describes the stream instead: "trackType=standard,contentType=video,codecType=H.264-BP,...", which names no camera. */
function describedAs(track: XmlNode): string {
  const words = cleanText(track.value("Description") ?? "", 64);
  return /^trackType=/i.test(words) ? "" : words;
}

/** Whether the schedule of recording is on. A track's own `Enable` is of other things: recorders that record have it at false. */
function isScheduled(track: XmlNode): boolean | undefined {
  const extensions = track.find("CustomExtensionList")?.children("CustomExtension") ?? [];
  const told = extensions.flatMap((extension) => extension.value("enableSchedule") ?? [])[0];
  return told === undefined ? undefined : told === "true";
}

/** The schedule decides where there is one; the default stands for a track without. By the clock in some hours and on motion in others leaves gaps, too. */
function modeOf(track: XmlNode): RecorderChannel["mode"] {
  const schedule = track.find("TrackSchedule");
  // Some firmware leaves the list around the blocks out.
  const blocks = (schedule?.find("ScheduleBlockList") ?? schedule)?.children("ScheduleBlock") ?? [];
  const actions = blocks.flatMap((block) => block.children("ScheduleAction").flatMap((action) => action.find("Actions") ?? []));
  const scheduled = actions.filter((action) => action.value("Record") !== "false").flatMap((action) => action.value("ActionRecordingMode") || []);
  const modes = (scheduled.length > 0 ? scheduled : [track.value("DefaultRecordingMode") ?? ""]).map((mode) => mode.toUpperCase());
  if (modes.every((mode) => mode === "CMR")) return "continuous";
  return modes.every((mode) => mode === "") ? "unknown" : "event";
}

/** Limits of the encoders by stream, kbit/s. */
function bitratesOf(list: XmlNode | undefined): ReadonlyMap<string, number> {
  return new Map(
    (list?.children("StreamingChannel") ?? []).slice(0, 4 * CHANNELS_MAX).flatMap((stream): [string, number][] => {
      const video = stream.find("Video");
      const kbps = video?.value("videoQualityControlType")?.toUpperCase() === "CBR" ? video.value("constantBitRate") : video?.value("vbrUpperCap");
      return kbps !== undefined && /^[1-9]\d{0,6}$/.test(kbps) ? [[stream.value("id") ?? "", Number(kbps)]] : [];
    }),
  );
}
