import { DeviceError } from "./device-error.ts";
import { readRtp } from "./rtp.ts";
import { openRtsp, type RtspConnection, type RtspTarget, rtspUri } from "./rtsp.ts";
import type { RtspReply } from "./rtsp-reader.ts";

/** What proves a live stream. A device that describes a dead channel yields `up: false`. */
export type StreamProof = {
  readonly up: boolean;
  readonly packets: number;
  readonly codec: string | undefined;
  readonly firstPacketMs: number | undefined;
  readonly status: number;
};

/** A frame out of a recording. `abs`: the device stamped it with UTC; `implied`: a frame came, its time is only what we asked for. */
export type FrameProof = {
  readonly frameTime: "abs" | "implied" | "none";
  readonly frameUtcMs: number | undefined;
  readonly codec: string | undefined;
  readonly bytes: number;
  readonly status: number;
};

/** The two questions that are asked over RTSP. */
export type Rtsp = { readonly watchStream: typeof watchStream; readonly fetchFrame: typeof fetchFrame };

type Video = { readonly control: string; readonly session: string; readonly channel: number; readonly codec: string | undefined; readonly status: number };

/**
 * Plays a stream and counts its video packets: `packetsMin` within `withinMs` prove that it lives. Nothing of the picture is kept.
 * @param uri as the device gave it; its host is replaced by the known address
 * @throws DeviceError
 */
export async function watchStream(target: Omit<RtspTarget, "port">, uri: string, packetsMin: number, withinMs: number): Promise<StreamProof> {
  return withVideo(target, uri, {}, async (line, video) => {
    if (typeof video === "number") return { up: false, packets: 0, codec: undefined, firstPacketMs: undefined, status: video };
    const startedMs = performance.now();
    const played = await line.request("PLAY", video.control, { Session: video.session, Range: "npt=0.000-" });
    let packets = 0;
    let firstPacketMs: number | undefined;
    while (played.status === 200 && packets < packetsMin) {
      const packet = await line.nextPacket(withinMs - (performance.now() - startedMs));
      if (!packet) break;
      if (packet.channel !== video.channel || !((readRtp(packet.data)?.payloadBytes ?? 0) > 0)) continue;
      packets += 1;
      firstPacketMs ??= performance.now() - startedMs;
    }
    return { up: packets >= packetsMin, packets, codec: video.codec, firstPacketMs, status: played.status };
  });
}

/**
 * Asks a recording for the frame at an instant (ONVIF replay, also the playback addresses of Hikvision and Dahua).
 * A replay server must jump forward over a gap, so the frame's own time tells where data really is.
 * @param onvif sends `Require: onvif-replay` and the Range; without it the address itself carries the time
 * @throws DeviceError device_busy when the recorder has no session left
 */
export async function fetchFrame(target: Omit<RtspTarget, "port">, uri: string, atMs: number, onvif: boolean, withinMs: number): Promise<FrameProof> {
  const require: Readonly<Record<string, string>> = onvif ? { Require: "onvif-replay" } : {};
  return withVideo(target, uri, require, async (line, video) => {
    const nothing = (status: number, codec?: string): FrameProof => ({ frameTime: "none", frameUtcMs: undefined, codec, bytes: 0, status });
    if (typeof video === "number") return nothing(video);
    const range: Readonly<Record<string, string>> = onvif
      ? { ...require, Range: `clock=${clockTime(atMs)}-`, "Rate-Control": "no", Frames: "intra" }
      : { Range: "npt=0.000-" };
    const startedMs = performance.now();
    const played = await line.request("PLAY", video.control, { Session: video.session, ...range });
    busyCheck(played.status, target.address);
    if (played.status !== 200) return nothing(played.status, video.codec);
    let bytes = 0;
    let frameUtcMs: number | undefined;
    for (;;) {
      const packet = await line.nextPacket(withinMs - (performance.now() - startedMs));
      if (!packet) break;
      const rtp = packet.channel === video.channel ? readRtp(packet.data) : undefined;
      if (!rtp) continue;
      bytes += rtp.payloadBytes;
      frameUtcMs ??= rtp.payloadBytes > 0 ? rtp.replay?.utcMs : undefined;
      if ((rtp.marker && bytes > 0) || rtp.replay?.noMoreData) break;
    }
    if (bytes === 0) return nothing(played.status, video.codec);
    return { frameTime: frameUtcMs === undefined ? "implied" : "abs", frameUtcMs, codec: video.codec, bytes, status: played.status };
  });
}

/** 20261023T011500.000Z, the form of RFC 2326 §3.7. */
function clockTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, "");
}

function busyCheck(status: number, address: string): void {
  if (status === 453 || status === 503)
    throw new DeviceError("device_busy", `${address} has no playback session free (RTSP ${status}); the next night tries again`);
}

/** DESCRIBE and SETUP of the first video track; hands the HTTP-like status instead when the device says no. Always ends with TEARDOWN. */
async function withVideo<T>(
  target: Omit<RtspTarget, "port">,
  rawUri: string,
  headers: Readonly<Record<string, string>>,
  use: (line: RtspConnection, video: Video | number) => Promise<T>,
): Promise<T> {
  const place = rtspUri(rawUri, target.address);
  if (place === undefined) throw new DeviceError("bad_reply", `${target.address} named a stream address that is not rtsp://`);
  const line = await openRtsp({ ...target, port: place.port });
  try {
    const described = await line.request("DESCRIBE", place.uri, { Accept: "application/sdp", ...headers });
    busyCheck(described.status, target.address);
    if (described.status !== 200) return await use(line, described.status);
    const base = described.headers["content-base"] ?? described.headers["content-location"] ?? place.uri;
    const sdp = readSdp(described.body);
    if (sdp === undefined) throw new DeviceError("bad_reply", `${target.address} describes a stream without video`);
    const setup = await line.request("SETUP", resolve(base, sdp.videoControl, target.address, place.uri), {
      Transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
      ...headers,
    });
    busyCheck(setup.status, target.address);
    if (setup.status !== 200) return await use(line, setup.status);
    const session = sessionOf(setup);
    const channel = Number(setup.headers.transport?.match(/interleaved=(\d{1,3})/)?.[1] ?? 0);
    const control = resolve(base, sdp.sessionControl, target.address, place.uri);
    const result = await use(line, { control, session, channel, codec: sdp.codec, status: 200 });
    // The answer does not matter, but without TEARDOWN some recorders keep the session for a minute.
    await Promise.race([line.request("TEARDOWN", control, { Session: session }), line.nextPacket(0)]).catch(() => undefined);
    return result;
  } finally {
    line.close();
  }
}

function sessionOf(setup: RtspReply): string {
  return (setup.headers.session ?? "").split(";")[0]?.trim().slice(0, 256) ?? "";
}

/** Control addresses and codec of the first video section; undefined without one. */
export function readSdp(sdp: string): { sessionControl: string; videoControl: string; codec: string | undefined } | undefined {
  let section = "session";
  let sessionControl = "*";
  let videoControl: string | undefined;
  let codec: string | undefined;
  let videos = 0;
  for (const line of sdp.split(/\r?\n/, 2000)) {
    if (line.startsWith("m=")) {
      section = line.startsWith("m=video") ? "video" : "other";
      if (section === "video") videos += 1;
    }
    const control = line.match(/^a=control:(\S{1,512})/)?.[1];
    if (control && section === "session") sessionControl = control;
    if (videos !== 1 || section !== "video") continue;
    if (control) videoControl = control;
    codec ??= line.match(/^a=rtpmap:\d{1,3} ([\w.-]{1,32})\//)?.[1];
  }
  return videos === 0 ? undefined : { sessionControl, videoControl: videoControl ?? "*", codec };
}

/** A control attribute against its base (RFC 2326 §C.1.1), with the known address as host. */
function resolve(base: string, control: string, address: string, fallback: string): string {
  const trusted = rtspUri(base, address)?.uri ?? fallback;
  if (control === "*") return trusted;
  if (/^rtsp:/i.test(control)) return rtspUri(control, address)?.uri ?? fallback;
  return trusted.endsWith("/") ? trusted + control : `${trusted}/${control}`;
}

export const rtsp: Rtsp = { watchStream, fetchFrame };
