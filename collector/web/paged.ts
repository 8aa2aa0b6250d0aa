import { html } from "hono/html";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type ListPart, rowsBefore } from "../store/list-part.ts";
import type { Html } from "./markup.ts";

const rowWords = { part: "web.list.part", before: "web.list.before", after: "web.list.after" } as const;
const incidentWords = { part: "web.incidents.part", before: "web.incidents.newer", after: "web.incidents.older" } as const;
export const listWords = { rows: rowWords, incidents: incidentWords } as const;

/** One page of a list as it is `shown`; where it is not all, with what is left and the ways there. */
export function paged(
  lang: Lang,
  { page, rows, total }: ListPart<unknown>,
  addressOf: (page: number) => string,
  shown: Html,
  words: (typeof listWords)[keyof typeof listWords] = rowWords,
): Html {
  const before = rowsBefore(page);
  const left = Math.max(0, total - before - rows.length);
  if (page === 1 && left === 0) return shown;
  const ways = html`<p class="note">${rows.length > 0 ? text(lang, words.part, { from: before + 1, to: before + rows.length, total }) : ""}
${page > 1 ? html`<a href="${addressOf(page - 1)}">${text(lang, words.before)}</a> ` : ""}${left > 0 ? html`<a href="${addressOf(page + 1)}">${text(lang, words.after, { count: left })}</a>` : ""}</p>`;
  return html`${ways}${shown}${rows.length > 0 ? ways : ""}`;
}
