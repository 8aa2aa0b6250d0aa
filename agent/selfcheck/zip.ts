import { crc32, deflateRawSync } from "node:zlib";

export type ZipEntry = { readonly name: string; readonly content: string };

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
/** Bit 11: names are UTF-8. */
const UTF8 = 0x0800;
const DEFLATE = 8;
const FILES_MAX = 100;

/** A zip archive of a few small text files (PKWARE APPNOTE 6.3, without zip64). `atMs` dates the entries, as UTC. */
export function zip(entries: readonly ZipEntry[], atMs: number): Buffer {
  if (entries.length > FILES_MAX) throw new RangeError(`a bundle holds at most ${FILES_MAX} files`);
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of entries) {
    const data = Buffer.from(content);
    const packed = deflateRawSync(data);
    const fields = commonFields({ data, packed, name: Buffer.from(name), atMs });
    const local = Buffer.concat([uint32(LOCAL), uint16(VERSION), fields, Buffer.from(name), packed]);
    // Comment length, disk, internal and external attributes are zero.
    centrals.push(Buffer.concat([uint32(CENTRAL), uint16(VERSION), uint16(VERSION), fields, Buffer.alloc(10), uint32(offset), Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const count = uint16(entries.length);
  return Buffer.concat([...locals, directory, uint32(END), Buffer.alloc(4), count, count, uint32(directory.length), uint32(offset), uint16(0)]);
}

/** What stands alike in both headers of a file: flags, method, time, date, checksum, sizes, length of the name and of no extra field. */
function commonFields({ data, packed, name, atMs }: { data: Buffer; packed: Buffer; name: Buffer; atMs: number }): Buffer {
  const at = new Date(atMs);
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  const date = (Math.max(0, at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const sizes = [uint32(crc32(data)), uint32(packed.length), uint32(data.length)];
  return Buffer.concat([uint16(UTF8), uint16(DEFLATE), uint16(time), uint16(date), ...sizes, uint16(name.length), uint16(0)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
