/**
 * Rows as CSV (RFC 4180) with a byte order mark, so that spreadsheets take it for UTF-8.
 * Text that a spreadsheet would run as a formula gets an apostrophe before it (ASVS 5.0, 1.2.10); numbers stay numbers.
 */
export function csv(rows: readonly (readonly (string | number | undefined)[])[]): string {
  return `\ufeff${rows.map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}

// The full-width forms count too: some spreadsheets fold them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL, tab and line ends start formulas in some spreadsheets
const formulaStart = /^[\s\u0000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n\u0000]/;

function field(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = formulaStart.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
