import { DeviceError } from "./device-error.ts";

/** One answer of an RTSP server. Names of headers are lower-case. */
export type RtspReply = {
  readonly status: number;
  readonly cseq: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly challenges: readonly string[];
  readonly body: string;
};

/** One interleaved packet (RFC 2326 §10.12). */
export type RtspPacket = { readonly channel: number; readonly data: Buffer };

const HEAD_MAX = 16 * 1024;
const BODY_MAX = 256 * 1024;

/**
 * Makes a reader of the one byte stream that carries answers and packets. It keeps at most one unfinished message.
 * @throws DeviceError malformed, out of the returned function
 */
export function createRtspReader(
  sink: { reply: (reply: RtspReply) => unknown; packet: (packet: RtspPacket) => unknown },
  device: string,
): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let held = 0;
  let needed = 1;
  return (chunk) => {
    parts.push(chunk);
    held += chunk.length;
    // Joining only when a whole message can be there keeps a drip of single bytes linear.
    if (held < needed) return;
    let rest = parts.length === 1 ? chunk : Buffer.concat(parts);
    for (;;) {
      const step = rest[0] === 0x24 ? readPacket(rest) : readReply(rest, device);
      if (step.taken === 0) {
        needed = step.needed;
        break;
      }
      if (step.reply) sink.reply(step.reply);
      if (step.packet) sink.packet(step.packet);
      rest = rest.subarray(step.taken);
    }
    parts = rest.length > 0 ? [rest] : [];
    held = rest.length;
  };
}

type Step = { taken: number; needed: number; reply?: RtspReply; packet?: RtspPacket };

function readPacket(bytes: Buffer): Step {
  const whole = bytes.length < 4 ? 4 : 4 + bytes.readUInt16BE(2);
  if (bytes.length < whole) return { taken: 0, needed: whole };
  return { taken: whole, needed: 1, packet: { channel: bytes[1] ?? 0, data: Buffer.from(bytes.subarray(4, whole)) } };
}

function readReply(bytes: Buffer, device: string): Step {
  const blank = bytes.subarray(0, HEAD_MAX).indexOf("\r\n\r\n");
  if (blank < 0) {
    if (bytes.length >= HEAD_MAX || (bytes.length >= 8 && !/^\s*RTSP\//.test(bytes.subarray(0, 16).toString("latin1"))))
      throw new DeviceError("malformed", `${device} sent something that is not RTSP`);
    return { taken: 0, needed: bytes.length + 1 };
  }
  const [first = "", ...lines] = bytes.subarray(0, blank).toString("latin1").trimStart().split("\r\n");
  const status = first.match(/^RTSP\/\d\.\d (\d{3})/)?.[1];
  if (status === undefined) throw new DeviceError("malformed", `${device} sent an answer that is not RTSP`);
  const headers: Record<string, string> = {};
  const challenges: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (name === "" || name === "__proto__") continue;
    headers[name] = line.slice(colon + 1).trim();
    if (name === "www-authenticate") challenges.push(headers[name]);
  }
  const length = Number(headers["content-length"] ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > BODY_MAX) throw new DeviceError("malformed", `${device} announced an RTSP answer of absurd length`);
  const whole = blank + 4 + length;
  if (bytes.length < whole) return { taken: 0, needed: whole };
  const cseq = Number(headers.cseq);
  const body = bytes.subarray(blank + 4, whole).toString("utf8");
  return { taken: whole, needed: 1, reply: { status: Number(status), cseq: Number.isInteger(cseq) ? cseq : undefined, headers, challenges, body } };
}
