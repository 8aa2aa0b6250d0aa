import { html } from "hono/html";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { Html } from "./markup.ts";

/** One choice of a filter; the first is all. */
export function selectField(lang: Lang, name: string, label: TextKey, options: readonly { value: string; label: string }[], chosen: string): Html {
  return html`<label>${text(lang, label)}<select name="${name}"><option value="">${text(lang, "web.filter.all")}</option>${options.map(
    ({ value, label }) => html`<option value="${value}"${value === chosen ? html` selected` : ""}>${label}</option>`,
  )}</select></label>`;
}
