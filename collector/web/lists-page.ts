import { html } from "hono/html";
import { day } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CentreNews, deviceCounts, deviceNewsWords, newsWords } from "../inventory/centre-changes.ts";
import { FILE_MEGABYTES_MAX } from "../inventory/file-size.ts";
import { type List, type ListKind, listKinds } from "../inventory/read-list.ts";
import { errorList, type FormState, inputField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

const labels = { kind: "lists.kind", file: "lists.file", from: "lists.from" } as const;

/** The present lists to download, and the form that hands one in. `refusal`: why nothing was imported, in lines; `done`: which list was. */
export function listsPage(
  frame: PageFrame,
  state: FormState,
  token: string,
  { done, refusal = [] }: { readonly done?: ListKind | undefined; readonly refusal?: readonly string[] },
): Html {
  const { lang } = frame;
  const title = text(lang, "lists.heading");
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>
${done === undefined ? "" : html`<p class="done" role="status">${text(lang, `lists.done.${done}`)}</p>`}
<h2>${text(lang, "lists.present")}</h2><p class="note">${text(lang, "lists.present.hint")}</p>
<ul class="news">${listKinds.flatMap((kind) => ["xlsx", "csv"].map((type) => html`<li><a href="/lists/${kind}.${type}" download>${text(lang, "lists.download", { kind: text(lang, `lists.kind.${kind}`), type: `.${type}` })}</a></li>`))}</ul></section>
<section class="card" aria-labelledby="import-title"><h2 id="import-title">${text(lang, "lists.import")}</h2><p class="note">${text(lang, "lists.import.intro")}</p>
${refusal.length === 0 ? "" : html`<div class="errors" role="alert"><ul>${refusal.map((line) => html`<li>${line}</li>`)}</ul></div>`}
${errorList(lang, state, labels)}${newForm(lang, state, token)}</section>`,
  );
}

function newForm(lang: Lang, state: FormState, token: string): Html {
  const { values, errors } = state;
  const isMissing = errors.some(({ field }) => field === "file");
  return html`<form class="form" method="post" action="/lists" enctype="multipart/form-data"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">
<fieldset id="f-kind"><legend>${text(lang, labels.kind)}</legend>${listKinds.map((kind) => html`<label class="choice"><input type="radio" name="kind" value="${kind}"${kind === values.kind ? html` checked` : ""} required> ${text(lang, `lists.kind.${kind}`)} <span class="hint">${text(lang, `lists.kind.${kind}.hint`)}</span></label>`)}</fieldset>
<label>${text(lang, labels.file)}
<input type="file" name="file" id="f-file" accept=".xlsx,.csv" required${isMissing ? html` aria-invalid="true"` : ""} aria-describedby="file-hint"><span class="hint" id="file-hint">${text(lang, "lists.file.hint", { max: FILE_MEGABYTES_MAX })}</span></label>
${inputField(lang, state, { name: "from", label: labels.from, type: "date", hint: text(lang, "lists.from.hint") })}
<label class="choice"><input type="checkbox" name="clear" value="yes"${values.clear === "yes" ? html` checked` : ""}> ${text(lang, "lists.clear")}</label>
<p><button type="submit">${text(lang, "lists.read")}</button></p></form>`;
}

/** What the form under the changes sends back, besides its token. */
type TakeForm = {
  readonly kind: ListKind;
  readonly from: string;
  readonly clear: string;
  readonly name: string;
  readonly carried: string;
  readonly shown: string;
};

/** Each change that a list makes, and the button that takes these. `hasMoved`: others were shown before. */
export function listChangesPage(frame: PageFrame, { news, notes }: List, form: TakeForm, token: string, hasMoved: boolean): Html {
  const { lang } = frame;
  const { kind, name, from } = form;
  const title = text(lang, "lists.changes", { kind: text(lang, `lists.kind.${kind}`) });
  const changed = news.filter((one) => one.kind !== "unchanged");
  const fields = Object.entries({ [TOKEN_FIELD]: token, ...form }).map(([field, value]) => html`<input type="hidden" name="${field}" value="${value}">`);
  return layout(
    frame,
    title,
    html`<p class="crumb"><a href="/lists">← ${text(lang, "lists.back")}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>
${hasMoved ? html`<p class="errors" role="alert">${text(lang, "lists.moved")}</p>` : ""}
<p>${text(lang, "lists.source", { file: name, day: day(lang, from) })}</p><p><b>${sumWords(lang, kind, news)}</b></p>
${notes.length === 0 ? "" : html`<h2>${text(lang, "lists.notes")}</h2><ul class="news">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${
  changed.length === 0
    ? html`<p>${text(lang, "lists.same")}</p>`
    : html`<ul class="news">${changed.map((one) => change(lang, kind, one))}</ul>
<form class="form" method="post" action="/lists" enctype="multipart/form-data">${fields}<p><button type="submit">${text(lang, "lists.take")}</button></p></form>`
}</section>`,
  );
}

function sumWords(lang: Lang, kind: ListKind, news: List["news"]): string {
  const count = (one: CentreNews["kind"]) => news.filter((centre) => centre.kind === one).length;
  if (kind === "centres") return text(lang, "centres.done", { added: count("new"), changed: count("changed"), unchanged: count("unchanged") });
  return text(lang, "lists.sum.devices", { devices: news.reduce((sum, one) => sum + devicesOf(one), 0), centres: news.length });
}

function change(lang: Lang, kind: ListKind, news: CentreNews): Html {
  if (kind === "centres") return html`<li>${newsWords(news, lang)}</li>`;
  const { code, deviceNews } = news;
  const words = text(lang, "inventory.centre", { centre: code, total: devicesOf(news), ...deviceCounts(news) });
  return html`<li><b>${words}</b>${news.isEarlier ? html` – ${text(lang, "centres.earlier")}` : ""}<ul>${deviceNews.map((one) => html`<li>${deviceNewsWords(one, lang)}</li>`)}</ul></li>`;
}

const devicesOf = ({ after }: CentreNews) => after.devices?.length ?? 0;
