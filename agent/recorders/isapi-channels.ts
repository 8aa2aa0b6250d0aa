import { cleanText } from "#schemas/clean-text.ts";
import { readCapDays } from "../io/onvif-time.ts";
import type { XmlNode } from "../io/xml.ts";
import type { RecorderChannel } from "./recorder.ts";

const CHANNELS_MAX = 64;

/**
 * Channels out of a recorder's list of tracks, with the limits of their encoders where /Streaming/channels was told. Pure.
 */
export function channelsOf(trackList: XmlNode, streamingChannels: XmlNode | undefined): RecorderChannel[] {
  const tracks = trackList.children("Track").slice(0, 2 * CHANNELS_MAX);
  const limits = bitratesOf(streamingChannels);
  return tracks.flatMap((track) => channelOf(track, tracks, limits)).slice(0, CHANNELS_MAX);
}

function channelOf(track: XmlNode, tracks: readonly XmlNode[], limits: ReadonlyMap<string, number>): RecorderChannel[] {
  const id = track.value("id") ?? "";
  // Tracks are channel * 100 + stream; the sub stream is the same picture again.
  if (!/^\d{3,5}$/.test(id) || !id.endsWith("01")) return [];
  const mode = (track.value("DefaultRecordingMode") ?? "").toUpperCase();
  const enabled = track.value("Enable");
  // The sub stream is recorded beside the main one where it has a track of its own.
  const streams = tracks.flatMap((other) => other.value("id") ?? []).filter((other) => other.slice(0, -2) === id.slice(0, -2));
  const rates = streams.map((stream) => limits.get(stream));
  return [
    {
      channel: id,
      name: cleanText(track.value("Description") ?? "", 64) || id,
      capDays: readCapDays(track.value("Duration")),
      mode: mode === "CMR" ? "continuous" : mode === "" ? "unknown" : "event",
      enabled: enabled === undefined ? undefined : enabled === "true",
      bitrateKbps: rates.includes(undefined) ? undefined : rates.reduce<number>((sum, kbps) => sum + (kbps ?? 0), 0),
    },
  ];
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
