const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
/** PostgreSQL counts time from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;
const OID_INT4 = 23;
const OID_FLOAT8 = 701;

/** Rows in the binary format of COPY (PostgreSQL manual, "COPY", binary format), written field by field into one buffer that grows. */
export class CopyBuffer {
  #bytes = Buffer.allocUnsafe(256 * 1024);
  #at = HEADER.copy(this.#bytes, 0);

  /** Begins a row of so many fields. */
  row(fields: number): void {
    this.#room(2);
    this.#at = this.#bytes.writeInt16BE(fields, this.#at);
  }

  int4(value: number): void {
    this.#room(8);
    this.#at = this.#bytes.writeInt32BE(value, this.#bytes.writeInt32BE(4, this.#at));
  }

  int8(value: number): void {
    this.#room(12);
    this.#at = this.#bytes.writeInt32BE(8, this.#at);
    // Two halves: a BigInt per row would cost more than all the rest.
    const high = Math.floor(value / 0x1_0000_0000);
    this.#at = this.#bytes.writeInt32BE(high, this.#at);
    this.#at = this.#bytes.writeUInt32BE(value - high * 0x1_0000_0000, this.#at);
  }

  float8(value: number): void {
    this.#room(12);
    this.#at = this.#bytes.writeDoubleBE(value, this.#bytes.writeInt32BE(8, this.#at));
  }

  /** 16 hex digits as one signed number. */
  hex8(digits: string): void {
    this.#room(12);
    this.#at = this.#bytes.writeInt32BE(8, this.#at) + this.#bytes.write(digits, this.#at + 4, "hex");
  }

  /** The first letter of an ASCII word as "char". */
  letter(word: string): void {
    this.#room(5);
    this.#at = this.#bytes.writeUInt8(word.charCodeAt(0), this.#bytes.writeInt32BE(1, this.#at));
  }

  null(): void {
    this.#room(4);
    this.#at = this.#bytes.writeInt32BE(-1, this.#at);
  }

  /** An instant, ms since 1970. */
  instant(ms: number): void {
    this.int8(Math.round((ms - EPOCH_2000_MS) * 1_000));
  }

  text(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#room(4 + value.length * 3);
    const written = this.#bytes.write(value, this.#at + 4, "utf8");
    this.#at = this.#bytes.writeInt32BE(written, this.#at) + written;
  }

  /** JSON text as jsonb. */
  jsonb(value: string): void {
    this.#room(5 + value.length * 3);
    const written = this.#bytes.write(value, this.#at + 5, "utf8");
    this.#at = this.#bytes.writeInt32BE(written + 1, this.#at);
    this.#bytes[this.#at] = 1;
    this.#at += 1 + written;
  }

  int4s(values: readonly number[]): void {
    this.#array(OID_INT4, values.length, 8);
    for (const value of values) this.#at = this.#bytes.writeInt32BE(value, this.#bytes.writeInt32BE(4, this.#at));
  }

  float8s(values: readonly number[]): void {
    this.#array(OID_FLOAT8, values.length, 12);
    for (const value of values) this.#at = this.#bytes.writeDoubleBE(value, this.#bytes.writeInt32BE(8, this.#at));
  }

  /** All rows with the end mark; nothing may be written after it. */
  end(): Buffer {
    this.#room(2);
    this.#at = this.#bytes.writeInt16BE(-1, this.#at);
    return this.#bytes.subarray(0, this.#at);
  }

  /** Head of an array of one dimension without nulls, whose elements take `each` bytes. */
  #array(oid: number, length: number, each: number): void {
    this.#room(24 + length * each);
    for (const word of [20 + length * each, 1, 0, oid, length, 1]) this.#at = this.#bytes.writeInt32BE(word, this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
