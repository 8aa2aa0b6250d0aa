import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { readSheet } from "read-excel-file/node";
import { cleanText } from "#schemas/clean-text.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { csvTable } from "../attest/csv-rows.ts";
import { InventoryRefused } from "./inventory-refused.ts";
import { areSheetsBounded } from "./sheet-bounds.ts";

const FILE_MEGABYTES_MAX = 8;
/** What a workbook may unpack to. */
const INFLATED_BYTES_MAX = 128 * 1024 * 1024;
const CELL_MAX = 300;
/** How long reading a workbook may take, ms. */
const READ_MS = 20_000;
/** The first bytes of every ZIP archive, and so of every .xlsx. */
const ZIP = "PK\u0003\u0004";

/**
 * The first sheet of an .xlsx file, or a CSV file (UTF-8; comma, semicolon or tab), as rows of cleaned texts; which it is, the content says.
 * @throws InventoryRefused that names the file and what to do.
 */
export async function readTable(file: string, lang: Lang): Promise<readonly (readonly string[])[]> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new InventoryRefused([`${file}: ${error.code ?? error.message}`]);
  });
  return tableOf(bytes, file, lang);
}

/** The same of bytes that were read; `file` is their name in sentences. */
export async function tableOf(bytes: Buffer, file: string, lang: Lang): Promise<readonly (readonly string[])[]> {
  if (bytes.length > FILE_MEGABYTES_MAX * 1024 * 1024) throw new InventoryRefused([text(lang, "inventory.fault.bytes", { file, max: FILE_MEGABYTES_MAX })]);
  const isWorkbook = bytes.subarray(0, ZIP.length).toString("latin1") === ZIP;
  const rows = isWorkbook ? await workbookRows(bytes, file, lang) : csvTable(utf8(bytes, file, lang));
  return rows.map((row) => row.map((cell) => cleanText(cell.replace(/^'(?=[=+\-@])/, ""), CELL_MAX)));
}

async function workbookRows(bytes: Buffer, file: string, lang: Lang): Promise<string[][]> {
  try {
    if (inflatedBytes(bytes) > INFLATED_BYTES_MAX) throw new Error("unpacks to too much");
    if (!areSheetsBounded(bytes)) throw new Error("names cells beyond any list");
    // A damaged archive can leave the reader waiting for what never comes.
    const late = new AbortController();
    const tooLong = sleep(READ_MS, undefined, { signal: late.signal }).then(() => Promise.reject(new Error("cannot be read to its end")));
    tooLong.catch(() => undefined);
    const rows = await Promise.race([readSheet(bytes), tooLong]).finally(() => late.abort());
    return rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? "" : cell instanceof Date ? cell.toISOString() : String(cell))));
  } catch (cause) {
    throw new InventoryRefused([text(lang, "inventory.fault.xlsx", { file })], { cause });
  }
}

function utf8(bytes: Buffer, file: string, lang: Lang): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InventoryRefused([text(lang, "inventory.fault.utf8", { file })], { cause });
  }
}

/** The sizes that the archive's directory gives (APPNOTE 4.3.12), added up: a bomb is refused before it is unpacked. */
function inflatedBytes(bytes: Buffer): number {
  const entry = Buffer.from("PK\u0001\u0002", "latin1");
  let total = 0;
  for (let at = bytes.indexOf(entry); at !== -1 && at + 46 <= bytes.length; at = bytes.indexOf(entry, at + 46)) total += bytes.readUInt32LE(at + 24);
  return total;
}
