import type { Lang } from "../words.ts";
import { en } from "./en.ts";
import { numberWord } from "./number-word.ts";
import { vi } from "./vi.ts";

/** Key of a sentence in the catalogue; Vietnamese is the language of record, English must have the same keys. */
export type TextKey = keyof typeof vi;
export type TextParams = Readonly<Record<string, string | number>>;

const catalogues: Record<Lang, Readonly<Record<TextKey, string>>> = { vi, en };

/** The sentence of a key with its `{name}` places filled; numbers are written as the language writes them. Unfilled places stay visible. */
export function text(lang: Lang, key: TextKey, params: TextParams = {}): string {
  return catalogues[lang][key].replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = params[name];
    return value === undefined ? place : typeof value === "number" ? numberWord(lang, value) : value;
  });
}

/** Whether a string, for instance built from a reason code, is a key of the catalogue. */
export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(vi, key);
}

/** Every key of the catalogue. */
export const textKeys = Object.keys(vi) as readonly TextKey[];
