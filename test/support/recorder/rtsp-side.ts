import { createServer, type Server, type Socket } from "node:net";
import { challenges, digestIsRight } from "./login.ts";
import { type Interval, labelMs, type Scenario, wallMs } from "./scenario.ts";

/** The RTSP server of a mock recorder: live streams, ONVIF replay with absolute time, and the vendors' playback addresses. */
export function createRtspSide(scenario: Scenario, log: (line: string) => void): Server {
  return createServer({ noDelay: true }, (line) => {
    let held = "";
    const timers = new Set<NodeJS.Timeout>();
    line.on("close", () => {
      for (const timer of timers) clearInterval(timer);
    });
    line.on("error", () => {});
    line.on("data", (chunk) => {
      held += chunk.toString("latin1");
      for (let end = held.indexOf("\r\n\r\n"); end >= 0; end = held.indexOf("\r\n\r\n")) {
        const [first = "", ...rest] = held.slice(0, end).split("\r\n");
        held = held.slice(end + 4);
        const headers = new Map(rest.map((row) => [row.slice(0, row.indexOf(":")).toLowerCase(), row.slice(row.indexOf(":") + 1).trim()]));
        const [method = "", uri = ""] = first.split(" ");
        log(`${method} ${uri}`);
        write(line, headers.get("cseq") ?? "", answer(scenario, line, timers, method, uri, headers));
      }
    });
  });
}

type Answer = { readonly status: number; readonly headers?: Record<string, string | string[]>; readonly body?: string; readonly afterwards?: () => void };
const session = { Session: "12345;timeout=60" };

function write(line: Socket, cseq: string, { status, headers = {}, body = "", afterwards }: Answer): void {
  const all = Object.entries({ CSeq: cseq, ...headers, ...(body ? { "Content-Length": String(body.length) } : {}) });
  const text = all.flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`)).join("");
  line.write(`RTSP/1.0 ${status} X\r\n${text}\r\n${body}`);
  afterwards?.();
}

function answer(scenario: Scenario, line: Socket, timers: Set<NodeJS.Timeout>, method: string, uri: string, headers: Map<string, string>): Answer {
  // Cameras that want a SOAP token still speak Digest on RTSP.
  const login = scenario.login.kind === "ws-token" ? { ...scenario.login, kind: "digest-md5" as const } : scenario.login;
  if (login.kind !== "none" && !digestIsRight(login, headers.get("authorization"), method))
    return { status: 401, headers: { "WWW-Authenticate": challenges(login) } };
  const { pathname, searchParams } = new URL(uri.replace(/^rtsp:/, "http:"));
  const playback = !pathname.startsWith("/live/");
  const channel = scenario.channels[channelIndex(pathname, searchParams)];
  if (!channel) return { status: 404 };
  if (playback && scenario.playbackBusy) return { status: 453 };
  if (pathname.startsWith("/replay/") && headers.get("require") !== "onvif-replay" && method !== "TEARDOWN") return { status: 551 };
  if (method === "DESCRIBE") return { status: 200, headers: { "Content-Base": uri }, body: sdp(uri) };
  if (method === "SETUP") return { status: 200, headers: { ...session, Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" } };
  if (method === "TEARDOWN") return { status: 200, headers: session, afterwards: () => line.end() };
  if (method !== "PLAY") return { status: 405 };
  if (!playback) {
    const stream = () => timers.add(setInterval(() => line.write(frame(undefined)), 10));
    return { status: 200, headers: session, ...(channel.dead ? {} : { afterwards: stream }) };
  }
  const atMs = instantOf(scenario, pathname, searchParams, headers.get("range") ?? "");
  const frameMs = scenario.playbackEmpty ? undefined : scenario.playbackIgnoresGaps ? atMs : firstFrame(channel.recorded, atMs);
  if (frameMs === undefined) return { status: 457 };
  const label = pathname.startsWith("/replay/") ? labelMs(scenario, frameMs) : undefined;
  return { status: 200, headers: session, afterwards: () => line.write(frame(label)) };
}

function sdp(uri: string): string {
  return `v=0\r\ns=mock\r\nm=audio 0 RTP/AVP 0\r\na=control:track0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:${uri}\r\n`;
}

function channelIndex(pathname: string, query: URLSearchParams): number {
  const track = pathname.match(/^\/Streaming\/tracks\/(\d+)01/)?.[1];
  const number = track ?? query.get("channel") ?? pathname.match(/^\/(?:live\/|replay\/R)(\d+)/)?.[1];
  return Number(number) - 1;
}

function instantOf(scenario: Scenario, pathname: string, query: URLSearchParams, range: string): number {
  const clock = range.match(/clock=(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})/);
  const start = query.get("starttime") ?? "";
  const digits = (
    clock?.slice(1) ??
    start
      .match(/\d+/g)
      ?.join("")
      .match(/^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})/)
      ?.slice(1) ??
    []
  ).map(Number);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = digits;
  const label = Date.UTC(year, month - 1, day, hour, minute, second);
  return label - (pathname.startsWith("/cam/") ? wallMs(scenario, 0) : labelMs(scenario, 0));
}

/** Replay begins at the instant, or jumps over a gap to the next data; undefined when nothing follows. */
function firstFrame(recorded: readonly Interval[], atMs: number): number | undefined {
  const next = recorded.find(({ endMs }) => endMs > atMs);
  return next && Math.max(next.startMs, atMs);
}

/** One frame of two interleaved RTP packets; with a label it carries ONVIF's replay extension. */
function frame(label: number | undefined): Buffer {
  return Buffer.concat([packet(label, false), packet(label, true)]);
}

function packet(label: number | undefined, marker: boolean): Buffer {
  const head = Buffer.alloc(12);
  head[0] = label === undefined ? 0x80 : 0x90;
  head[1] = (marker ? 0x80 : 0) | 96;
  const extension = Buffer.alloc(label === undefined ? 0 : 16);
  if (label !== undefined) {
    extension.writeUInt16BE(0xabac, 0);
    extension.writeUInt16BE(3, 2);
    extension.writeUInt32BE(Math.floor(label / 1000) + 2_208_988_800, 4);
    extension.writeUInt32BE(Math.floor(((label % 1000) / 1000) * 2 ** 32), 8);
    extension[12] = 0x80;
  }
  const data = Buffer.concat([head, extension, Buffer.alloc(200, 0x65)]);
  const wrap = Buffer.from([0x24, 0, 0, 0]);
  wrap.writeUInt16BE(data.length, 2);
  return Buffer.concat([wrap, data]);
}
