import { html, raw } from "hono/html";
import { renderSVG } from "uqr";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { PASSWORD_LENGTH_MAX } from "../auth/password.ts";
import { totpUri } from "../auth/totp.ts";
import type { Halfway } from "../people/desk.ts";
import { errorList, type FormState, inputField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

const labels = { code: "factor.code", present: "people.password.present" } as const;
const hidden = (name: string, value: string) => html`<input type="hidden" name="${name}" value="${value}">`;

/** The second step of signing in: the code of the phone, or a second factor is set up with the secret among the form's values. */
export function factorPage(frame: PageFrame, { login, awaits }: Halfway, state: FormState, token: string, next: string): Html {
  const { lang } = frame;
  const body =
    awaits === "setup"
      ? html`<p>${text(lang, "factor.demanded")}</p>${setupSteps(lang, login, state.values.secret ?? "")}`
      : html`<p>${text(lang, "factor.open")}</p>`;
  return card(
    frame,
    html`${errorList(lang, state, labels)}${body}<form class="form" method="post" action="/login/factor">${hidden(TOKEN_FIELD, token)}${hidden("next", next)}${secretField(state)}
${codeField(lang, state)}<p><button type="submit">${text(lang, "people.login.do")}</button></p></form><p class="note">${text(lang, "factor.lost")}</p>`,
  );
}

/** Where a person sets a second factor up (with the secret among the form's values) or ends it. */
export function changeFactorPage(frame: PageFrame, login: string, state: FormState, token: string): Html {
  const { lang } = frame;
  const secret = state.values.secret;
  const password = { name: "present", label: labels.present, type: "password", max: PASSWORD_LENGTH_MAX, autocomplete: "current-password" } as const;
  return card(
    frame,
    html`${errorList(lang, state, labels)}${secret === undefined ? html`<p>${text(lang, "factor.end.note")}</p>` : setupSteps(lang, login, secret)}
<form class="form" method="post" action="/account/factor">${hidden(TOKEN_FIELD, token)}${secretField(state)}${codeField(lang, state)}${inputField(lang, state, password)}
<p><button type="submit">${text(lang, `factor.change.${secret === undefined ? "on" : "off"}`)}</button></p></form><p><a href="/account">${text(lang, "people.account.title")}</a></p>`,
  );
}

/** The secret goes with its form: the server keeps none before a code has shown that a phone has it. */
function secretField({ values: { secret } }: FormState): Html | "" {
  return secret === undefined ? "" : hidden("secret", secret);
}

function codeField(lang: Lang, state: FormState): Html {
  return inputField(lang, state, { name: "code", label: labels.code, max: 8, autocomplete: "one-time-code", inputMode: "numeric" });
}

function setupSteps(lang: Lang, login: string, secret: string): Html {
  // Made of our own words alone: the login in it is letters and digits, and the library draws squares.
  const picture = raw(renderSVG(totpUri(secret, login), { border: 4 }));
  return html`<ol class="steps"><li>${text(lang, "factor.step.app")}</li>
<li>${text(lang, "factor.step.scan")}<div class="qr" role="img" aria-label="${text(lang, "factor.qr")}">${picture}</div>${text(lang, "factor.step.type")} <code>${secret.replace(/(.{4})(?=.)/g, "$1 ")}</code></li>
<li>${text(lang, "factor.step.code")}</li></ol>`;
}

function card(frame: PageFrame, body: Html): Html {
  const title = text(frame.lang, "factor.title");
  return layout(frame, title, html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${body}</section>`);
}
