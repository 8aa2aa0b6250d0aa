import { inflateRawSync } from "node:zlib";

const PART_BYTES_MAX = 64 * 1024 * 1024;
const LOCAL_HEADER = Buffer.from("PK\u0003\u0004", "latin1");
const DIRECTORY_END = Buffer.from("PK\u0005\u0006", "latin1");
const DIRECTORY_ENTRY = Buffer.from("PK\u0001\u0002", "latin1");

/** A file within a ZIP archive: to how many bytes it claims to unpack, and its text, unpacked when it is asked for. */
export type ArchivePart = { readonly name: string; readonly bytes: number; readonly text: () => string };

/** The files of a ZIP archive by its directory (APPNOTE 4.3.12), which must have as many as its end says. @throws when it cannot be read */
export function* partsOf(archive: Buffer): Generator<ArchivePart> {
  const end = archive.lastIndexOf(DIRECTORY_END);
  if (end === -1) throw new Error("has no end");
  let left = archive.readUInt16LE(end + 10);
  for (let at = archive.indexOf(DIRECTORY_ENTRY); at !== -1 && at + 46 <= archive.length; at = archive.indexOf(DIRECTORY_ENTRY, at + 46)) {
    const [entry, bytes, header] = [at, archive.readUInt32LE(at + 24), archive.readUInt32LE(at + 42)];
    const isThere = archive.subarray(header, header + 4).equals(LOCAL_HEADER);
    // A reader that goes from file to file makes room for what stands before each, whatever the directory says; 0 is "see behind it".
    if (!isThere || ![0, bytes].includes(archive.readUInt32LE(header + 22))) throw new Error("does not agree with its directory");
    left--;
    yield { name: archive.toString("utf8", at + 46, at + 46 + archive.readUInt16LE(at + 28)), bytes, text: () => entryText(archive, entry) };
  }
  if (left !== 0) throw new Error("has another number of files than it says");
}

function entryText(archive: Buffer, at: number): string {
  const [method, bytes, header] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20), archive.readUInt32LE(at + 42)];
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const content = archive.subarray(start, start + bytes);
  return (method === 0 ? content : inflateRawSync(content, { maxOutputLength: PART_BYTES_MAX })).toString("utf8");
}
