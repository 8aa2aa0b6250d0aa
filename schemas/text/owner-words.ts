import type { Owner } from "../policy.ts";
import type { Lang } from "../words.ts";
import { text } from "./text.ts";

/** Who acts, with the number to call where the province has given one. */
export function ownerWords(lang: Lang, owner: Owner, number: string | undefined): string {
  const who = text(lang, `owner.${owner}`);
  return number === undefined ? who : text(lang, "phone.of", { who, number });
}
