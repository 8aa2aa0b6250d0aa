import { dayAfter, VIETNAM_OFFSET_MS } from "../calendar.ts";
import type { Lang } from "../words.ts";

/** A Vietnam day `YYYY-MM-DD`, or a month `YYYY-MM`, as the language writes it. */
export function day(lang: Lang, isoDay: string): string {
  return lang === "vi" ? isoDay.split("-").reverse().join("/") : isoDay;
}

/** An instant as Vietnam date and time to the minute; written by hand so that no ICU version changes a printed report. */
export function moment(lang: Lang, instant: string | number): string {
  const local = new Date(new Date(instant).getTime() + VIETNAM_OFFSET_MS).toISOString();
  return `${day(lang, local.slice(0, 10))} ${local.slice(11, 16)}`;
}

/** Days in their order, those that follow upon each other as one span. */
export function daySpans(lang: Lang, isoDays: readonly string[]): string {
  const spans: { first: string; last: string }[] = [];
  for (const one of isoDays) {
    const open = spans.at(-1);
    if (open && dayAfter(open.last) === one) open.last = one;
    else spans.push({ first: one, last: one });
  }
  return spans.map(({ first, last }) => (first === last ? day(lang, first) : `${day(lang, first)} – ${day(lang, last)}`)).join(", ");
}
