/** A sample as it goes into the table. */
export type SampleRow = { readonly siteId: number; readonly seriesId: number; readonly takenMs: number; readonly value: number };

const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const ROW_BYTES = 2 + 4 + 4 + 4 + 4 + 4 + 8 + 4 + 8;
/** PostgreSQL counts time from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;

/** Rows of (int4, int4, timestamptz, float8) in the binary format of COPY (PostgreSQL manual, "COPY", binary format). */
export function copyRows(rows: readonly SampleRow[]): Buffer {
  const out = Buffer.allocUnsafe(HEADER.length + rows.length * ROW_BYTES + 2);
  let at = HEADER.copy(out, 0);
  for (const { siteId, seriesId, takenMs, value } of rows) {
    at = out.writeInt16BE(4, at);
    at = out.writeInt32BE(siteId, out.writeInt32BE(4, at));
    at = out.writeInt32BE(seriesId, out.writeInt32BE(4, at));
    at = out.writeInt32BE(8, at);
    const micros = (takenMs - EPOCH_2000_MS) * 1_000;
    // Two halves: a BigInt per row would cost more than all the rest.
    const high = Math.floor(micros / 0x1_0000_0000);
    at = out.writeInt32BE(high, at);
    at = out.writeUInt32BE(Math.round(micros - high * 0x1_0000_0000) % 0x1_0000_0000, at);
    at = out.writeDoubleBE(value, out.writeInt32BE(8, at));
  }
  out.writeInt16BE(-1, at);
  return out;
}
