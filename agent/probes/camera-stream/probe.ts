import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import type { Reading } from "#schemas/observation.ts";
import { type Target, targetLabel, targetOptions } from "#schemas/target.ts";
import { DeviceError, type DeviceTrouble } from "../../io/device-error.ts";
import { openDeviceSession } from "../../io/device-session.ts";
import { openOnvif } from "../../io/onvif.ts";
import { listProfiles, type MediaProfile, streamUri } from "../../io/onvif-media.ts";
import { createPace } from "../../io/pace.ts";
import type { StreamProof } from "../../io/rtsp-video.ts";
import { SoapFault } from "../../io/soap.ts";
import { openWays, type Ways } from "../../io/ways.ts";
import { defineProbe, type ProbeContext, ProbeError, ProbeSkip } from "../../probe.ts";
import { onvifAccess } from "../../recorders/open-recorder.ts";

const STREAMS_MAX = 64;
const STREAM_MS = 12_000;

const Options = targetOptions({
  /** Requests per second that one device gets: small recorders stall under bursts. */
  requestsPerSecond: z.number().positive().max(1_000).default(2),
  /** A stream that is known by its address: no ONVIF is asked. */
  rtsp: z
    .strictObject({ port: z.int().min(1).max(65535).default(554), path: z.string().regex(/^\/[\x21-\x7e]{0,512}$/, "a path that begins with '/'") })
    .optional(),
  /** So many video packets within so many seconds prove a live stream. */
  packetsMin: z.int().min(1).max(1000).default(3),
  withinSeconds: z.number().min(0.1).max(10).default(5),
});
type Options = z.infer<typeof Options>;

/** Plays each camera's stream for a moment: does video really arrive? See README.md. */
export const cameraStream = defineProbe({
  kind: "camera-stream",
  options: Options,
  deadlineMs: ({ targets }) => Math.min(30 * 60_000, targets.length * 16 * STREAM_MS),
  async run(options, context) {
    const ways = openWays(
      options.targets.map(({ address }) => address),
      context,
    );
    const streams: Stream[] = [];
    for (const target of options.targets) {
      if (streams.length >= STREAMS_MAX) break;
      streams.push(...(await playTarget(target, options, context, ways)).slice(0, STREAMS_MAX - streams.length));
    }
    const readings: Reading[] = streams.flatMap(({ camera, channel, up }) =>
      up === undefined ? [] : [{ metric: "camera_stream_up" as const, value: up ? 1 : 0, labels: { camera, channel } }],
    );
    const evidence = { streams: streams.map(({ up, ...rest }) => ({ ...rest, ...(up === undefined ? {} : { up }) })) };
    const unasked = streams.find(({ up }) => up === undefined);
    if (readings.length === 0) throw notPlayed(unasked, evidence);
    // The total is the worst stream; it stands only when each stream was played or one of them failed.
    const worst = Math.min(...readings.map(({ value }) => value));
    return { readings: unasked && worst === 1 ? readings : [...readings, { metric: "camera_stream_up", value: worst }], evidence };
  },
});

type Stream = {
  readonly camera: string;
  readonly channel: string;
  readonly up: boolean | undefined;
  readonly packets: number;
  readonly rtspStatus: number;
  readonly codec?: string;
  readonly firstPacketMs?: number;
  readonly trouble?: DeviceTrouble;
  readonly said?: string;
};

async function playTarget(target: Target, options: Options, context: ProbeContext, ways: Ways): Promise<Stream[]> {
  const camera = cleanText(targetLabel(target));
  const access = onvifAccess(target);
  if (options.rtsp) {
    const { port, path } = options.rtsp;
    const host = target.address.includes(":") ? `[${target.address}]` : target.address;
    return [await play(camera, "1", target, access, `rtsp://${host}:${port}${path}`, options, context, ways)];
  }
  const pace = createPace(options.requestsPerSecond);
  try {
    const onvif = await openOnvif(openDeviceSession(context.io.lanHttp, access, context.signal, pace), context.nowMs);
    const streams: Stream[] = [];
    for (const { token, name } of oneOfEachSource(await listProfiles(onvif))) {
      const uri = await streamUri(onvif, token);
      if (uri !== undefined) streams.push(await play(camera, name, target, access, uri, options, context, ways));
    }
    if (streams.length === 0) return [untold(camera, "unsupported", `${camera} offers no stream over RTSP`)];
    return streams;
  } catch (error) {
    return [untold(camera, ...troubleOf(error))];
  }
}

/** Main and sub streams show the same picture: the first profile of each video source counts. */
function oneOfEachSource(profiles: readonly MediaProfile[]): MediaProfile[] {
  const seen = new Set<string>();
  const chosen = profiles.filter(({ token, source }) => {
    const key = source ?? token;
    return !seen.has(key) && seen.add(key);
  });
  return chosen.slice(0, STREAMS_MAX);
}

async function play(
  camera: string,
  channel: string,
  target: Target,
  access: { user?: string | undefined; password?: string | undefined },
  uri: string,
  { packetsMin, withinSeconds }: Options,
  { io, signal }: ProbeContext,
  ways: Ways,
): Promise<Stream> {
  const { user, password } = access;
  try {
    const line = { address: target.address, user, password, signal, deadlineMs: STREAM_MS };
    const proof = await io.rtsp.watchStream(line, uri, packetsMin, withinSeconds * 1000);
    await ways.answered(target.address);
    return { camera, channel, ...told(proof) };
  } catch (error) {
    const [trouble, said] = troubleOf(error);
    if (unplayed.has(trouble)) return { ...untold(camera, trouble, said), channel };
    const cutOff = trouble === "timeout" || trouble === "unreachable" ? await ways.cutOff(target.address) : undefined;
    if (cutOff !== undefined) return { ...untold(camera, "no_route", cutOff), channel };
    // Whatever else keeps video from arriving, it does not arrive.
    return { ...untold(camera, trouble, said), channel, up: false };
  }
}

/** Troubles in which nothing was asked of the stream itself. */
const unplayed: ReadonlySet<DeviceTrouble> = new Set(["auth_failed", "device_busy", "dns", "no_permission", "no_route"]);

function told({ up, packets, codec, firstPacketMs, status }: StreamProof) {
  return {
    up,
    packets,
    rtspStatus: status,
    ...(codec === undefined ? {} : { codec: cleanText(codec, 32) }),
    ...(firstPacketMs === undefined ? {} : { firstPacketMs: Math.round(firstPacketMs) }),
  };
}

function untold(camera: string, trouble: DeviceTrouble, said: string): Stream {
  return { camera, channel: "*", up: undefined, packets: 0, rtspStatus: 0, trouble, said };
}

function troubleOf(error: unknown): [DeviceTrouble, string] {
  const trouble = error instanceof DeviceError ? error.trouble : error instanceof SoapFault ? "unsupported" : undefined;
  if (trouble === undefined) throw error;
  return [trouble, cleanText(error instanceof Error ? error.message : "", 300)];
}

function notPlayed(stream: Stream | undefined, evidence: ConstructorParameters<typeof ProbeError>[2]): ProbeError | ProbeSkip {
  const { trouble = "no_such_object", said = "no stream was found" } = stream ?? {};
  return trouble === "device_busy" ? new ProbeSkip(trouble, said, evidence) : new ProbeError(trouble, said, evidence);
}
