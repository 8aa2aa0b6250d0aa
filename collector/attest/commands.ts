import { randomUUID } from "node:crypto";
import type { Attestation, Waiver } from "#schemas/attestation.ts";
import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import type { DutyRecord } from "#schemas/duty.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { attestationColumns, parseAttestation } from "./attestation-input.ts";
import { dutyColumns, parseDutyRecord } from "./duty-input.ts";
import type { Parsed } from "./field-errors.ts";
import { FILE_BYTES_MAX, readImportFile } from "./import-file.ts";
import { parseWaiver, waiverColumns } from "./waiver-input.ts";

/** What the commands of an operator need. `changed` has the centre judged anew. */
export type AttestDeps = {
  readonly store: {
    addWaiver(waiver: Waiver): Promise<boolean>;
    waiversFrom(day: string, centre?: string): Promise<readonly Waiver[]>;
    addAttestations(attestations: readonly Attestation[]): Promise<unknown>;
    addDutyRecords(records: readonly DutyRecord[]): Promise<unknown>;
    centreCodes(): Promise<ReadonlySet<string>>;
  };
  readonly calendar: Calendar;
  readonly policy: PolicyProfile;
  readonly lang: Lang;
  readonly now: () => number;
  readonly changed: (centres: readonly string[]) => Promise<void>;
};
/** Lines for people, and whether all went well. */
export type CommandResult = { readonly ok: boolean; readonly lines: readonly string[] };

/** `collector waiver add`: the options are the fields of a waiver. */
export async function waiverAdd({ store, policy, lang, now, changed }: AttestDeps, fields: Readonly<Record<string, unknown>>): Promise<CommandResult> {
  const today = vietnamDay(now());
  const parsed = parseWaiver(
    { from: today, ...fields },
    randomUUID(),
    today,
    policy.requirements.map(({ id }) => id),
  );
  if (!parsed.ok) return { ok: false, lines: parsed.errors.map(({ field, key, params }) => `${field}: ${text(lang, key, params)}`) };
  if (!(await store.addWaiver(parsed.value))) return { ok: false, lines: [`centre: ${text(lang, "form.error.centre")}`] };
  await changed([parsed.value.centre]);
  return { ok: true, lines: [text(lang, "form.waiver.saved"), waiverLine(parsed.value)] };
}

/** `collector waiver list`: those in force and to come, one a line. */
export async function waiverList({ store, lang, now }: AttestDeps, centre?: string): Promise<CommandResult> {
  const waivers = await store.waiversFrom(vietnamDay(now()), centre);
  return { ok: true, lines: waivers.length === 0 ? [text(lang, "form.waivers.none")] : waivers.map(waiverLine) };
}

/** A file to import, and whether to look at it only. */
export type ImportOrder = { readonly name: string; readonly body: string; readonly dryRun: boolean };

/** `collector attest import F`: declarations and inspections. */
export async function attestImport(deps: AttestDeps, order: ImportOrder): Promise<CommandResult> {
  const nowIso = new Date(deps.now()).toISOString();
  return importAll(deps, order, attestationColumns, (fields, id) => parseAttestation(fields, id, nowIso, deps.policy), deps.store.addAttestations);
}

/** `collector attest add`: one statement, its fields being the options. */
export async function attestAdd(deps: AttestDeps, fields: Readonly<Record<string, unknown>>): Promise<CommandResult> {
  return attestImport(deps, { name: "attest add", body: JSON.stringify([fields]), dryRun: false });
}

/** `collector waiver import F`. */
export async function waiverImport(deps: AttestDeps, order: ImportOrder): Promise<CommandResult> {
  const today = vietnamDay(deps.now());
  const ids = deps.policy.requirements.map(({ id }) => id);
  return importAll(
    deps,
    order,
    waiverColumns,
    (fields, id) => parseWaiver(fields, id, today, ids),
    async (waivers) => {
      for (const waiver of waivers) await deps.store.addWaiver(waiver);
    },
  );
}

/** `collector duty import F`: records of periodic work that were kept on paper. */
export async function dutyImport(deps: AttestDeps, order: ImportOrder): Promise<CommandResult> {
  const place = { policy: deps.policy, calendar: deps.calendar, nowMs: deps.now() };
  return importAll(deps, order, dutyColumns, (fields, id) => parseDutyRecord(fields, id, place), deps.store.addDutyRecords);
}

/** All rows of a file or none: with one fault in it nothing is kept. */
async function importAll<T extends { centre: string }>(
  { store, lang, changed }: AttestDeps,
  { name, body, dryRun }: ImportOrder,
  columns: readonly string[],
  parse: (fields: Readonly<Record<string, unknown>>, id: string) => Parsed<T>,
  keep: (values: readonly T[]) => Promise<unknown>,
): Promise<CommandResult> {
  if (Buffer.byteLength(body) > FILE_BYTES_MAX) return { ok: false, lines: [text(lang, "form.error.length", { max: FILE_BYTES_MAX })] };
  const known = await store.centreCodes();
  const { values, faults } = readImportFile({ name, body }, columns, lang, (fields, id) => {
    const parsed = parse(fields, id);
    return parsed.ok && !known.has(parsed.value.centre) ? { ok: false, errors: [{ field: "centre", key: "form.error.centre" }] } : parsed;
  });
  if (faults.length > 0) return { ok: false, lines: [text(lang, "form.import.refused"), ...faults] };
  if (dryRun) return { ok: true, lines: [text(lang, "form.import.dry", { kept: values.length })] };
  await keep(values);
  await changed([...new Set(values.map(({ centre }) => centre))]);
  return { ok: true, lines: [text(lang, "form.import.kept", { kept: values.length })] };
}

function waiverLine({ centre, requirement, from, until, document, reason }: Waiver): string {
  return [centre, requirement, `${from}..${until}`, document, reason].join("  ");
}
