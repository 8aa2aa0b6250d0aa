import { isTextKey, type TextKey, type TextParams, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

/** Says a sentence of the catalogue in the page's language. */
export type Say = (key: TextKey, params?: TextParams) => string;

/** Names of the dashboards: also their key in the catalogue and the stem of their uid. */
export const pageNames = ["province", "centre", "link", "wifi", "cameras", "devices", "portals", "fleet", "alerts", "collector"] as const;
export type PageName = (typeof pageNames)[number];

/** A panel is named by its key in the catalogue: `<key>` is its title, `<key>.help` says what it shows and how to read it. */
export type PanelKey = Extract<TextKey, `board.${string}.help`> extends `${infer Key}.help` ? Key & TextKey : never;

/** What every part of one dashboard in one language needs. */
export type Page = { readonly name: PageName; readonly lang: Lang; readonly say: Say };

export function page(name: PageName, lang: Lang): Page {
  return { name, lang, say: (key, params) => text(lang, key, params) };
}

/** Fixed address of a dashboard: Vietnamese is the language of record and has the plain one. */
export function pageUid(name: PageName, lang: Lang): string {
  return lang === "vi" ? `hcc-${name}` : `hcc-${name}-${lang}`;
}

/** Heading of a column: `board.column.<name>`, or the column's own name where the catalogue has none. */
export function columnTitle(say: Say, column: string): string {
  const key = `board.column.${column}`;
  return isTextKey(key) ? say(key) : column;
}

/** A number that stays the same for a key: panel ids stand in deep links and in alert rules. FNV-1a, folded to six digits. */
export function stableId(key: string): number {
  let hash = 0x811c9dc5;
  for (const letter of key) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return ((hash >>> 0) % 899_999) + 1;
}
