import type { FindingPart } from "../finding.ts";
import { MAIN_POINT } from "../inventory.ts";
import type { Lang } from "../words.ts";
import { text } from "./text.ts";

/** A reception point as people call it; the main office by what it is. */
export function pointWord(lang: Lang, point: string): string {
  return point === MAIN_POINT ? text(lang, "point.main") : text(lang, "point.other", { point });
}

/** Something with the reception point at which it is. */
export function namedAt(lang: Lang, name: string, point: string): string {
  return `${name} (${pointWord(lang, point)})`;
}

/** What a part of a finding is about, in words: `subject` is what it is called where a centre has one point, which stands behind it where there are several. */
export function partName(lang: Lang, { subject: own, point }: Pick<FindingPart, "subject" | "point">, subject: string = own): string {
  if (point === undefined) return subject;
  return own === point ? pointWord(lang, point) : namedAt(lang, subject, point);
}
