import { html } from "hono/html";
import type { Waiver } from "#schemas/attestation.ts";
import type { Role } from "#schemas/person.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { day } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { WAIVER_DAYS_MAX } from "../attest/waiver-input.ts";
import { blockTable } from "./block-table.ts";
import { errorList, type FormState, inputField, proofField, signatureField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

const labels = {
  reason: "form.waiver.reason",
  document: "form.waiver.document",
  approver: "form.waiver.approver",
  from: "form.waiver.from",
  until: "form.waiver.until",
  proofSha256: "form.proof.sha256",
} as const;

const approverReaders: readonly Role[] = ["operator", "inspector", "admin"];

/** The form of a waiver for one requirement of one centre. */
export function waiverForm(frame: PageFrame, centre: { code: string; name: string }, requirement: Requirement, state: FormState, token: string): Html {
  const { lang } = frame;
  const title = text(lang, "form.waiver.title", { requirement: `${requirement.id} ${requirement.title[lang]}` });
  const field = (name: keyof typeof labels, more: { type?: "date"; max?: number; hint?: string } = {}) =>
    inputField(lang, state, { name, label: labels[name], ...more });
  return layout(
    frame,
    title,
    html`<p class="crumb"><a href="/centres/${centre.code}#${requirement.id}">← ${centre.name}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1><p class="note">${text(lang, "form.waiver.intro")}</p>
${errorList(lang, state, labels)}
<form class="form" method="post"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">
${field("reason", { max: 300 })}<div class="pair">${field("document")}${signatureField(frame, state, "approver", labels.approver)}</div>
<div class="pair">${field("from", { type: "date" })}${field("until", { type: "date", hint: text(lang, "form.waiver.until.hint", { days: WAIVER_DAYS_MAX }) })}</div>
${proofField(lang, state, "proofSha256")}
<p><button type="submit">${text(lang, "form.waiver.save")}</button></p></form></section>`,
  );
}

/** The waivers in force and to come, those that end first at the top. */
export function waiversPage(frame: PageFrame, policy: PolicyProfile, waivers: readonly Waiver[], today: string, done: boolean): Html {
  const { lang } = frame;
  const title = text(lang, "form.waivers.title");
  // Names of staff are for those who work with waivers; everyone else reads the document's number.
  const named = frame.asker?.roles.some((role) => approverReaders.includes(role)) === true;
  const titles = new Map(policy.requirements.map(({ id, title }) => [id, title[lang]]));
  const list =
    waivers.length === 0
      ? html`<p class="note">${text(lang, "form.waivers.none")}</p>`
      : blockTable(
          title,
          (
            [
              "report.column.centre",
              "report.column.requirement",
              "form.waiver.reason",
              "form.waiver.document",
              ...(named ? (["form.waiver.approver"] as const) : []),
              "form.waiver.from",
              "form.waiver.until",
            ] as const
          ).map((key) => text(lang, key)),
          waivers.map((waiver) => ({
            head: html`<a href="/centres/${waiver.centre}#${waiver.requirement}">${waiver.centre}</a>`,
            cells: [
              `${waiver.requirement} ${titles.get(waiver.requirement)}`,
              waiver.reason,
              waiver.document,
              ...(named ? [waiver.approver] : []),
              day(lang, waiver.from),
              html`${day(lang, waiver.until)}<span class="sub">${left(lang, waiver, today)}</span>`,
            ],
          })),
        );
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${done ? html`<p class="done" role="status">${text(lang, "form.waiver.saved")}</p>` : ""}${list}</section>`,
  );
}

function left(lang: PageFrame["lang"], { from, until }: Waiver, today: string): string {
  if (from > today) return text(lang, "form.waivers.future");
  return text(lang, "form.waivers.ends", { days: Math.round((Date.parse(until) - Date.parse(today)) / 86_400_000) + 1 });
}
