import { MAIN_POINT } from "#schemas/inventory.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { asCode, langs, sameWords } from "./table-form.ts";

/** What pages write before the code of a reception point. */
const heads = langs.map((lang) => `${asCode(pointWord(lang, "").trim())}-`);

/** A reception point as people write it: its code, or what pages call it; nothing is the main office. Gives its code, which may be none that is allowed. */
export function pointCode(said: string): string {
  if (said.trim() === "" || sameWords(said, [MAIN_POINT, ...langs.map((lang) => pointWord(lang, MAIN_POINT))])) return MAIN_POINT;
  const code = asCode(said.trim());
  return code.slice(heads.find((head) => code.startsWith(head))?.length ?? 0);
}
