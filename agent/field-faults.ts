import type { z } from "zod";
import { fieldFaults as words } from "#schemas/text/field-faults.ts";
import type { Lang } from "#schemas/words.ts";
import { UsageError } from "./terminal.ts";

/** Names the place and each wrong field of what somebody wrote by hand. `known` are the fields that the place may have. */
export function fieldFaults(error: z.ZodError, place: (lang: Lang) => string, known: readonly string[] = []): UsageError {
  return new UsageError((lang) => words(lang, error, place(lang), known));
}
