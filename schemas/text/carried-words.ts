import type { Carried } from "../link-evidence.ts";
import type { Lang } from "../words.ts";
import { text } from "./text.ts";

/** How long a full-length test carried, and whether its rate fell meanwhile: a phrase for each. */
export function carriedWords(lang: Lang, { carriedS, fell }: Carried): string[] {
  return [text(lang, "linkEvidence.carried", { seconds: carriedS }), ...(fell ? [text(lang, "linkEvidence.fell")] : [])];
}
