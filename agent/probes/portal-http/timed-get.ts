import { lookup } from "node:dns/promises";
import { type IncomingMessage, request } from "node:http";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, getCACertificates, type TLSSocket } from "node:tls";
import type { Page } from "./page-text.ts";

/** Most bytes of a page that are read. */
export const BODY_BYTES_MAX = 256 * 1024;

export const phases = ["dns", "tcp", "tls", "request", "body"] as const;
export type Phase = (typeof phases)[number];

/** Durations of the steps that were finished; `ttfb` and `total` count from the start. */
export type Timing = { dnsMs?: number; tcpMs?: number; tlsMs?: number; ttfbMs?: number; totalMs?: number };

export type Answer = {
  readonly status: number;
  readonly location: string | undefined;
  readonly setsCookie: boolean;
  readonly page: Page;
  /** More of the page may follow that was not read. */
  readonly bodyCapped: boolean;
};

export type Certificate = { readonly validFromMs: number; readonly expiresAtMs: number; readonly problem: string | undefined };

/** One GET, step by step. What was learnt before a step failed stays. */
export type TimedGet = {
  readonly timing: Timing;
  /** That which answered; before any did, the first that the name has. */
  readonly address?: string;
  readonly certificate?: Certificate;
  /** Absent when a step failed, or when the certificate was not trusted and so nothing was asked. */
  readonly answer?: Answer;
  readonly failed?: { readonly phase: Phase; readonly code: string; readonly message: string };
};

/** Code of a step that failed since no address of the name may be asked. */
export const INSIDE = "INSIDE";

type Way = { readonly userAgent: string; readonly ca?: string | undefined; readonly reach: (address: string) => boolean };

/**
 * Asks for a page once and times each step: one lookup of the name, no redirects, no proxy, no cookie, at most BODY_BYTES_MAX of the body. Trusts what a
 * browser on this PC would, or `ca` alone, a PEM text. Of the name's addresses only those that `reach` allows are asked; `INSIDE` is the fault where it allows none.
 * Never rejects for what the network does; the step that failed is in the answer.
 */
export async function timedGet(url: URL, signal: AbortSignal, { userAgent, ca, reach }: Way): Promise<TimedGet> {
  const startedMs = performance.now();
  const timing: Timing = {};
  const learnt: { address?: string; certificate?: Certificate } = {};
  let phase: Phase = "dns";
  let socket: Socket | undefined;
  try {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const found = await orAborted(lookup(host, { all: true }), signal);
    timing.dnsMs = performance.now() - startedMs;
    if (found[0] !== undefined) learnt.address = found[0].address;
    const addresses = found.filter(({ address }) => reach(address));
    if (addresses.length === 0) throw Object.assign(new Error("no address of this name may be asked"), { code: INSIDE });

    phase = "tcp";
    const tcpStartedMs = performance.now();
    socket = connectTcp({
      host,
      port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
      signal,
      lookup: (_name, _options, give) => give(null, addresses),
    });
    await settled(socket, "connect");
    timing.tcpMs = performance.now() - tcpStartedMs;
    if (socket.remoteAddress !== undefined) learnt.address = socket.remoteAddress;

    if (url.protocol === "https:") {
      phase = "tls";
      const tlsStartedMs = performance.now();
      const secure = connectTls({
        socket,
        host,
        ...(isIP(host) === 0 && { servername: host }),
        rejectUnauthorized: false,
        ca: ca === undefined ? authorities() : [ca],
        ALPNProtocols: ["http/1.1"],
      });
      socket = secure;
      await settled(secure, "secureConnect");
      timing.tlsMs = performance.now() - tlsStartedMs;
      learnt.certificate = certificateOf(secure);
      if (learnt.certificate.problem !== undefined) return { timing, ...learnt };
    }

    phase = "request";
    const reply = await ask(url, socket, signal, userAgent);
    timing.ttfbMs = performance.now() - startedMs;
    phase = "body";
    const { body, bodyCapped } = await readBody(reply);
    timing.totalMs = performance.now() - startedMs;
    return {
      timing,
      ...learnt,
      answer: {
        status: reply.statusCode ?? 0,
        location: reply.headers.location,
        setsCookie: reply.headers["set-cookie"] !== undefined,
        page: { body, contentType: reply.headers["content-type"], contentEncoding: reply.headers["content-encoding"] },
        bodyCapped,
      },
    };
  } catch (error) {
    return { timing, ...learnt, failed: { phase, ...describe(signal.aborted ? signal.reason : error) } };
  } finally {
    socket?.destroy();
  }
}

let cachedAuthorities: string[] | undefined;
/** Public roots plus those that the operating system trusts, as a browser on this PC would. */
function authorities(): string[] {
  cachedAuthorities ??= [...getCACertificates("bundled"), ...getCACertificates("system")];
  return cachedAuthorities;
}

function certificateOf(socket: TLSSocket): Certificate {
  const problem = socket.authorized ? undefined : String((socket.authorizationError as { code?: string } | undefined)?.code ?? socket.authorizationError);
  const { valid_from, valid_to } = socket.getPeerCertificate();
  return { validFromMs: Date.parse(valid_from), expiresAtMs: Date.parse(valid_to), problem };
}

function ask(url: URL, socket: Socket, signal: AbortSignal, userAgent: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { host: url.host, "user-agent": userAgent, accept: "text/html,*/*;q=0.5", "accept-encoding": "identity", connection: "close" };
    const sent = request({ method: "GET", path: `${url.pathname}${url.search}`, headers, signal, createConnection: () => socket });
    sent.once("response", resolve);
    // Stays on: a reset after the answer must not become an uncaught error.
    sent.on("error", reject);
    sent.end();
  });
}

async function readBody(reply: IncomingMessage): Promise<{ body: Uint8Array; bodyCapped: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= BODY_BYTES_MAX) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX), bodyCapped: size >= BODY_BYTES_MAX };
}

function settled(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.on("error", reject);
    socket.once("close", () => reject(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" })));
  });
}

function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

function describe(error: unknown): { code: string; message: string } {
  // Several addresses were tried and each failed: the first tells what happened.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { name, code, message, cause } = first as { name?: string; code?: unknown; message?: string; cause?: { name?: string } };
  const timedOut = name === "TimeoutError" || cause?.name === "TimeoutError";
  return { code: timedOut ? "ETIMEDOUT" : typeof code === "string" ? code : (name ?? "ERROR"), message: timedOut ? "no answer in time" : (message ?? "") };
}
