import type { Lang } from "../words.ts";
import { isTextKey, text } from "./text.ts";

/** Why a run gave no number, or why its number is held against nobody, in words; a code of a newer agent as it is. */
export function outcomeWord(lang: Lang, code: string): string {
  const key = `outcome.${code}`;
  return isTextKey(key) ? text(lang, key) : code;
}
