import { TypedDay } from "#schemas/ids.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { UsageError } from "./terminal.ts";

/** Ends a command whose option gives no day `YYYY-MM-DD`. @throws UsageError that names the option */
export function requireDay(lang: Lang, option: string, given: string): void {
  if (!TypedDay.safeParse(given).success) throw new UsageError(text(lang, "collector.fault.day", { option, given }));
}
