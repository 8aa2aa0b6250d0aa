import { z } from "zod";
import { dayAfter, vietnamDay } from "./calendar.ts";
import { Code, Instant, RequirementId } from "./ids.ts";

/** Last day on which a word of `at` holds, Asia/Ho_Chi_Minh: it ends with that day, never in the middle of one. */
export function lastDayOf(at: string, validDays: number): string {
  return dayAfter(vietnamDay(Date.parse(at)), validDays);
}

/**
 * A word that ended longer ago, days, is as if it had never been said. The collector deletes words some time after their end: what was judged before that, and
 * is asked again, must not have another answer.
 */
export const FORGOTTEN_DAYS = 365;

/** What a person says of one requirement at one centre. An inspector's word beats the commune's. */
export const Attestation = z.strictObject({
  id: z.string().max(40),
  centre: Code,
  requirement: RequirementId,
  /** Item of the attested rule; absent when the statement is about the requirement's number. */
  item: Code.optional(),
  holds: z.boolean(),
  value: z.number().optional(),
  by: z.string().min(1).max(128),
  post: z.string().max(128).optional(),
  inspector: z.boolean(),
  document: z.string().max(128).optional(),
  /** SHA-256 of the proof file, which stays with the commune. */
  proofSha256: z
    .string()
    .regex(/^[a-f0-9]{64}$/)
    .optional(),
  note: z.string().max(500).optional(),
  at: Instant,
});
export type Attestation = z.infer<typeof Attestation>;

/** That a waiver was filed by mistake: who says so, when and why. From that moment on it holds nothing back; what it covered before stays told. */
export const Withdrawal = z.strictObject({ at: Instant, by: z.string().min(1).max(128), reason: z.string().min(1).max(300) });
export type Withdrawal = z.infer<typeof Withdrawal>;

/** A documented exception, never endless. Measurement goes on underneath. */
export const Waiver = z.strictObject({
  id: z.string().max(40),
  centre: Code,
  requirement: RequirementId,
  reason: z.string().min(1).max(300),
  document: z.string().min(1).max(128),
  approver: z.string().min(1).max(128),
  /** SHA-256 of the document's file, which stays with whoever approved. */
  proofSha256: Attestation.shape.proofSha256,
  from: z.iso.date(),
  /** Last day, inclusive, in Asia/Ho_Chi_Minh. */
  until: z.iso.date(),
  withdrawn: Withdrawal.optional(),
});
export type Waiver = z.infer<typeof Waiver>;

/** Whether a waiver was withdrawn by an instant, ms. */
export function isWithdrawnAt({ withdrawn }: { readonly withdrawn?: Pick<Withdrawal, "at"> | undefined }, atMs: number): boolean {
  return withdrawn !== undefined && Date.parse(withdrawn.at) <= atMs;
}
