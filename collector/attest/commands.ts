import { randomUUID } from "node:crypto";
import type { Attestation, Waiver } from "#schemas/attestation.ts";
import { vietnamDay } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { FILE_BYTES_MAX, readAttestationFile } from "./attestation-file.ts";
import { parseWaiver } from "./waiver-input.ts";

/** What the commands of an operator need. `changed` has the centre judged anew. */
export type AttestDeps = {
  readonly store: {
    addWaiver(waiver: Waiver): Promise<boolean>;
    waiversFrom(day: string, centre?: string): Promise<readonly Waiver[]>;
    addAttestations(attestations: readonly Attestation[]): Promise<readonly string[]>;
  };
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

/** `collector attest import F`: keeps the good rows, names the others, and is not ok when there are any of those. */
export async function attestImport({ store, policy, lang, now, changed }: AttestDeps, body: string): Promise<CommandResult> {
  if (Buffer.byteLength(body) > FILE_BYTES_MAX) return { ok: false, lines: [text(lang, "form.error.length", { max: FILE_BYTES_MAX })] };
  const { attestations, faults } = readAttestationFile(body, policy, new Date(now()).toISOString(), lang);
  const unknown = await store.addAttestations(attestations);
  const kept = attestations.filter(({ centre }) => !unknown.includes(centre));
  await changed([...new Set(kept.map(({ centre }) => centre))]);
  const strangers = unknown.map((centre) => `${centre}: ${text(lang, "form.error.centre")}`);
  return { ok: faults.length + strangers.length === 0, lines: [text(lang, "form.import.kept", { kept: kept.length }), ...faults, ...strangers] };
}

function waiverLine({ centre, requirement, from, until, document, reason }: Waiver): string {
  return [centre, requirement, `${from}..${until}`, document, reason].join("  ");
}
