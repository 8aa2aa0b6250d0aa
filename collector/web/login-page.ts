import { html } from "hono/html";
import { type TextKey, text } from "#schemas/text/text.ts";
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "../auth/password.ts";
import { errorList, type FormState, inputField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

const labels = { login: "people.login", password: "people.password", code: "people.code", again: "people.password.again" } as const;
const hidden = (name: string, value: string) => html`<input type="hidden" name="${name}" value="${value}">`;

/** The page where people sign in: by password, and by the province's sign-on service where there is one. */
export function loginPage(frame: PageFrame, state: FormState, token: string, { next, signOn }: { next: string; signOn?: string | undefined }): Html {
  const { lang } = frame;
  const service = signOn
    ? html`<p><a class="button" href="/login/sign-on">${text(lang, "people.signOn", { name: signOn })}</a></p><p class="note">${text(lang, "people.signOn.or")}</p>`
    : "";
  return card(
    frame,
    "people.login.title",
    html`${state.errors.map(({ key, params }) => html`<p class="errors" role="alert">${text(lang, key, params)}</p>`)}${service}
<form class="form" method="post" action="/login">${hidden(TOKEN_FIELD, token)}${hidden("next", next)}
${inputField(lang, { ...state, errors: [] }, { name: "login", label: labels.login, autocomplete: "username" })}
${inputField(lang, state, { name: "password", label: labels.password, type: "password", max: PASSWORD_LENGTH_MAX, autocomplete: "current-password" })}
<p><button type="submit">${text(lang, "people.login.do")}</button></p></form><p class="note">${text(lang, "people.login.lost")}</p>`,
  );
}

/** The page behind a one-time link. The code stands behind the `#` of its address, which no server and no log sees; live.js puts it into its field. */
export function passwordPage(frame: PageFrame, state: FormState, token: string): Html {
  const { lang } = frame;
  const hint = text(lang, "people.password.hint", { min: PASSWORD_LENGTH_MIN });
  return card(
    frame,
    "people.password.title",
    html`${errorList(lang, state, labels)}<form class="form" method="post" action="/password" data-from-hash="code">${hidden(TOKEN_FIELD, token)}
${inputField(lang, state, { name: "code", label: labels.code, hint: text(lang, "people.code.hint"), autocomplete: "off" })}
${inputField(lang, state, { name: "password", label: labels.password, type: "password", hint, max: PASSWORD_LENGTH_MAX, autocomplete: "new-password" })}
${inputField(lang, state, { name: "again", label: labels.again, type: "password", max: PASSWORD_LENGTH_MAX, autocomplete: "new-password" })}
<p><button type="submit">${text(lang, "people.password.do")}</button></p></form>`,
  );
}

/** After signing out of here: the sign-on service still knows this browser, and says so. */
export function signedOutPage(frame: PageFrame, name: string, url: string): Html {
  const { lang } = frame;
  return card(
    frame,
    "people.signedOut.title",
    html`<p>${text(lang, "people.signedOut", { name })}</p><p><a class="button" href="${url}" rel="noreferrer">${text(lang, "people.signedOut.do", { name })}</a></p><p><a href="/login">${text(lang, "people.login.title")}</a></p>`,
  );
}

function card(frame: PageFrame, titleKey: TextKey, body: Html): Html {
  const title = text(frame.lang, titleKey);
  return layout(frame, title, html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${body}</section>`);
}
