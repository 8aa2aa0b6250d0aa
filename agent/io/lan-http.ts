import http from "node:http";
import https from "node:https";
import { isIPv6 } from "node:net";
import { DeviceError, deviceErrorFrom } from "./device-error.ts";
import { isLanAddress } from "./lan-address.ts";

/** Longest answer of a device that is read, bytes; lists of recordings may take `LAN_LIST_CAP`. */
export const LAN_ANSWER_CAP = 2 * 1024 * 1024;
export const LAN_LIST_CAP = 8 * 1024 * 1024;
/** Longest time from the first byte sent to the last byte read of one exchange, ms. */
export const LAN_EXCHANGE_MS = 10_000;
/** The same for a search over all recordings of a month, which a small recorder does while it records. */
export const LAN_SEARCH_MS = 60_000;

/** One exchange with a device of the LAN. `path` holds the query; secrets never stand in it. */
export type LanRequest = {
  readonly address: string;
  readonly port: number;
  readonly tls?: boolean | undefined;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
  readonly capBytes?: number | undefined;
  readonly deadlineMs?: number | undefined;
};

/** A whole answer. Names of headers are lower-case; repeated challenges stay apart in `challenges`. */
export type LanReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly challenges: readonly string[];
  readonly body: string;
};

export type LanHttp = (request: LanRequest) => Promise<LanReply>;

/** The same answer with its bytes as they came, for protocols that are not text. */
export type LanBytes = Omit<LanReply, "body"> & { readonly bytes: Buffer };

/**
 * HTTP to a literal address: absolute deadline, capped answer, no redirect followed, no compression, no kept connection.
 * A private or self-signed certificate is accepted only for an address of the LAN, where no public authority can vouch.
 * @throws DeviceError
 */
export const lanHttp: LanHttp = async (request) => {
  const { bytes, ...reply } = await lanHttpBytes(request);
  return { ...reply, body: bytes.toString("utf8") };
};

/** `lanHttp` for answers that are not text. @throws DeviceError */
export function lanHttpBytes(request: LanRequest): Promise<LanBytes> {
  const { address, port, signal, capBytes = LAN_ANSWER_CAP, deadlineMs = LAN_EXCHANGE_MS } = request;
  const device = `${address}:${port}`;
  const timeout = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([signal, timeout]);
  return new Promise<LanBytes>((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(either.aborted ? lateError(device, deadlineMs, timeout.aborted) : deviceErrorFrom(error, device));
    };
    if (either.aborted) return fail(undefined);
    const outgoing = open(request, either);
    outgoing.on("error", fail);
    outgoing.on("response", (incoming) => {
      readCapped(incoming, capBytes, device).then((body) => resolve(replyOf(incoming, body)), fail);
    });
    outgoing.end(request.body);
  });
}

function open({ address, port, tls, method, path, headers, body }: LanRequest, signal: AbortSignal): http.ClientRequest {
  const host = isIPv6(address) ? `[${address}]` : address;
  const common = {
    host: address,
    port,
    method,
    path,
    signal,
    agent: false as const,
    maxHeaderSize: 16 * 1024,
    headers: {
      host: port === (tls ? 443 : 80) ? host : `${host}:${port}`,
      "accept-encoding": "identity",
      connection: "close",
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    },
  };
  return tls ? https.request({ ...common, rejectUnauthorized: !isLanAddress(address) }) : http.request(common);
}

async function readCapped(incoming: http.IncomingMessage, capBytes: number, device: string): Promise<Buffer> {
  const tooBig = () => new DeviceError("malformed", `${device} answered with more than ${capBytes} bytes; the rest was not read`);
  try {
    if (Number(incoming.headers["content-length"] ?? 0) > capBytes) throw tooBig();
    const encoding = incoming.headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") throw new DeviceError("bad_reply", `${device} compressed its answer though it was told not to`);
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of incoming as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > capBytes) throw tooBig();
      parts.push(part);
    }
    if (!incoming.complete) throw new DeviceError("server_lost", `${device} closed the connection in the middle of its answer`);
    return Buffer.concat(parts);
  } finally {
    incoming.destroy();
  }
}

function replyOf(incoming: http.IncomingMessage, bytes: Buffer): LanBytes {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  return { status: incoming.statusCode ?? 0, headers, challenges: incoming.headersDistinct["www-authenticate"] ?? [], bytes };
}

/** What a redirection says: it is never followed, since it may lead anywhere; most devices that send one want to be asked over TLS. */
export function redirected({ status, headers }: LanReply, device: string): DeviceError {
  const isTls = /^https:/i.test(headers.location ?? "");
  return new DeviceError(
    "unsupported",
    isTls
      ? `${device} wants to be asked over HTTPS: set "tls" to true, and its port (mostly 443)`
      : `${device} sends us elsewhere (${status}), which is not followed`,
  );
}

function lateError(device: string, deadlineMs: number, own: boolean): DeviceError {
  return new DeviceError("timeout", own ? `${device} did not finish its answer within ${deadlineMs} ms` : `the run ended before ${device} answered`);
}
