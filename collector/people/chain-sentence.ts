import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { Chain } from "../store/audit.ts";

/** What a walk along the audit log has shown. The hash of the last row belongs behind it where the chain is whole. */
export function chainSentence(lang: Lang, chain: Chain): string {
  if (!chain.ok) return text(lang, "audit.broken", { place: chain.place });
  const { rows, first } = chain;
  return first === 1 ? text(lang, "audit.whole", { rows }) : text(lang, "audit.whole_since", { rows, first });
}
