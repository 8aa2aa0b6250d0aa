import { isTextKey } from "#schemas/text/text.ts";
import { type Phrase, phrase } from "./result.ts";

/** Words for a reason code of an outcome; the code itself where the catalogue has none. */
export function reasonPhrase(reason: string): Phrase {
  const key = `outcome.${reason}`;
  return isTextKey(key) ? phrase(key) : { vi: reason, en: reason };
}
