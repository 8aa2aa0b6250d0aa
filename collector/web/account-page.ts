import { html } from "hono/html";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "../auth/password.ts";
import type { ListedSession } from "../people/session-desk.ts";
import { type BlockRow, blockTable } from "./block-table.ts";
import { errorList, type FormState, inputField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

/** What stands on the page beside the person. People of a sign-on service have no password here. */
export type OwnAccount = { readonly hasPassword: boolean; readonly hasFactor: boolean; readonly sessions: readonly ListedSession[] };

const labels = { present: "people.password.present", password: "people.password.new", again: "people.password.again" } as const;
const hidden = (name: string, value: string) => html`<input type="hidden" name="${name}" value="${value}">`;

/** Who is signed in, as what, and the way out; the own password and sessions. `own` is absent for whoever sits at the server. */
export function accountPage(frame: PageFrame, token: string, own: OwnAccount | undefined, state: FormState): Html {
  const { lang, asker } = frame;
  const title = text(lang, "people.account.title");
  const roles = asker?.roles.map((role) => text(lang, `role.${role}`)).join(", ");
  const way = own
    ? html`<form class="form" method="post" action="/logout">${hidden(TOKEN_FIELD, token)}<p><button type="submit">${text(lang, "people.logout")}</button></p></form>`
    : html`<p class="note">${text(lang, "people.local.note")}</p>`;
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>
<dl><dt>${text(lang, "people.name")}</dt><dd>${own ? asker?.name : text(lang, "people.local")}</dd><dt>${text(lang, "people.roles")}</dt><dd>${roles}</dd>${asker?.centre ? html`<dt>${text(lang, "people.centre")}</dt><dd>${asker.centre}</dd>` : ""}</dl>${way}</section>
${own?.hasPassword ? html`${factorSection(frame, own)}${passwordSection(frame, token, state)}` : ""}${own ? sessionsSection(frame, token, own.sessions) : ""}`,
  );
}

function factorSection({ lang }: PageFrame, { hasFactor }: OwnAccount): Html {
  const state = hasFactor ? "on" : "off";
  return html`<section class="card" aria-labelledby="factor-title"><h2 id="factor-title">${text(lang, "factor.title")}</h2><p>${text(lang, `factor.is.${state}`)}</p>
<p><a class="button" href="/account/factor">${text(lang, `factor.change.${state}`)}</a></p></section>`;
}

function passwordSection({ lang }: PageFrame, token: string, state: FormState): Html {
  const hint = text(lang, "people.password.hint", { min: PASSWORD_LENGTH_MIN });
  const field = (name: keyof typeof labels, autocomplete: string, more: { hint?: string } = {}) =>
    inputField(lang, state, { name, label: labels[name], type: "password", max: PASSWORD_LENGTH_MAX, autocomplete, ...more });
  return html`<section class="card" aria-labelledby="password-title"><h2 id="password-title">${text(lang, "people.password.change")}</h2>${errorList(lang, state, labels)}
<form class="form" method="post" action="/account/password">${hidden(TOKEN_FIELD, token)}
${field("present", "current-password")}${field("password", "new-password", { hint })}${field("again", "new-password")}
<p><button type="submit">${text(lang, "people.password.change.do")}</button></p></form></section>`;
}

function sessionsSection({ lang }: PageFrame, token: string, sessions: readonly ListedSession[]): Html {
  const title = text(lang, "session.title");
  const heads = (["session.begun", "session.seen", "audit.address", "people.change"] as const).map((key) => text(lang, key));
  const end = (name: string, value: string, button: Html) =>
    html`<form method="post" action="/account/sessions">${hidden(TOKEN_FIELD, token)}${hidden(name, value)}${button}</form>`;
  const rows = sessions.map(({ id, createdAt, seenAt, address, isThis }): BlockRow => {
    const begun = moment(lang, createdAt);
    const word = text(lang, "session.end");
    return {
      head: html`<span class="num">${begun}</span>`,
      cells: [
        html`<span class="num">${moment(lang, seenAt)}</span>`,
        address || "–",
        isThis ? text(lang, "session.this") : end("id", id, html`<button type="submit" aria-label="${word}: ${begun}">${word}</button>`),
      ],
    };
  });
  return html`<section class="card" aria-labelledby="sessions-title"><h2 id="sessions-title">${title}</h2><p class="note">${text(lang, "session.note")}</p>
${blockTable(title, heads, rows)}${sessions.length > 1 ? end("others", "yes", html`<p><button type="submit">${text(lang, "session.end.others")}</button></p>`) : ""}</section>`;
}
