import { createHash } from "node:crypto";
import type { Attestation } from "#schemas/attestation.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { type TextParams, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { parseAttestation } from "./attestation-input.ts";
import { parseCsv } from "./csv-rows.ts";

/** Most bytes and rows of one file. */
export const FILE_BYTES_MAX = 8 * 1024 * 1024;
export const FILE_ROWS_MAX = 50_000;

export type AttestationFile = { readonly attestations: readonly Attestation[]; readonly faults: readonly string[] };

/**
 * Reads a file of attestations: JSON (an array of objects) or CSV whose first row names the columns (`centre`, `requirement`, `item`, `holds`, `by` ...).
 * Rows at fault are named by their number and field, the others are kept. A row's id is the hash of what it says, so the same file twice adds nothing.
 */
export function readAttestationFile(body: string, policy: PolicyProfile, nowIso: string, lang: Lang): AttestationFile {
  const rows = rowsOf(body);
  if (rows.length > FILE_ROWS_MAX) throw new Error(`the file has ${rows.length} rows; ${FILE_ROWS_MAX} is the most for one file`);
  const attestations: Attestation[] = [];
  const faults: string[] = [];
  for (const [index, row] of rows.entries()) {
    const parsed = parseAttestation(row, rowId(row), nowIso, policy);
    if (parsed.ok) attestations.push(parsed.value);
    else faults.push(...parsed.errors.map(({ field, key, params }) => `#${index + 1} ${field}: ${text(lang, key, params as TextParams)}`));
  }
  return { attestations, faults };
}

function rowsOf(body: string): readonly Readonly<Record<string, unknown>>[] {
  const trimmed = body.replace(/^\ufeff/, "").trimStart();
  if (!trimmed.startsWith("[") && !trimmed.startsWith("{")) return parseCsv(trimmed);
  const value: unknown = JSON.parse(trimmed);
  const list = Array.isArray(value) ? value : [value];
  return list.map((row) => (typeof row === "object" && row !== null ? (row as Record<string, unknown>) : {}));
}

function rowId(row: Readonly<Record<string, unknown>>): string {
  const said = Object.keys(row)
    .sort()
    .map((name) => [name, row[name]]);
  return createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 32);
}
