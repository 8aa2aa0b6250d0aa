import type { Lang } from "../words.ts";

const LOCALES = { vi: "vi-VN", en: "en-GB" } as const;
/** One decimal, then more where that does not tell two numbers apart. */
const formats = { vi: formatsOf("vi"), en: formatsOf("en") };

/** A number as the language writes it: one decimal, or as many more as tell it from `beside`, so that 199.97 is not written as the 200 that it misses. */
export function numberWord(lang: Lang, value: number, beside: number = value): string {
  const [shortest, ...longer] = formats[lang];
  const telling = beside === value ? shortest : [shortest, ...longer].find((format) => format.format(value) !== format.format(beside));
  return (telling ?? shortest).format(value);
}

function formatsOf(lang: Lang): readonly [Intl.NumberFormat, ...Intl.NumberFormat[]] {
  const format = (maximumFractionDigits: number) => new Intl.NumberFormat(LOCALES[lang], { maximumFractionDigits });
  return [format(1), ...[2, 3, 4, 5, 6].map(format)];
}
