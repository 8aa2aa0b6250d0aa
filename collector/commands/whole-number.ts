import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { UsageError } from "./terminal.ts";

/** The number from 1 to `max` that an option gives. @throws UsageError that names the option */
export function wholeNumber(lang: Lang, option: string, given: string, max: number): number {
  const number = Number(given);
  if (!Number.isInteger(number) || number < 1 || number > max) throw new UsageError(text(lang, "collector.number.wrong", { option, given, max }));
  return number;
}
