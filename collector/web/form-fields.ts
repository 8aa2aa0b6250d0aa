import { html } from "hono/html";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { FieldError } from "../attest/field-errors.ts";
import { localPerson } from "../auth/local-person.ts";
import type { PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

/** A form as it was sent, and what was wrong with it. */
export type FormState = { readonly values: Readonly<Record<string, string>>; readonly errors: readonly FieldError[] };
export type InputField = {
  readonly name: string;
  readonly label: TextKey;
  readonly type?: "text" | "date" | "time" | "number" | "password";
  /** What the browser may fill in (WHATWG autocomplete). */
  readonly autocomplete?: string;
  readonly max?: number;
  /** Which keys a phone shows (WHATWG inputmode). */
  readonly inputMode?: "numeric";
  readonly required?: boolean;
  readonly hint?: string;
};

/** One field with its label, hint and fault, tied together for screen readers. Optional ones say so. */
export function inputField(
  lang: Lang,
  { values, errors }: FormState,
  { name, label, type = "text", max = 128, required = true, hint, autocomplete, inputMode }: InputField,
): Html {
  const wrong = errors.filter(({ field }) => field === name);
  const described = [...(hint ? [`${name}-hint`] : []), ...(wrong.length > 0 ? [`${name}-wrong`] : [])].join(" ");
  return html`<label>${text(lang, label)}${required ? "" : ` (${text(lang, "form.optional")})`}
<input name="${name}" id="f-${name}" type="${type}" value="${values[name]}" ${type === "text" || type === "password" ? html`maxlength="${max}"` : ""}${autocomplete ? html` autocomplete="${autocomplete}"` : ""}${inputMode ? html` inputmode="${inputMode}"` : ""}${type === "number" ? html` min="0" step="any"` : ""}${required ? html` required` : ""}${wrong.length > 0 ? html` aria-invalid="true"` : ""}${described ? html` aria-describedby="${described}"` : ""}>
${hint ? html`<span class="hint" id="${name}-hint">${hint}</span>` : ""}${wrong.length > 0 ? html`<span class="wrong" id="${name}-wrong">${wrong.map(({ key, params }) => text(lang, key, params)).join(" ")}</span>` : ""}</label>`;
}

/** Who signs: the account's name where there is one, else a field in which it is typed. */
export function signatureField({ lang, asker }: PageFrame, state: FormState, name: string, label: TextKey): Html {
  if (asker === undefined || asker.id === localPerson.id) return inputField(lang, state, { name, label });
  return html`<p>${text(lang, label)}: <b>${asker.name}</b></p>`;
}

/**
 * Where the SHA-256 of a proof file goes. The file itself has no name and is never sent: the page's script hashes it and fills in the field, which can be
 * filled by hand where there is no script.
 */
export function proofField(lang: Lang, state: FormState, name: string): Html {
  return html`<div class="pair"><label hidden>${text(lang, "form.proof.file")} (${text(lang, "form.optional")})
<input type="file" data-sha256="f-${name}" aria-describedby="${name}-file-hint"><span class="hint" id="${name}-file-hint">${text(lang, "form.proof.file.hint")}</span></label>
${inputField(lang, state, { name, label: "form.proof.sha256", required: false, max: 64 })}</div>`;
}

/** The faults of a form above it, each linking to its field; nothing when there are none. */
export function errorList(lang: Lang, { errors }: FormState, labels: Readonly<Record<string, TextKey>>): Html | "" {
  if (errors.length === 0) return "";
  return html`<div class="errors" role="alert"><p><b>${text(lang, "form.errors")}</b></p><ul>${errors.map(({ field, key, params }) => {
    const label = labels[field];
    return html`<li><a href="#f-${field}">${label ? text(lang, label) : field}</a>: ${text(lang, key, params)}</li>`;
  })}</ul></div>`;
}
