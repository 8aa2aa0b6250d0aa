import { z } from "zod";
import type { Calendar } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { DutyRecord } from "#schemas/duty.ts";
import { isProven, turnFrom } from "#schemas/evaluate/turns.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { fieldErrors, hashOf, type Parsed } from "./field-errors.ts";

const words = (max: number) =>
  z
    .string()
    .transform((text) => cleanText(text, max + 1))
    .pipe(z.string().max(max));
const absent = (text: unknown) => (text === "" ? undefined : text);

const { shape } = DutyRecord;
const Input = z.object({
  centre: shape.centre,
  requirement: shape.requirement,
  duty: shape.duty,
  turn: shape.turn,
  state: shape.state,
  reason: z.preprocess(absent, words(300).optional()),
  by: words(128).pipe(z.string().min(1)),
  document: z.preprocess(absent, words(128).optional()),
  proofSha256: z.preprocess(hashOf, shape.proofSha256),
  at: z.preprocess(absent, shape.at.optional()),
});

/** The columns of a file of records. */
export const dutyColumns: readonly string[] = Object.keys(Input.shape);

/** What a record is held against. */
export type DutyPlace = { readonly policy: PolicyProfile; readonly calendar: Calendar; readonly nowMs: number };

/**
 * A record of a duty from what a person ticked or a file says, checked against the policy: the turn has begun, what was skipped has a reason, what needs
 * a proof has one. `at` is now where it is not told; nothing is written for the future.
 */
export function parseDutyRecord(fields: Readonly<Record<string, unknown>>, id: string, { policy, calendar, nowMs }: DutyPlace): Parsed<DutyRecord> {
  const input = Input.safeParse(fields);
  if (!input.success) return { ok: false, errors: fieldErrors(input.error) };
  const { reason, document, proofSha256, at = new Date(nowMs).toISOString(), ...said } = input.data;
  const fault = (field: string, key: Extract<Parsed<DutyRecord>, { ok: false }>["errors"][number]["key"]) => ({ ok: false, errors: [{ field, key }] }) as const;
  const rule = policy.requirements.find((one) => one.id === said.requirement)?.rule;
  if (rule?.kind !== "checklist") return fault("requirement", "form.error.requirement");
  const duty = rule.duties.find((one) => one.id === said.duty);
  if (!duty) return fault("duty", "form.error.item");
  if (!turnFrom(said.turn, duty, calendar, nowMs)) return fault("turn", "form.error.turn");
  if (Date.parse(at) > nowMs) return fault("at", "form.error.future");
  if (said.state === "skipped" && !reason) return fault("reason", "form.error.reason");
  const record: DutyRecord = {
    id,
    ...said,
    ...(said.state === "skipped" && reason && { reason }),
    ...(document && { document }),
    ...(proofSha256 && { proofSha256 }),
    at,
  };
  return duty.proof && !isProven(record) ? fault("proofSha256", "form.error.proof") : { ok: true, value: record };
}
