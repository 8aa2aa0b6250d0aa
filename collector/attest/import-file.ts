import { createHash } from "node:crypto";
import { jsonPlace } from "#schemas/text/json-place.ts";
import { type TextParams, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CsvFault, csvRecords } from "./csv-rows.ts";
import type { Parsed } from "./field-errors.ts";

/** Most bytes and rows of one file, and most faults that are listed. */
export const FILE_BYTES_MAX = 8 * 1024 * 1024;
const FILE_ROWS_MAX = 50_000;
const FAULTS_MAX = 50;

type Row = { readonly place: string; readonly fields: Readonly<Record<string, unknown>> };
export type ImportFile<T> = { readonly values: readonly T[]; readonly faults: readonly string[] };

/**
 * Reads a file of rows: CSV whose first row names the columns, or a JSON array of objects. Every fault names file, line (in JSON: the place in the
 * array) and column; a column that nobody knows is one, so that a misspelt name is not silently left out. A row's id is the hash of what it says, so
 * the same file twice adds nothing.
 */
export function readImportFile<T>(
  { name, body }: { name: string; body: string },
  columns: readonly string[],
  lang: Lang,
  parse: (fields: Row["fields"], id: string) => Parsed<T>,
): ImportFile<T> {
  const { rows, faults: broken } = rowsOf(name, body, lang);
  if (broken.length > 0) return { values: [], faults: broken.slice(0, FAULTS_MAX) };
  if (rows.length === 0) return { values: [], faults: [`${name}: ${text(lang, "form.import.none")}`] };
  if (rows.length > FILE_ROWS_MAX) return { values: [], faults: [`${name}: ${text(lang, "form.import.rows", { rows: rows.length, max: FILE_ROWS_MAX })}`] };
  const strange = [...new Set(rows.flatMap(({ fields }) => Object.keys(fields)))].filter((column) => !columns.includes(column));
  const values: T[] = [];
  const faults = strange.map((column) => `${name}:1: ${column}: ${text(lang, "form.import.column", { columns: columns.join(", ") })}`);
  for (const { place, fields } of rows) {
    const parsed = parse(fields, idOf(fields));
    if (parsed.ok) values.push(parsed.value);
    else faults.push(...parsed.errors.map(({ field, key, params }) => `${place}: ${field}: ${text(lang, key, params as TextParams)}`));
  }
  return { values, faults: faults.slice(0, FAULTS_MAX) };
}

/** The rows of a file, or a sentence for each thing by which it cannot be read at all. */
function rowsOf(name: string, body: string, lang: Lang): { readonly rows: readonly Row[]; readonly faults: readonly string[] } {
  const plain = body.replace(/^\ufeff/, "");
  if (!/^\s*[[{]/.test(plain)) {
    const { records, faults } = csvRecords(plain);
    const rows = records.map(({ line, fields }) => ({ place: `${name}:${line}`, fields }));
    return { rows, faults: faults.map((fault) => csvSentence(name, fault, lang)) };
  }
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch (error) {
    return { rows: [], faults: [text(lang, "collector.fault.json", { file: name, place: jsonPlace(lang, error) })] };
  }
  const list = Array.isArray(value) ? value : [value];
  const rows = list.map((row, at) => ({ place: `${name}#${at + 1}`, fields: typeof row === "object" && row !== null ? (row as Record<string, unknown>) : {} }));
  return { rows, faults: [] };
}

function csvSentence(file: string, fault: CsvFault, lang: Lang): string {
  if (fault.kind === "quote") return text(lang, "inventory.fault.quote", { file, line: fault.line });
  const key = fault.kind === "twice" ? "form.import.twice" : "form.import.cells";
  return `${file}:${fault.line}: ${text(lang, key, { value: fault.words })}`;
}

function idOf(fields: Row["fields"]): string {
  const said = Object.keys(fields)
    .sort()
    .map((name) => [name, fields[name]]);
  return createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 32);
}
