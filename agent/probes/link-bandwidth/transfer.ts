import { randomBytes } from "node:crypto";
import type { ClientRequest } from "node:http";
import { z } from "zod";
import { MeasureTick, measurePaths } from "#schemas/measure.ts";
import { ProbeError } from "../../probe.ts";
import { connectionError, openRequest, refusalOf, type Server } from "./connection.ts";
import { rawGet } from "./raw-get.ts";

export type Direction = "download" | "upload";

/** A transfer that runs until it is stopped. */
export type Transfer = {
  /** Bytes that arrived so far, and when that was counted; once the lease is used up, when the last of them came. Uploads are counted by the server: only the receiver knows. */
  progress(): { readonly atMs: number; readonly bytes: number };
  addStreams(count: number): void;
  readonly streams: number;
  /** What the server says of itself; `resent` counts the segments that its host sent again. */
  readonly server: { readonly saturated: boolean; readonly resent: number | undefined };
  /** When anything came from the server last: bytes, or its word of what it has seen. */
  readonly heardMs: number;
  /** Rejects with a ProbeError when the server refuses or is lost; resolves when the lease's bytes are used up. */
  readonly ended: Promise<void>;
  stop(): void;
};

const CHUNK_BYTES = 256 * 1024;
/** The lease counts as used up at this share: the rest may have been lost when the server hung up. */
export const USED_UP_SHARE = 0.9;
const LAST_BYTES_MS = 300;
/** Longest line of the server's counter stream that is kept. */
const LINE_BYTES_MAX = 4_096;

/** Opens `streams` parallel transfers and the server's counter stream beside them. `bytesMax` bounds what an upload offers, `leaseBytes` what the server lets through in all. */
export function openTransfer(direction: Direction, server: Server, streams: number, bytesMax: number, leaseBytes: number, outer: AbortSignal): Transfer {
  const stopper = new AbortController();
  const signal = AbortSignal.any([outer, stopper.signal]);
  const end = Promise.withResolvers<void>();
  // The run may look at the end late or never; a rejection meanwhile is not unhandled.
  end.promise.catch(() => {});
  const fail = (error: unknown) => (signal.aborted ? end.resolve() : end.reject(connectionError(server, error)));
  let received = 0;
  let open = 0;
  let tick: MeasureTick | undefined;
  let saturated = false;
  let heardMs = performance.now();
  let byteMs = heardMs;
  let isUsedUp = false;
  const count = (bytes: number) => {
    heardMs = byteMs = performance.now();
    received += bytes;
  };
  // The server ends all streams of a used-up lease, and what it sent last is still under way when the first one closes.
  const closed = (error?: unknown) => {
    setTimeout(() => {
      const moved = direction === "download" ? received : (tick?.receivedBytes ?? 0);
      // What an earlier direction left under way counts for the server, though it never arrived here.
      const counted = (tick?.receivedBytes ?? 0) + (tick?.sentBytes ?? 0);
      if (moved >= bytesMax * USED_UP_SHARE || counted >= leaseBytes * USED_UP_SHARE) {
        isUsedUp = true;
        end.resolve();
      } else fail(error ?? new ProbeError("server_lost", `measure server ${server.id} ended the ${direction} before the test was over`));
    }, LAST_BYTES_MS).unref();
  };
  watchServer(server, signal, fail, closed, (latest) => {
    heardMs = performance.now();
    tick = latest;
    saturated ||= latest.saturated;
  });
  const addStreams = (more: number) => {
    for (let index = 0; index < more; index++) {
      open++;
      if (direction === "download") rawGet(server, measurePaths.down, signal, { head: (head) => refusalOf(server, head), body: count, fail, closed });
      else push(server, signal, bytesMax, fail, closed);
    }
  };
  addStreams(streams);
  return {
    progress: () =>
      direction === "download" ? { atMs: isUsedUp ? byteMs : performance.now(), bytes: received } : { atMs: tick?.atMs ?? 0, bytes: tick?.receivedBytes ?? 0 },
    addStreams,
    get streams() {
      return open;
    },
    get server() {
      return { saturated, resent: tick?.resent };
    },
    get heardMs() {
      return heardMs;
    },
    ended: end.promise,
    stop: () => stopper.abort(),
  };
}

type Fail = (error: unknown) => void;
/** A connection ended, by an error or not: whether the lease was used up decides what that means. */
type Closed = (error?: unknown) => void;

let cachedNoise: Buffer | undefined;

function push(server: Server, signal: AbortSignal, bytesMax: number, fail: Fail, closed: Closed): void {
  cachedNoise ??= randomBytes(16 * CHUNK_BYTES);
  const noise = cachedNoise;
  const headers = { "content-type": "application/octet-stream", "content-length": Math.ceil(bytesMax) };
  const sent = openRequest(server, { method: "POST", path: measurePaths.up, headers }, signal);
  let left = Math.ceil(bytesMax);
  let offset = 0;
  const pump = (): void => {
    let hasRoom = true;
    while (hasRoom && left > 0 && !sent.destroyed) {
      const chunk = noise.subarray(offset, offset + Math.min(CHUNK_BYTES, left));
      hasRoom = sent.write(chunk);
      left -= chunk.length;
      offset = (offset + CHUNK_BYTES) % noise.length;
    }
    if (left === 0) sent.end();
  };
  sent.once("response", (reply) => {
    reply.resume();
    const refusal = refusalOf(server, reply);
    if (refusal) fail(refusal);
  });
  sent.on("drain", pump);
  // A server that hangs up on a used-up lease resets what is still being sent.
  sent.on("error", closed);
  sent.once("close", () => closed());
  pump();
}

function watchServer(server: Server, signal: AbortSignal, fail: Fail, closed: Closed, learn: (tick: MeasureTick) => void): ClientRequest {
  const sent = openRequest(server, { method: "GET", path: measurePaths.watch }, signal);
  sent.once("response", (reply) => {
    const refusal = refusalOf(server, reply);
    if (refusal) return void fail(refusal);
    let rest = "";
    reply.setEncoding("utf8");
    reply.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_BYTES_MAX) return void fail(new ProbeError("malformed", `measure server ${server.id} sends lines without end`));
      for (const line of lines) {
        const tick = parseTick(line);
        if (tick) learn(tick);
      }
    });
    reply.on("error", () => {});
    reply.once("close", () => closed());
  });
  sent.on("error", fail);
  sent.end();
  return sent;
}

/** A line that is no tick is passed over: the next one comes in 100 ms. */
function parseTick(line: string): MeasureTick | undefined {
  if (line === "" || line.length > LINE_BYTES_MAX) return undefined;
  return TickLine.safeParse(line).data;
}

const TickLine = z
  .string()
  .transform((line, context) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      context.issues.push({ code: "custom", message: "not JSON", input: line });
      return z.NEVER;
    }
  })
  .pipe(MeasureTick);
