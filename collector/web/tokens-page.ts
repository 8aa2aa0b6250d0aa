import { html } from "hono/html";
import { TokenRole } from "#schemas/person.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { TOKEN_DAYS, TOKEN_DAYS_MAX } from "../people/token-desk.ts";
import type { ApiToken } from "../store/api-tokens.ts";
import type { ListPart } from "../store/list-part.ts";
import { type BlockRow, blockTable } from "./block-table.ts";
import { errorList, type FormState, inputField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";
import { paged } from "./paged.ts";

/** A token that was just made: shown once. */
export type NewTokenText = { readonly name: string; readonly text: string };

const labels = { name: "tokens.name", role: "tokens.role", days: "tokens.days" } as const;
const columns = ["tokens.id", "tokens.name", "tokens.role", "tokens.by", "tokens.ends", "tokens.used", "people.state", "people.change"] as const;

/** The tokens of programs, the button that ends each, and the form that makes one. `made` is shown once, to be handed over. */
export function tokensPage(frame: PageFrame, tokens: ListPart<ApiToken>, state: FormState, token: string, made?: NewTokenText): Html {
  const { lang } = frame;
  const title = text(lang, "tokens.title");
  const hidden = html`<input type="hidden" name="${TOKEN_FIELD}" value="${token}">`;
  const handed = made
    ? html`<div class="done" role="status"><p>${text(lang, "tokens.made", { name: made.name })}</p><p><code>${made.text}</code></p><p class="note">${text(lang, "tokens.use")} <code>Authorization: Bearer …</code></p></div>`
    : "";
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1><p class="note">${text(lang, "tokens.note")} <a href="/docs/api">${text(lang, "web.nav.api")}</a></p>${handed}
${tokens.total === 0 ? html`<p>${text(lang, "tokens.none")}</p>` : paged(lang, tokens, (page) => `/tokens?page=${page}`, tokensTable(frame, title, tokens.rows, hidden))}</section>
<section class="card" aria-labelledby="add-title"><h2 id="add-title">${text(lang, "tokens.add")}</h2>${errorList(lang, state, labels)}
<form class="form" method="post" action="/tokens">${hidden}
${inputField(lang, state, { name: "name", label: labels.name, max: 64, autocomplete: "off", hint: text(lang, "tokens.name.hint") })}
<fieldset id="f-role" tabindex="-1"><legend>${text(lang, "tokens.role")}</legend>${TokenRole.options.map((role) => html`<label class="choice"><input type="radio" name="role" value="${role}"${(state.values.role ?? "viewer") === role ? html` checked` : ""}> ${text(lang, `role.${role}`)}<span class="hint"> – ${text(lang, `role.${role}.may`)}</span></label>`)}</fieldset>
${inputField(lang, { ...state, values: { days: String(TOKEN_DAYS), ...state.values } }, { name: "days", label: labels.days, type: "number", hint: text(lang, "tokens.fault.days", { max: TOKEN_DAYS_MAX }) })}
<p><button type="submit">${text(lang, "tokens.add.do")}</button></p></form></section>`,
  );
}

function tokensTable(frame: PageFrame, title: string, tokens: readonly ApiToken[], hidden: Html): Html {
  return blockTable(
    title,
    columns.map((key) => text(frame.lang, key)),
    tokens.map((one) => tokenRow(frame, one, hidden)),
  );
}

function tokenRow({ lang, nowMs }: PageFrame, { tokenId, name, role, createdBy, expiresAt, revokedAt, lastUsedAt }: ApiToken, hidden: Html): BlockRow {
  const state = revokedAt !== null ? "revoked" : expiresAt <= nowMs ? "ended" : "active";
  const revoke = html`<form method="post" action="/tokens/revoke">${hidden}<input type="hidden" name="id" value="${tokenId}"><button type="submit" aria-label="${text(lang, "tokens.revoke")}: ${name}">${text(lang, "tokens.revoke")}</button></form>`;
  return {
    head: html`<code>${tokenId}…</code>`,
    cells: [
      name,
      text(lang, `role.${role}`),
      createdBy,
      moment(lang, expiresAt),
      lastUsedAt === null ? "–" : moment(lang, lastUsedAt),
      text(lang, `tokens.state.${state}`),
      state === "active" ? revoke : "",
    ],
  };
}
