import type { Lang } from "../words.ts";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

/** Key of a sentence in the catalogue; Vietnamese is the language of record, English must have the same keys. */
export type TextKey = keyof typeof vi;
export type TextParams = Readonly<Record<string, string | number>>;

const catalogues: Record<Lang, Readonly<Record<TextKey, string>>> = { vi, en };
const numberFormats: Record<Lang, Intl.NumberFormat> = {
  vi: new Intl.NumberFormat("vi-VN", { maximumFractionDigits: 1 }),
  en: new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 }),
};

/** The sentence of a key with its `{name}` places filled; numbers are written as the language writes them. Unfilled places stay visible. */
export function text(lang: Lang, key: TextKey, params: TextParams = {}): string {
  return catalogues[lang][key].replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = params[name];
    return value === undefined ? place : typeof value === "number" ? numberFormats[lang].format(value) : value;
  });
}

/** Whether a string, for instance built from a reason code, is a key of the catalogue. */
export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(vi, key);
}

/** Every key of the catalogue. */
export const textKeys = Object.keys(vi) as readonly TextKey[];
