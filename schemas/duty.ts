import { z } from "zod";
import { Code, Instant, RequirementId } from "./ids.ts";
import { Words } from "./words.ts";

/** How often a duty comes back, and by which day of the week (1 = Monday) or of the month it is to be done. A short month ends on its last day. */
export const Rhythm = z.discriminatedUnion("every", [
  z.strictObject({ every: z.literal("day") }),
  z.strictObject({ every: z.literal("week"), by: z.int().min(1).max(7) }),
  z.strictObject({ every: z.literal("month"), by: z.int().min(1).max(31) }),
]);
export type Rhythm = z.infer<typeof Rhythm>;

/** One line of the periodic work list, as data of the policy. */
export const Duty = z.strictObject({
  id: Code,
  title: Words,
  /** Who does it: a post, never a name. */
  who: Words,
  rhythm: Rhythm,
  /** Working days after the due day on which a record is still in time. */
  graceDays: z.int().min(0).max(10),
  /** Whether a record needs the hash of a file or the number of a document. */
  proof: z.boolean(),
  /** Nothing is asked of turns that were due before this day. */
  from: z.iso.date(),
  /** Of the last `of` turns: so many late ones, or so many that were late or skipped, are a breach. */
  breach: z
    .strictObject({ late: z.int().min(1), notDone: z.int().min(1), of: z.int().min(1).max(60) })
    .refine(({ late, notDone, of }) => late <= notDone && notDone <= of, { message: "late <= notDone <= of" }),
});
export type Duty = z.infer<typeof Duty>;

/** What a clerk writes of one turn of a duty. It is never changed: a mistake is withdrawn by a later record. */
export const DutyRecord = z
  .strictObject({
    id: z.string().max(40),
    centre: Code,
    requirement: RequirementId,
    duty: Code,
    /** First day of the turn: the day itself, the Monday of its week, the first of its month. */
    turn: z.iso.date(),
    state: z.enum(["done", "skipped", "withdrawn"]),
    /** Why it was skipped. */
    reason: z.string().min(1).max(300).optional(),
    by: z.string().min(1).max(128),
    document: z.string().max(128).optional(),
    /** SHA-256 of the proof file, which stays with the commune. */
    proofSha256: z
      .string()
      .regex(/^[a-f0-9]{64}$/)
      .optional(),
    /** When it was written, by the collector's clock. */
    at: Instant,
  })
  .refine(({ state, reason }) => (state === "skipped") === (reason !== undefined), { message: "a skipped turn, and no other, has a reason", path: ["reason"] });
export type DutyRecord = z.infer<typeof DutyRecord>;

/** A record as it is kept: whose it is goes after its time (docs/privacy.md). */
export type KeptDuty = Omit<DutyRecord, "by"> & Partial<Pick<DutyRecord, "by">>;
