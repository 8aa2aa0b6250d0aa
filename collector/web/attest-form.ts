import { html } from "hono/html";
import { type AttestedRule, type Requirement, restsOnWords } from "#schemas/policy.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import { errorList, type FormState, inputField, proofField, signatureField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

const labels = {
  by: "form.attest.by",
  post: "form.attest.post",
  document: "form.attest.document",
  note: "form.attest.note",
  value: "form.attest.value",
  proofSha256: "form.proof.sha256",
} as const;
const answers = [
  ["yes", "form.attest.holds"],
  ["no", "form.attest.holdsNot"],
  ["", "form.attest.skip"],
] as const satisfies readonly (readonly [string, TextKey])[];

/** Name of the radio buttons of one item. */
export function itemField(id: string): string {
  return `item-${id}`;
}

/** The form in which a person declares what cannot be measured, item by item; with a number where the requirement counts or measures one. */
export function attestForm(
  frame: PageFrame,
  centre: { code: string; name: string },
  requirement: Requirement,
  rule: AttestedRule,
  state: FormState,
  token: string,
): Html {
  const { lang } = frame;
  const title = text(lang, "form.attest.title", { requirement: `${requirement.id} ${requirement.title[lang]}` });
  const optional = (name: "post" | "document" | "note", max = 128) => inputField(lang, state, { name, label: labels[name], required: false, max });
  const number = restsOnWords(requirement.rule) ? "" : inputField(lang, state, { name: "value", label: labels.value, type: "number", required: false });
  return layout(
    frame,
    title,
    html`<p class="crumb"><a href="/centres/${centre.code}#${requirement.id}">← ${centre.name}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1><p class="note">${text(lang, "form.attest.intro")}</p>
${errorList(lang, state, { ...labels, item: "form.attest.item" })}
<form class="form" method="post"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">
${rule.items.map(({ id, title }, place) => itemChoice(frame, state, id, title[lang], place === 0))}${number}
<div class="pair">${signatureField(frame, state, "by", labels.by)}${optional("post")}</div>
${frame.asker?.roles.includes("inspector") ? html`<label class="choice"><input type="checkbox" name="inspector" value="yes"${state.values.inspector === "yes" ? html` checked` : ""}> ${text(lang, "form.attest.inspector")}</label>` : ""}
<div class="pair">${optional("document")}${optional("note", 500)}</div>
${proofField(lang, state, "proofSha256")}
<p><button type="submit">${text(lang, "form.attest.save")}</button></p></form></section>`,
  );
}

function itemChoice({ lang }: PageFrame, { values }: FormState, id: string, title: string, first: boolean): Html {
  const name = itemField(id);
  const chosen = values[name] ?? "";
  return html`<fieldset${first ? html` id="f-item" tabindex="-1"` : ""}><legend>${title}</legend>${answers.map(
    ([value, key]) =>
      html`<label class="choice"><input type="radio" name="${name}" value="${value}"${value === chosen ? html` checked` : ""}> ${text(lang, key)}</label>`,
  )}</fieldset>`;
}
