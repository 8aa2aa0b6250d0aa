import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { FILE_BYTES_MAX } from "./file-size.ts";

const [packed, unpacked] = [promisify(deflateRaw), promisify(inflateRaw)];

/** A file as a field of a form carries it, so that the collector keeps nothing between two steps: no larger than the file in base64 but for some bytes. */
export async function carried(file: Uint8Array): Promise<string> {
  return (await packed(file)).toString("base64");
}

/** The file that a field carries; undefined where it is none, or one that is too large. */
export async function uncarried(field: string): Promise<Buffer | undefined> {
  return unpacked(Buffer.from(field, "base64"), { maxOutputLength: FILE_BYTES_MAX }).catch(() => undefined);
}
