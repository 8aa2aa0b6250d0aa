import { html } from "hono/html";
import { type Person, Role } from "#schemas/person.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { isTextKey, type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { chainSentence } from "../people/chain-sentence.ts";
import type { Chain } from "../store/audit.ts";
import type { ListPart } from "../store/list-part.ts";
import { type BlockRow, blockTable } from "./block-table.ts";
import { errorList, type FormState, inputField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";
import { paged } from "./paged.ts";

/** An account as the page shows it. */
export type ListedPerson = Pick<Person, "login" | "name" | "roles"> & {
  readonly centre: string | undefined;
  readonly state: "active" | "waiting" | "disabled" | "ended";
  readonly isOfService: boolean;
  readonly hasFactor: boolean;
  readonly lastLoginMs: number | undefined;
};
/** A row of the audit log. */
export type ListedDeed = {
  readonly place: number;
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly about: string;
  readonly address: string;
};

const labels = { login: "people.login", name: "people.name", roles: "people.roles", centre: "people.centre", until: "people.until" } as const;
const columns = ["people.login", "people.name", "people.roles", "people.centre", "people.state", "people.lastLogin", "people.change"] as const;

/** The accounts, what can be done to each, and the form that adds one. `link` is shown once, to be handed to its person. */
export function peoplePage(frame: PageFrame, people: ListPart<ListedPerson>, state: FormState, token: string, link?: { login: string; url: string }): Html {
  const { lang } = frame;
  const title = text(lang, "people.title");
  const handed = link
    ? html`<div class="done" role="status"><p>${text(lang, "people.link", { login: link.login })}</p><p><code>${link.url}</code></p></div>`
    : "";
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1><p><a href="/tokens">${text(lang, "tokens.title")}</a></p>${handed}
${paged(lang, people, (page) => `/people?page=${page}`, peopleTable(frame, title, people.rows, token))}</section>
<section class="card" aria-labelledby="add-title"><h2 id="add-title">${text(lang, "people.add.title")}</h2>${errorList(lang, state, labels)}
<form class="form" method="post" action="/people"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">
<div class="pair">${inputField(lang, state, { name: "login", label: labels.login, max: 64, autocomplete: "off", hint: text(lang, "people.login.hint") })}${inputField(lang, state, { name: "name", label: labels.name, autocomplete: "off" })}</div>
<fieldset id="f-roles" tabindex="-1"><legend>${text(lang, "people.roles")}</legend>${Role.options.map((role) => html`<label class="choice"><input type="checkbox" name="role-${role}" value="yes"${state.values[`role-${role}`] === "yes" ? html` checked` : ""}> ${text(lang, `role.${role}`)}<span class="hint"> – ${text(lang, `role.${role}.may`)}</span></label>`)}</fieldset>
<div class="pair">${inputField(lang, state, { name: "centre", label: labels.centre, required: false, hint: text(lang, "people.centre.hint") })}${inputField(lang, state, { name: "until", label: labels.until, type: "date", required: false })}</div>
<p><button type="submit">${text(lang, "people.add.do")}</button></p></form></section>`,
  );
}

function peopleTable(frame: PageFrame, title: string, people: readonly ListedPerson[], token: string): Html {
  return blockTable(
    title,
    columns.map((key) => text(frame.lang, key)),
    people.map((person) => personRow(frame, person, token)),
  );
}

/** A page of what people did, newest first, and whether the chain of the log is whole. */
export function auditPage(frame: PageFrame, deeds: ListPart<ListedDeed>, chain: Chain): Html {
  const { lang } = frame;
  const title = text(lang, "audit.title");
  const heads = (["audit.at", "audit.who", "audit.what", "audit.about", "audit.address"] as const).map((key) => text(lang, key));
  const rows = deeds.rows.map(({ at, who, what, about, address }) => ({
    head: html`<span class="num">${moment(lang, at)}</span>`,
    cells: [who, html`${deedWord(lang, what)}<span class="sub"><code>${what}</code></span>`, about, address],
  }));
  const verdict = chain.ok
    ? html`<p class="note">${chainSentence(lang, chain)} <code>${chain.head}</code></p>`
    : html`<p class="errors" role="alert">${chainSentence(lang, chain)}</p>`;
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${verdict}${paged(lang, deeds, (page) => `/audit?page=${page}`, blockTable(title, heads, rows))}</section>`,
  );
}

function deedWord(lang: Lang, what: string): string {
  const key = `deed.${what}`;
  return isTextKey(key) ? text(lang, key) : "";
}

function personRow({ lang, asker }: PageFrame, person: ListedPerson, token: string): BlockRow {
  const { login, name, roles, centre, state, isOfService, hasFactor, lastLoginMs } = person;
  const button = (action: string, key: TextKey) =>
    html`<form method="post" action="/people/${action}"><input type="hidden" name="${TOKEN_FIELD}" value="${token}"><input type="hidden" name="login" value="${login}"><button type="submit" aria-label="${text(lang, key)}: ${login}">${text(lang, key)}</button></form>`;
  // Nobody shuts himself out by a slip.
  const own = asker?.login === login;
  return {
    head: login,
    cells: [
      name,
      roles.map((role) => text(lang, `role.${role}`)).join(", "),
      centre ?? "–",
      html`${text(lang, `people.state.${state}`)}${hasFactor ? html`<span class="sub">${text(lang, "factor.title")}</span>` : ""}`,
      lastLoginMs === undefined ? "–" : moment(lang, lastLoginMs),
      html`${isOfService || state === "disabled" ? "" : button("reset", "people.reset")}${own || state !== "active" ? "" : button("sessions", "session.end.all")}${own || !hasFactor ? "" : button("factor", "factor.end")}${own ? "" : state === "disabled" ? button("enable", "people.enable") : button("disable", "people.disable")}`,
    ],
  };
}
