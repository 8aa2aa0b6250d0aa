import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";

/** First of January 1980, the first day that the format knows: a container must not differ by the hour in which it was made. */
const DOS_DATE = 0x0021;
const UTF8_NAMES = 0x0800;
const STORED = 0;
const DEFLATED = 8;

/** A file as it stands in an archive, in pieces. */
type Entry = { readonly name: string; readonly method: number; readonly sum: number; readonly size: number; readonly pieces: readonly Buffer[] };

/**
 * How files of an archive are kept: `stored` as they are, the same bytes on every machine, as no compression is in them that a library may change; `packed`
 * beside whatever else the process does, and held packed alone.
 */
export type Keeping = "stored" | "packed";

/** A file of an archive that comes piece by piece; one call of `add` at a time. */
export class ZipFile {
  readonly #name: string;
  readonly #isPacked: boolean;
  readonly #pieces: Buffer[] = [];
  #sum = 0;
  #size = 0;

  constructor(name: string, keeping: Keeping) {
    this.#name = name;
    this.#isPacked = keeping === "packed";
  }

  async add(body: string): Promise<void> {
    const bytes = Buffer.from(body);
    this.#sum = crc32(bytes, this.#sum);
    this.#size += bytes.length;
    // Flushed, not finished: such pieces stand behind each other in one stream (RFC 1951, 3.2.4).
    this.#pieces.push(this.#isPacked ? await deflated(bytes, { finishFlush: constants.Z_FULL_FLUSH }) : bytes);
  }

  entry(): Entry {
    const [method, end] = this.#isPacked ? [DEFLATED, [LAST_BLOCK]] : [STORED, []];
    return { name: this.#name, method, sum: this.#sum, size: this.#size, pieces: [...this.#pieces, ...end] };
  }
}

const deflated = promisify(deflateRaw);
/** An empty block that says that it is the last one. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** A ZIP of files in pieces, byte-identical for the same ones: no times. */
export function zip(files: readonly ZipFile[]): Buffer[] {
  let offset = 0;
  const parts = files.map((file) => {
    const { name, method, sum, size, pieces } = file.entry();
    const packed = pieces.reduce((length, piece) => length + piece.length, 0);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(UTF8_NAMES, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt16LE(DOS_DATE, 8);
    common.writeUInt32LE(sum, 10);
    common.writeUInt32LE(packed, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = [Buffer.from("PK\x03\x04"), common, nameBytes, ...pieces];
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const central = Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), common, tail, nameBytes]);
    offset += 30 + nameBytes.length + packed;
    return { local, central };
  });
  const directory = Buffer.concat(parts.map(({ central }) => central));
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return [...parts.flatMap(({ local }) => local), directory, end];
}
