import { crc32, inflateRawSync } from "node:zlib";

/** The files of a ZIP by its central directory, as a spreadsheet reads them. @throws when a sum does not agree */
export function zipParts(bytes: Buffer): ReadonlyMap<string, string> {
  const end = bytes.lastIndexOf("PK\x05\x06", undefined, "latin1");
  const files = new Map<string, string>();
  let at = bytes.readUInt32LE(end + 16);
  for (let file = 0; file < bytes.readUInt16LE(end + 10); file++) {
    const [method, sum, packed, size] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    const [nameSize, local] = [bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)];
    const name = bytes.toString("utf8", at + 46, at + 46 + nameSize);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(start, start + packed);
    const body = method === 0 ? content : inflateRawSync(content);
    if (crc32(body) !== sum || body.length !== size) throw new Error(`${name} is not what the archive says`);
    files.set(name, body.toString("utf8"));
    at += 46 + nameSize;
  }
  return files;
}
