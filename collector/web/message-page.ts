import { html } from "hono/html";
import { text } from "#schemas/text/text.ts";
import { homeOf } from "../routes/access-table.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

/** A page with one sentence, what to do about it, and the way back: not found, not readable. */
export function messagePage(frame: PageFrame, sentence: string, advice: Html | "" = ""): Html {
  const back = html`<p><a href="${homeOf(frame.asker)}">${text(frame.lang, "web.notFound.back")}</a></p>`;
  return layout(frame, sentence, html`<section class="card"><h1>${sentence}</h1>${advice}${back}</section>`);
}

/** Answers what was sent after the session had ended: nothing is kept here, and what was typed still stands in the browser. */
export function sessionOverPage(frame: PageFrame): Html {
  const { lang } = frame;
  const way = html`<p><a class="button" href="/login" target="_blank" rel="noopener">${text(lang, "access.over.login")}</a></p>`;
  return messagePage(frame, text(lang, "access.over"), html`<p>${text(lang, "access.over.advice")}</p>${way}`);
}

/** Answers whoever has signed in and has no role that opens the page: who can give one. */
export function noRolePage(frame: PageFrame): Html {
  return messagePage(frame, text(frame.lang, "access.role_missing"), html`<p>${text(frame.lang, "access.role_missing.advice")}</p>`);
}
