import { z } from "zod";
import { Attestation } from "#schemas/attestation.ts";
import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { attestedRuleOf, type PolicyProfile } from "#schemas/policy.ts";
import { text } from "#schemas/text/text.ts";
import { fieldErrors, hashOf, type Parsed } from "./field-errors.ts";

const words = (max: number) =>
  z
    .string()
    .transform((text) => cleanText(text, max + 1))
    .pipe(z.string().max(max));
const optionalWords = (max: number) => z.preprocess((text) => (text === "" ? undefined : text), words(max).optional());

/** More than any centre has of anything that is counted or measured: people, devices, Mbps, square metres. */
const VALUE_MAX = 1_000_000;

/** One statement as a file row or a form gives it: everything but who keeps it, and when it is said if the row does not tell. */
const Input = z.object({
  centre: Attestation.shape.centre,
  requirement: Attestation.shape.requirement,
  item: z.preprocess((item) => (item === "" ? undefined : item), Attestation.shape.item),
  holds: z.preprocess(yesOrNo, z.boolean()),
  value: z.preprocess(
    (value) => (value === "" || value === undefined ? undefined : Number(String(value).replace(",", "."))),
    z.number().min(0).max(VALUE_MAX).optional(),
  ),
  by: words(128).pipe(z.string().min(1)),
  post: optionalWords(128),
  inspector: z.preprocess((said) => yesOrNo(said) ?? false, z.boolean()),
  document: optionalWords(128),
  proofSha256: z.preprocess(hashOf, Attestation.shape.proofSha256),
  note: optionalWords(500),
  at: z.preprocess(instantOf, Attestation.shape.at.optional()),
});

/** The columns of a file of attestations. */
export const attestationColumns: readonly string[] = Object.keys(Input.shape);

/** An attestation from what a person typed or a file says, checked against the policy's items. `at` is now where it is not told, and never later. */
export function parseAttestation(fields: Readonly<Record<string, unknown>>, id: string, nowIso: string, policy: PolicyProfile): Parsed<Attestation> {
  const input = Input.safeParse(fields);
  if (!input.success) return { ok: false, errors: fieldErrors(input.error) };
  const { centre, requirement, item, holds, value, by, post, inspector, document, proofSha256, note, at } = input.data;
  const asked = policy.requirements.find(({ id }) => id === requirement);
  if (!asked) return { ok: false, errors: [{ field: "requirement", key: "form.error.requirement" }] };
  const items = attestedRuleOf(asked)?.items.map(({ id }) => id) ?? [];
  // Without a part the word counts for none of several, and nobody would be told; where there is one alone, it is that.
  const part = item ?? (asked.rule.kind === "attested" && items.length === 1 ? items[0] : undefined);
  if (part === undefined && asked.rule.kind === "attested")
    return { ok: false, errors: [{ field: "item", key: "form.error.choice", params: { choices: items.join(", ") } }] };
  if (part !== undefined && !items.includes(part)) return { ok: false, errors: [{ field: "item", key: "form.error.item" }] };
  if (at !== undefined && Date.parse(at) > Date.parse(nowIso)) return { ok: false, errors: [{ field: "at", key: "form.error.future" }] };
  if (value !== undefined && asked.rule.kind === "count" && !Number.isInteger(value))
    return { ok: false, errors: [{ field: "value", key: "form.error.whole" }] };
  return {
    ok: true,
    value: {
      id,
      centre,
      requirement,
      ...(part !== undefined && { item: part }),
      holds,
      ...(value !== undefined && { value }),
      by,
      ...(post && { post }),
      inspector,
      ...(document && { document }),
      ...(proofSha256 && { proofSha256 }),
      ...(note && { note }),
      at: at ?? nowIso,
    },
  };
}

/** An instant; a bare date, as spreadsheets write it, is the start of that day in Vietnam. */
function instantOf(at: unknown): unknown {
  if (at === "") return undefined;
  return typeof at === "string" && z.iso.date().safeParse(at).success ? new Date(vietnamDayStartMs(at)).toISOString() : at;
}

const yes = new Set([...text("vi", "form.words.yes").split(","), ...text("en", "form.words.yes").split(",")]);
const no = new Set(["", ...text("vi", "form.words.no").split(","), ...text("en", "form.words.no").split(",")]);

/** Yes and no as forms, spreadsheets and JSON write them, in both languages; anything else stays what it is and is refused. */
function yesOrNo(said: unknown): unknown {
  if (typeof said === "boolean" || said === undefined) return said;
  const word = String(said).normalize("NFC").trim().toLowerCase();
  return yes.has(word) ? true : no.has(word) ? false : said;
}
