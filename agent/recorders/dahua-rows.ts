/** The rows of a Dahua answer: `key=value` per line. */
export type DahuaRows = ReadonlyMap<string, string>;

const ROWS_MAX = 50_000;
const KEY_MAX = 256;

/** Reads rows; lines without "=" are dropped. Pure. */
export function readRows(body: string): DahuaRows {
  const rows = new Map<string, string>();
  for (const line of body.split(/\r?\n/, ROWS_MAX)) {
    const equals = line.indexOf("=");
    if (equals > 0 && equals <= KEY_MAX) rows.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  return rows;
}
