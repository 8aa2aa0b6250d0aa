import { z } from "zod";
import { Waiver, type Withdrawal } from "#schemas/attestation.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { type FieldError, fieldErrors, hashOf, type Parsed } from "./field-errors.ts";

/** Longest waiver in days: a year and a day, so that "to the same date next year" fits. Longer needs a new document. */
export const WAIVER_DAYS_MAX = 366;
const DAY_MS = 86_400_000;

const words = (max: number) =>
  z
    .string()
    .transform((text) => cleanText(text, max + 1))
    .pipe(z.string().min(1).max(max));

const Input = z
  .object({
    centre: Waiver.shape.centre,
    requirement: Waiver.shape.requirement,
    reason: words(300),
    document: words(128),
    approver: words(128),
    proofSha256: z.preprocess(hashOf, Waiver.shape.proofSha256),
    from: z.iso.date(),
    until: z.iso.date(),
  })
  .check((context) => {
    if (context.issues.length > 0) return;
    const { from, until } = context.value;
    const days = (Date.parse(until) - Date.parse(from)) / DAY_MS + 1;
    if (days < 1) context.issues.push({ code: "custom", message: "form.error.order", path: ["until"], input: until });
    if (days > WAIVER_DAYS_MAX)
      context.issues.push({ code: "custom", message: "form.error.tooLong", params: { days: WAIVER_DAYS_MAX }, path: ["until"], input: until });
  });

/** Why a waiver is not kept: no such centre, one that says the same stands, this very one was withdrawn, or the centre has as many as it may. `form.error.<fault>` is the sentence. */
export type WaiverFault = "centre" | "waiverTwice" | "waiverWithdrawn" | "waiversFull";

/** The same, at its field. */
export function waiverError(fault: WaiverFault): FieldError {
  return { field: fault === "centre" ? "centre" : "document", key: `form.error.${fault}` };
}

/** The columns of a file of waivers. */
export const waiverColumns: readonly string[] = Object.keys(Input.shape);

/**
 * A waiver from what a person typed. Its end is a day, inclusive, in Asia/Ho_Chi_Minh; it is never absent, never before its
 * beginning or before `today`, and never more than a year away from its beginning.
 */
export function parseWaiver(fields: Readonly<Record<string, unknown>>, id: string, today: string, requirements: readonly string[]): Parsed<Waiver> {
  const input = Input.safeParse(fields);
  if (!input.success) return { ok: false, errors: fieldErrors(input.error) };
  if (!requirements.includes(input.data.requirement)) return { ok: false, errors: [{ field: "requirement", key: "form.error.requirement" }] };
  if (input.data.until < today) return { ok: false, errors: [{ field: "until", key: "form.error.past" }] };
  const { proofSha256, ...said } = input.data;
  return { ok: true, value: { id, ...said, ...(proofSha256 && { proofSha256 }) } };
}

const WithdrawalInput = z.object({ by: words(128), reason: words(300) });

/** The withdrawal of a waiver from what a person typed, said at `at`. */
export function parseWithdrawal(fields: Readonly<Record<string, unknown>>, at: string): Parsed<Withdrawal> {
  const input = WithdrawalInput.safeParse(fields);
  return input.success ? { ok: true, value: { at, ...input.data } } : { ok: false, errors: fieldErrors(input.error) };
}
