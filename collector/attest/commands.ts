import { randomUUID } from "node:crypto";
import type { Waiver } from "#schemas/attestation.ts";
import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { Deeds } from "../people/deeds.ts";
import type { Doer } from "../store/audit.ts";
import type { ListPart } from "../store/list-part.ts";
import { withdrawalWords } from "../web/format.ts";
import { attestationColumns, parseAttestation } from "./attestation-input.ts";
import { dutyColumns, parseDutyRecord } from "./duty-input.ts";
import type { FieldError, Parsed } from "./field-errors.ts";
import { FILE_BYTES_MAX, readImportFile } from "./import-file.ts";
import { parseWaiver, parseWithdrawal, waiverColumns, waiverError } from "./waiver-input.ts";

/** What the commands of an operator need. `changed` has the centre judged anew. */
export type AttestDeps = {
  readonly store: {
    waiverPart(day: string, centre: string | undefined, page: number): Promise<ListPart<Waiver>>;
    centreCodes(): Promise<ReadonlySet<string>>;
  };
  readonly calendar: Calendar;
  readonly policy: PolicyProfile;
  readonly lang: Lang;
  readonly now: () => number;
  readonly deeds: Pick<Deeds, "fileWaivers" | "withdrawWaiver" | "attest" | "recordDuties">;
  readonly doer: Doer;
  readonly changed: (centres: readonly string[]) => Promise<void>;
};
/** Lines for people, whether all went well, and of which part of a list the lines are. */
export type CommandResult = { readonly ok: boolean; readonly lines: readonly string[]; readonly part?: ListPart<unknown> };

/** `collector waiver add`: the options are the fields of a waiver. */
export async function waiverAdd({ deeds, doer, policy, lang, now, changed }: AttestDeps, fields: Readonly<Record<string, unknown>>): Promise<CommandResult> {
  const today = vietnamDay(now());
  const parsed = parseWaiver(
    { from: today, ...fields },
    randomUUID(),
    today,
    policy.requirements.map(({ id }) => id),
  );
  if (!parsed.ok) return { ok: false, lines: faultLines(lang, parsed.errors) };
  const [fault] = await deeds.fileWaivers(doer, [parsed.value]);
  if (fault) return { ok: false, lines: faultLines(lang, [waiverError(fault)]) };
  await changed([parsed.value.centre]);
  return { ok: true, lines: [text(lang, "form.waiver.saved"), waiverLine(lang, parsed.value)] };
}

/** `collector waiver withdraw ID`: one that was filed by mistake. */
export async function waiverWithdraw(
  { deeds, doer, lang, now, changed }: AttestDeps,
  id: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<CommandResult> {
  const parsed = parseWithdrawal(fields, new Date(now()).toISOString());
  if (!parsed.ok) return { ok: false, lines: faultLines(lang, parsed.errors) };
  const withdrawn = await deeds.withdrawWaiver(doer, id, vietnamDay(now()), parsed.value);
  if (!withdrawn) return { ok: false, lines: [text(lang, "form.withdraw.noSuch")] };
  await changed([withdrawn.centre]);
  return { ok: true, lines: [text(lang, "form.withdraw.saved"), waiverLine(lang, withdrawn)] };
}

/** `collector waiver list`: those in force and to come, one a line, and the withdrawn ones below. */
export async function waiverList({ store, lang, now }: AttestDeps, centre: string | undefined, page: number): Promise<CommandResult> {
  const part = await store.waiverPart(vietnamDay(now()), centre, page);
  return { ok: true, lines: part.total === 0 ? [text(lang, "form.waivers.none")] : part.rows.map((waiver) => waiverLine(lang, waiver)), part };
}

/** A file to import, and whether to look at it only. */
export type ImportOrder = { readonly name: string; readonly body: string; readonly dryRun: boolean };

/** `collector attest import F`: declarations and inspections. */
export async function attestImport(deps: AttestDeps, order: ImportOrder): Promise<CommandResult> {
  const nowIso = new Date(deps.now()).toISOString();
  return importAll(
    deps,
    order,
    attestationColumns,
    (fields, id) => parseAttestation(fields, id, nowIso, deps.policy),
    whole((said) => deps.deeds.attest(deps.doer, said)),
  );
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
      const faults = await deps.deeds.fileWaivers(deps.doer, waivers);
      return waivers.flatMap((waiver, at) => {
        const fault = faults[at];
        return fault === undefined ? [] : [`${waiverLine(deps.lang, waiver)}: ${text(deps.lang, `form.error.${fault}`)}`];
      });
    },
  );
}

/** `collector duty import F`: records of periodic work that were kept on paper. */
export async function dutyImport(deps: AttestDeps, order: ImportOrder): Promise<CommandResult> {
  const place = { policy: deps.policy, calendar: deps.calendar, nowMs: deps.now() };
  return importAll(
    deps,
    order,
    dutyColumns,
    (fields, id) => parseDutyRecord(fields, id, place),
    whole((records) => deps.deeds.recordDuties(deps.doer, records)),
  );
}

/** Keeping that refuses nothing. */
function whole<T>(keep: (values: readonly T[]) => Promise<unknown>): (values: readonly T[]) => Promise<readonly string[]> {
  return async (values) => {
    await keep(values);
    return [];
  };
}

/** All rows of a file or none: with one fault in it nothing is kept. `keep` gives what is wrong with rows that stand against what is stored. */
async function importAll<T extends { centre: string }>(
  { store, lang, changed }: AttestDeps,
  { name, body, dryRun }: ImportOrder,
  columns: readonly string[],
  parse: (fields: Readonly<Record<string, unknown>>, id: string) => Parsed<T>,
  keep: (values: readonly T[]) => Promise<readonly string[]>,
): Promise<CommandResult> {
  if (Buffer.byteLength(body) > FILE_BYTES_MAX)
    return { ok: false, lines: [text(lang, "inventory.fault.bytes", { file: name, max: FILE_BYTES_MAX / 1024 / 1024 })] };
  const known = await store.centreCodes();
  const { values, faults } = readImportFile({ name, body }, columns, lang, (fields, id) => {
    const parsed = parse(fields, id);
    return parsed.ok && !known.has(parsed.value.centre) ? { ok: false, errors: [{ field: "centre", key: "form.error.centre" }] } : parsed;
  });
  if (faults.length > 0) return { ok: false, lines: [text(lang, "form.import.refused"), ...faults] };
  if (dryRun) return { ok: true, lines: [text(lang, "form.import.dry", { kept: values.length })] };
  const refused = await keep(values);
  if (refused.length > 0) return { ok: false, lines: [text(lang, "form.import.refused"), ...refused] };
  await changed([...new Set(values.map(({ centre }) => centre))]);
  return { ok: true, lines: [text(lang, "form.import.kept", { kept: values.length })] };
}

function faultLines(lang: Lang, errors: readonly FieldError[]): readonly string[] {
  return errors.map(({ field, key, params }) => `${field}: ${text(lang, key, params)}`);
}

function waiverLine(lang: Lang, { id, centre, requirement, from, until, document, reason, withdrawn }: Waiver): string {
  const end = withdrawn ? [withdrawalWords(lang, withdrawn), withdrawn.by] : [];
  return [id, centre, requirement, `${from}..${until}`, document, reason, ...end].join("  ");
}
