import { Outcome } from "#schemas/observation.ts";
import { RecordingEvidence } from "#schemas/recording-evidence.ts";
import { DeviceError } from "../../../agent/io/device-error.ts";
import { readRtp } from "../../../agent/io/rtp.ts";
import { createRtspReader } from "../../../agent/io/rtsp-reader.ts";
import { readSdp } from "../../../agent/io/rtsp-video.ts";
import { ProbeError, ProbeSkip } from "../../../agent/probe.ts";
import { recordingDepth } from "../../../agent/probes/recording-depth/probe.ts";
import { probeContext } from "../probe-context.ts";
import type { Protocol } from "./http-side.ts";
import { inProcess } from "./in-process.ts";
import { mutate, type Random, randomFrom } from "./mutate.ts";
import { HOUR_MS, healthy, type Scenario, sameOnAll } from "./scenario.ts";

export type FuzzResult = { readonly mutated: number; readonly runs: number; readonly slowestMs: number; readonly outcomes: Readonly<Record<string, number>> };

const NOW_MS = Date.UTC(2026, 10, 28, 18, 7, 30);

function fuzzScenario(): Scenario {
  // Few pieces: the damage matters here, not the length.
  const recorded = Array.from({ length: 40 }, (_, index) => ({
    startMs: NOW_MS - index * 20 * HOUR_MS - HOUR_MS,
    endMs: NOW_MS - index * 20 * HOUR_MS,
  })).toReversed();
  return healthy(() => NOW_MS, { channels: sameOnAll(1, recorded), login: { kind: "none", user: "", password: "" } });
}

/**
 * Runs the whole probe against answers of which some are damaged, until `count` were. Each run must end as an outcome that the
 * contract accepts. @throws when one escapes, naming its seed
 */
export async function fuzzRecorders(count: number, seed: number): Promise<FuzzResult> {
  const random = randomFrom(seed);
  const outcomes: Record<string, number> = {};
  let [mutated, runs, slowestMs] = [0, 0, 0];
  while (mutated < count) {
    const protocol = (["onvif", "isapi", "dahua"] as const)[runs % 3] as Protocol;
    const change = (body: string) => {
      if (random() >= 0.15) return body;
      mutated += 1;
      return mutate(body, random);
    };
    const startedMs = performance.now();
    const kind = await oneRun(protocol, change, `seed ${seed}, run ${runs}, ${protocol}`);
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    runs += 1;
  }
  return { mutated, runs, slowestMs, outcomes };
}

async function oneRun(protocol: Protocol, change: (body: string) => string, name: string): Promise<string> {
  const options = recordingDepth.options.parse({ address: "127.0.0.1", policy: { requestsPerSecond: 1000, replaySamples: 1 } });
  const io = inProcess(fuzzScenario(), protocol, change);
  const context = probeContext({ nowMs: () => NOW_MS, io: { ...io, lanHttp: io.lanHttp } });
  try {
    const outcome = Outcome.parse({ kind: "measured", ...(await recordingDepth.run(options, context)) });
    const { channels } = RecordingEvidence.parse(outcome.evidence);
    return channels[0]?.verdict ?? "none";
  } catch (error) {
    if (error instanceof ProbeError) return Outcome.parse({ kind: "failed", reason: error.reason, detail: error.message, evidence: error.evidence }).kind;
    if (error instanceof ProbeSkip) return "skipped";
    throw new Error(`an answer escaped (${name})`, { cause: error });
  }
}

/** Feeds damaged RTSP streams to the readers, cut at random places. @throws when anything but a DeviceError escapes */
export function fuzzStreams(count: number, seed: number): void {
  const random = randomFrom(seed);
  const sdp = "v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n";
  const whole = `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://x/y/\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}$\u0000\u0000\u0010\u0090\u00e0abcdefghijklmn`;
  for (let index = 0; index < count; index++) {
    const bytes = Buffer.from(mutate(whole.repeat(1 + Math.floor(random() * 3)), random), "latin1");
    try {
      feed(bytes, random);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw new Error(`a stream escaped (seed ${seed}, stream ${index})`, { cause: error });
    }
  }
}

function feed(bytes: Buffer, random: Random): void {
  const read = createRtspReader({ reply: ({ body }) => readSdp(body), packet: ({ data }) => readRtp(data) }, "fuzz");
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() * 200);
    read(bytes.subarray(at, at + size));
    at += size;
  }
}
