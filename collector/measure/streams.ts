import type { IncomingMessage, ServerResponse } from "node:http";
import { type MeasureTick, measurePaths } from "#schemas/measure.ts";
import { type OwnLoad, resentSegments } from "./own-load.ts";
import { bytesLeft, type Transfer } from "./transfer-ledger.ts";

/** No stream lives longer, whatever its lease says. */
export const STREAM_MS_MAX = 60_000;
const CHUNK_BYTES = 256 * 1024;
const TICK_MS = 100;
/** A tick that is later than this shows that the host gave this process no time: what did not move meanwhile says nothing of the line. */
const STANDSTILL_MS = 400;

type StreamContext = { readonly transfer: Transfer; readonly noise: Buffer; readonly load: OwnLoad };
type Stream = { readonly movesBytes: boolean; readonly run: (request: IncomingMessage, response: ServerResponse, context: StreamContext) => void };

/** What the measure server does for a method and path of schemas/measure.ts. */
export const streams: ReadonlyMap<string, Stream> = new Map([
  [`GET ${measurePaths.ping}`, { movesBytes: false, run: (_request, response) => void response.writeHead(204).end() }],
  [`GET ${measurePaths.watch}`, { movesBytes: false, run: watch }],
  [`GET ${measurePaths.down}`, { movesBytes: true, run: send }],
  [`POST ${measurePaths.up}`, { movesBytes: true, run: receive }],
] satisfies [string, Stream][]);

/** Writes noise as fast as the line takes it, until the client hangs up or the lease is used up. */
function send(_request: IncomingMessage, response: ServerResponse, { transfer, noise }: StreamContext): void {
  // A length instead of chunks: no framing in the way, and a buffering proxy gives up at once.
  const length = bytesLeft(transfer);
  let sent = 0;
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length, "x-accel-buffering": "no" });
  let offset = Math.floor(Math.random() * (noise.length / CHUNK_BYTES)) * CHUNK_BYTES;
  let held: NodeJS.Timeout | undefined;
  const pump = (): void => {
    clearTimeout(held);
    let hasRoom = true;
    while (hasRoom && !response.destroyed) {
      const wanted = Math.min(CHUNK_BYTES, bytesLeft(transfer));
      const size = transfer.pacer?.take(wanted, performance.now()) ?? wanted;
      if (size === 0 && wanted > 0) {
        held = setTimeout(pump, transfer.pacer?.waitMs(performance.now()));
        return;
      }
      // Several streams share the lease: only one that sent all it promised may end in order.
      if (size === 0) return void (sent === length ? response.end() : response.destroy());
      sent += size;
      hasRoom = response.write(noise.subarray(offset, offset + size));
      transfer.sentBytes += size;
      offset = (offset + CHUNK_BYTES) % noise.length;
    }
  };
  endWithin(STREAM_MS_MAX, response, () => response.destroy());
  response.on("drain", pump);
  response.on("error", () => response.destroy());
  response.once("close", () => clearTimeout(held));
  pump();
}

/** Counts what comes in and keeps nothing of it. */
function receive(request: IncomingMessage, response: ServerResponse, { transfer }: StreamContext): void {
  endWithin(STREAM_MS_MAX, response, () => request.destroy());
  request.on("data", (chunk: Buffer) => {
    transfer.receivedBytes += chunk.length;
    if (bytesLeft(transfer) === 0) return void request.destroy();
    transfer.pacer?.owe(chunk.length, performance.now());
    const waitMs = transfer.pacer?.waitMs(performance.now()) ?? 0;
    if (waitMs === 0) return;
    request.pause();
    setTimeout(() => request.resume(), waitMs);
  });
  request.on("error", () => request.destroy());
  request.once("end", () => response.writeHead(204).end());
}

/** Tells the client 10 times a second what arrived here: only the receiver knows how fast an upload is. */
function watch(_request: IncomingMessage, response: ServerResponse, { transfer, load }: StreamContext): void {
  const resentBefore = resentSegments();
  let lastMs = performance.now();
  const tick = (): void => {
    const resent = resentSegments();
    const atMs = performance.now();
    const stoodStill = atMs - lastMs > STANDSTILL_MS;
    lastMs = atMs;
    const line: MeasureTick = {
      atMs,
      receivedBytes: transfer.receivedBytes,
      sentBytes: transfer.sentBytes,
      saturated: stoodStill || load.saturated || (transfer.pacer?.takeWasFull() ?? false),
      ...(resent !== undefined && resentBefore !== undefined && { resent: resent - resentBefore }),
    };
    response.write(`${JSON.stringify(line)}\n`);
  };
  response.writeHead(200, { "content-type": "application/x-ndjson", "x-accel-buffering": "no" });
  // After a pause of this process bytes are waiting: the loop reads them before it tells the count.
  const timer = setInterval(() => setImmediate(tick), TICK_MS);
  response.once("close", () => clearInterval(timer));
  endWithin(STREAM_MS_MAX, response, () => response.end());
  tick();
}

function endWithin(ms: number, response: ServerResponse, end: () => void): void {
  const timer = setTimeout(end, ms);
  response.once("close", () => clearTimeout(timer));
}
