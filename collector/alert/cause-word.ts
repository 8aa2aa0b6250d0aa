import { isTextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

/** What a silence was, in words: a segment of the way out, or what happened to the PC. Undefined for a code that has none. */
export function causeWord(lang: Lang, code: string | undefined): string | undefined {
  const key = [`segment.${code}`, `alert.cause.${code}`].find(isTextKey);
  return key && text(lang, key);
}
