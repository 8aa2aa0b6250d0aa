import { html } from "hono/html";
import { text } from "#schemas/text/text.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

/** A page with one sentence and the way back: not found, not readable. */
export function messagePage(frame: PageFrame, sentence: string): Html {
  return layout(frame, sentence, html`<section class="card"><h1>${sentence}</h1><p><a href="/">${text(frame.lang, "web.notFound.back")}</a></p></section>`);
}
