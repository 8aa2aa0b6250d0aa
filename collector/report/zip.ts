import { crc32 } from "node:zlib";

/** First of January 1980, the first day that the format knows: a container must not differ by the hour in which it was made. */
const DOS_DATE = 0x0021;
const UTF8_NAMES = 0x0800;

/** A ZIP of files kept as they are, byte-identical for the same input on every machine: no times, no compression that a library may change. */
export function zip(files: readonly { readonly name: string; readonly body: string }[]): Buffer {
  let offset = 0;
  const parts = files.map(({ name, body }) => {
    const [nameBytes, bytes] = [Buffer.from(name), Buffer.from(body)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(UTF8_NAMES, 2);
    common.writeUInt16LE(DOS_DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, nameBytes, bytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const central = Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), common, tail, nameBytes]);
    offset += local.length;
    return { local, central };
  });
  const directory = Buffer.concat(parts.map(({ central }) => central));
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts.map(({ local }) => local), directory, end]);
}
