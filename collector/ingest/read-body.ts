import { createGunzip, gunzipSync } from "node:zlib";
import type { HonoRequest } from "hono";
import type { z } from "zod";
import { BATCH_BYTES_MAX, BATCH_WIRE_BYTES_MAX, Batch } from "#schemas/exchange.ts";
import { columnBatch, isColumnar } from "./column-batch.ts";
import { plainBatch } from "./plain-batch.ts";

/** A body that must not be read further. `status` is the answer's. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  readonly status: 400 | 413 | 415;
  readonly code: string;
  constructor(status: 400 | 413 | 415, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Nesting of a batch is 8 at most; deeper text is an attack on whoever walks it. */
const DEPTH_MAX = 24;

function tooLarge(bytesMax: number): BodyRefused {
  return new BodyRefused(413, "body_too_large", `a body has at most ${bytesMax} bytes on the wire`);
}

/** Reads a body up to the wire limit. */
export async function readWire(body: ReadableStream<Uint8Array> | null, bytesMax = BATCH_WIRE_BYTES_MAX): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a request's body up to the wire limit and leaves it there for whoever reads it further on. A body that says how long it is comes at once. */
export async function readRequest(request: HonoRequest, bytesMax = BATCH_WIRE_BYTES_MAX): Promise<Buffer> {
  const said = request.header("content-length");
  if (said === undefined || Number(said) > bytesMax) {
    const wire = await readWire(request.raw.body, bytesMax);
    Object.assign(request.bodyCache, { arrayBuffer: Promise.resolve(new Uint8Array(wire).buffer) });
    return wire;
  }
  const wire = Buffer.from(await request.arrayBuffer());
  if (wire.length > bytesMax) throw tooLarge(bytesMax);
  return wire;
}

/** Reads a batch from its body, and says how many bytes it had as JSON. These go with this call: the request then waits for its commit without them. */
export async function readBatch(wire: Buffer, encoding: string | undefined): Promise<{ batch: z.ZodSafeParseResult<Batch>; bodyBytes: number }> {
  const body = await inflate(wire, encoding);
  return { batch: parseBatch(body), bodyBytes: body.length };
}

/** Undoes one layer of gzip, or none, up to the inflated limit. Any other encoding is refused. */
export async function inflate(wire: Buffer, encoding: string | undefined, bytesMax = BATCH_BYTES_MAX): Promise<Buffer> {
  if (encoding === undefined || encoding === "identity") return wire;
  if (encoding !== "gzip") throw new BodyRefused(415, "encoding_unknown", "send the body as it is or with gzip");
  if (wire.length <= AT_ONCE_MAX) return inflateAtOnce(wire, bytesMax);
  const gunzip = createGunzip();
  gunzip.end(wire);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax) throw new BodyRefused(413, "body_too_large", `a body has at most ${bytesMax} bytes after gzip`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof BodyRefused) throw error;
    throw new BodyRefused(400, "gzip_broken", "the body is not valid gzip");
  }
  return Buffer.concat(chunks);
}

/** Up to so many bytes on the wire (batches of a minute are a tenth of it) a stream costs more than the work itself, in time and in memory. */
const AT_ONCE_MAX = 32_768;

function inflateAtOnce(wire: Buffer, bytesMax: number): Buffer {
  try {
    return gunzipSync(wire, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE")
      throw new BodyRefused(413, "body_too_large", `a body has at most ${bytesMax} bytes after gzip`);
    throw new BodyRefused(400, "gzip_broken", "the body is not valid gzip");
  }
}

/** Parses JSON after a look at its depth. Keys named `__proto__` become plain keys and fail the strict schemas. */
export function parseJson(body: Buffer): unknown {
  demandShallow(body);
  const value = parsed(body);
  if (value === undefined) throw new BodyRefused(400, "json_broken", "the body is not valid JSON");
  return value;
}

/** Reads a batch, plain or in columns. An ordinary plain one costs neither the look at the depth nor the schema, which decide on all others. */
export function parseBatch(body: Buffer): z.ZodSafeParseResult<Batch> {
  const value = parsed(body);
  const plain = plainBatch(value);
  if (plain) return { success: true, data: plain };
  demandShallow(body);
  if (value === undefined) throw new BodyRefused(400, "json_broken", "the body is not valid JSON");
  return isColumnar(value) ? columnBatch(value) : Batch.safeParse(value);
}

/** The JSON value of a body; undefined, which is none, for anything else. JSON.parse itself walks without recursion. */
function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function demandShallow(body: Buffer): void {
  if (depthOf(body) > DEPTH_MAX) throw new BodyRefused(400, "json_too_deep", `JSON may be nested ${DEPTH_MAX} levels at most`);
}

/** Deepest nesting of brackets outside of strings; stops counting past the limit. */
function depthOf(body: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < body.length && deepest <= DEPTH_MAX; at++) {
    const byte = body[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) deepest = Math.max(deepest, ++depth);
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
  }
  return deepest;
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\[]{}'].map((sign) => sign.charCodeAt(0));
