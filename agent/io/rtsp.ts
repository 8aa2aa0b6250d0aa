import { connect, isIPv6, type Socket } from "node:net";
import { DeviceError, deviceErrorFrom } from "./device-error.ts";
import { type DigestChallenge, digestAuthorization, readDigestChallenge } from "./http-digest.ts";
import { loginGuard } from "./login-guard.ts";
import { createRtspReader, type RtspPacket, type RtspReply } from "./rtsp-reader.ts";

/** Most bytes that one connection may send us: a few seconds of high-rate video. */
export const RTSP_BYTES_MAX = 24 * 1024 * 1024;
/** Most answers and packets that wait for a reader. */
const REPLIES_MAX = 16;
const PACKETS_MAX = 4096;

export type RtspTarget = {
  readonly address: string;
  readonly port: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly signal: AbortSignal;
  /** Whole life of the connection, ms. */
  readonly deadlineMs: number;
};

export type RtspConnection = {
  /** Sends a request and waits for its answer; Digest is answered once. @throws DeviceError auth_failed, timeout, server_lost, malformed */
  readonly request: (method: string, uri: string, headers?: Readonly<Record<string, string>>) => Promise<RtspReply>;
  /** The next interleaved packet; undefined when none came within `withinMs` or the peer hung up. */
  readonly nextPacket: (withinMs: number) => Promise<RtspPacket | undefined>;
  readonly close: () => void;
};

/** The address of a stream on a device that is known by its own address: host replaced, user and password dropped. Undefined for other schemes. */
export function rtspUri(uri: string, address: string): { readonly uri: string; readonly port: number } | undefined {
  const match = uri.length <= 1024 ? uri.match(/^rtsp:\/\/(?:[^/@\s]*@)?(?:\[[^\]\s]*\]|[^/:\s]*)(?::(\d{1,5}))?(\/[\x21-\x7e]*)?$/i) : null;
  if (!match) return undefined;
  const port = Number(match[1] ?? 554);
  const host = isIPv6(address) ? `[${address}]` : address;
  return { uri: `rtsp://${host}:${port}${match[2] ?? "/"}`, port };
}

/** Opens an RTSP connection over TCP. It ends at its deadline, at the signal, or when too many bytes came. @throws DeviceError */
export async function openRtsp(target: RtspTarget): Promise<RtspConnection> {
  const { address, port, user, password, deadlineMs } = target;
  const device = `${address}:${port}`;
  const login = { address, port, service: "rtsp", user, password };
  if (user !== undefined) loginGuard.check(login);
  const signal = AbortSignal.any([target.signal, AbortSignal.timeout(deadlineMs)]);
  const line = await openLine(address, port, signal, device);
  const inbox = createInbox(line, signal, device, deadlineMs);
  let cseq = 0;
  let nonceCount = 0;
  let challenge: DigestChallenge | undefined;

  const exchange = async (method: string, uri: string, headers: Readonly<Record<string, string>>): Promise<RtspReply> => {
    cseq += 1;
    const all: Record<string, string> = { CSeq: String(cseq), "User-Agent": "hcc-watch", ...headers };
    if (challenge && user !== undefined)
      all.Authorization = digestAuthorization({ challenge, user, password: password ?? "", method, uri, count: ++nonceCount });
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    line.write(`${method} ${uri} RTSP/1.0\r\n${lines.join("")}\r\n`);
    return inbox.reply(cseq);
  };
  const request: RtspConnection["request"] = async (method, uri, headers = {}) => {
    const first = await exchange(method, uri, headers);
    if (first.status !== 401) return first;
    const fresh = readDigestChallenge(first.challenges);
    const refused = new DeviceError("auth_failed", `${device} refused the login for its stream; check user, password and the right to play`);
    if (user === undefined || fresh === undefined || challenge?.nonce === fresh.nonce) throw refused;
    challenge = fresh;
    nonceCount = 0;
    const second = await exchange(method, uri, headers);
    if (second.status === 401) {
      loginGuard.refused(login);
      throw refused;
    }
    loginGuard.accepted(login);
    return second;
  };
  return { request, nextPacket: inbox.packet, close: () => line.destroySoon() };
}

function openLine(address: string, port: number, signal: AbortSignal, device: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new DeviceError("timeout", `the run ended before ${device} was asked for its stream`));
    const line = connect({ host: address, port, noDelay: true });
    const giveUp = () => line.destroy(Object.assign(new Error("deadline"), { code: "ETIMEDOUT" }));
    signal.addEventListener("abort", giveUp, { once: true });
    line.once("close", () => signal.removeEventListener("abort", giveUp));
    line.once("error", (error) => reject(deviceErrorFrom(error, device)));
    line.once("connect", () => resolve(line));
  });
}

/** Sorts what arrives into answers and packets and lets one reader wait for either. */
function createInbox(line: Socket, signal: AbortSignal, device: string, deadlineMs: number) {
  const replies: RtspReply[] = [];
  const packets: RtspPacket[] = [];
  let received = 0;
  let ended: DeviceError | undefined;
  let wake = () => {};
  const end = (error: DeviceError) => {
    ended ??= error;
    line.destroy();
    wake();
  };
  // What nobody reads is dropped: a flood of tiny packets must not fill the memory.
  const reader = createRtspReader(
    { reply: (reply) => replies.length < REPLIES_MAX && replies.push(reply), packet: (packet) => packets.length < PACKETS_MAX && packets.push(packet) },
    device,
  );
  line.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received > RTSP_BYTES_MAX) return end(new DeviceError("malformed", `${device} sent more than ${RTSP_BYTES_MAX} bytes; the connection was closed`));
    try {
      reader(chunk);
    } catch (error) {
      return end(deviceErrorFrom(error, device));
    }
    wake();
  });
  const late = () => new DeviceError("timeout", `${device} did not finish within ${deadlineMs} ms`);
  line.on("error", (error) => end(signal.aborted ? late() : deviceErrorFrom(error, device)));
  line.on("close", () => end(signal.aborted ? late() : new DeviceError("server_lost", `${device} closed the stream's connection`)));

  const changed = (withinMs?: number) =>
    new Promise<void>((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const reply = async (cseq: number): Promise<RtspReply> => {
    for (;;) {
      const next = replies.shift();
      // An answer to an earlier request is late, not ours; a device that counts wrongly is still heard.
      if (next && (next.cseq === undefined || next.cseq >= cseq)) return next;
      if (next) continue;
      if (ended) throw ended;
      await changed();
    }
  };
  const packet = async (withinMs: number): Promise<RtspPacket | undefined> => {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const next = packets.shift();
      const leftMs = untilMs - performance.now();
      if (next || ended || leftMs <= 0) return next;
      await changed(leftMs);
    }
  };
  return { reply, packet };
}
