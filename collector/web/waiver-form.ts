import { html } from "hono/html";
import type { Waiver } from "#schemas/attestation.ts";
import type { Role } from "#schemas/person.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { day } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { WAIVER_DAYS_MAX } from "../attest/waiver-input.ts";
import { mayCall } from "../routes/access-table.ts";
import type { ListPart } from "../store/list-part.ts";
import { blockTable } from "./block-table.ts";
import { errorList, type FormState, inputField, proofField, signatureField } from "./form-fields.ts";
import { TOKEN_FIELD } from "./form-token.ts";
import { withdrawalWords } from "./format.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";
import { paged } from "./paged.ts";

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

/** The form that withdraws a waiver. */
export function withdrawForm(frame: PageFrame, policy: PolicyProfile, waiver: Waiver, state: FormState, token: string): Html {
  const { lang } = frame;
  const { centre, requirement, reason, document, from, until } = waiver;
  const found = policy.requirements.find(({ id }) => id === requirement);
  const title = text(lang, "form.withdraw.title", { requirement: `${requirement} ${found?.title[lang] ?? ""}`.trim() });
  const rows = [
    ["report.column.centre", centre],
    ["form.waiver.reason", reason],
    ["form.waiver.document", document],
    ["form.waiver.from", day(lang, from)],
    ["form.waiver.until", day(lang, until)],
  ] as const;
  return layout(
    frame,
    title,
    html`<p class="crumb"><a href="/waivers">← ${text(lang, "form.waivers.title")}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>
<div class="detail"><dl>${rows.map(([key, value]) => html`<dt>${text(lang, key)}</dt><dd>${value}</dd>`)}</dl></div>
<p class="note">${text(lang, "form.withdraw.intro")}</p>
${errorList(lang, state, { reason: "form.withdraw.reason", by: "form.withdraw.by" })}
<form class="form" method="post"><input type="hidden" name="${TOKEN_FIELD}" value="${token}">
${inputField(lang, state, { name: "reason", label: "form.withdraw.reason", max: 300 })}${signatureField(frame, state, "by", "form.withdraw.by")}
<p><button type="submit">${text(lang, "form.withdraw.save")}</button></p></form></section>`,
  );
}

/** The waivers in force and to come, those that end first at the top, and at the bottom the withdrawn ones, of one centre or of all. `done` is what was just done. */
export function waiversPage(
  frame: PageFrame,
  policy: PolicyProfile,
  { centre, part }: { centre?: string | undefined; part: ListPart<Waiver> },
  today: string,
  done: "filed" | "withdrawn" | undefined,
): Html {
  const { lang } = frame;
  const title = text(lang, "form.waivers.title");
  // Names of staff are for those who work with waivers; everyone else reads the document's number.
  const named = frame.asker?.roles.some((role) => approverReaders.includes(role)) === true;
  const mayWithdraw = mayCall(frame.asker, "POST /centres/:code/withdraw/:waiver");
  const titles = new Map(policy.requirements.map(({ id, title }) => [id, title[lang]]));
  const address = (page: number) => `/waivers?${new URLSearchParams({ ...(centre !== undefined && { centre }), page: String(page) })}`;
  const list =
    part.total === 0
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
          part.rows.map((waiver) => ({
            head: html`<a href="/centres/${waiver.centre}#${waiver.requirement}">${waiver.centre}</a>${mayWithdraw && !waiver.withdrawn ? html`<div class="note"><a href="/centres/${waiver.centre}/withdraw/${waiver.id}">${text(lang, "form.waivers.withdraw")}</a></div>` : ""}`,
            cells: [
              `${waiver.requirement} ${titles.get(waiver.requirement)}`,
              waiver.reason,
              waiver.document,
              ...(named ? [waiver.approver] : []),
              day(lang, waiver.from),
              html`${day(lang, waiver.until)}<span class="sub">${standing(lang, waiver, today, named)}</span>`,
            ],
          })),
        );
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1>${done ? html`<p class="done" role="status">${text(lang, done === "filed" ? "form.waiver.saved" : "form.withdraw.saved")}</p>` : ""}${paged(lang, part, address, list)}</section>`,
  );
}

/** How a waiver stands: withdrawn, not begun, or how long it lasts. */
function standing(lang: PageFrame["lang"], { from, until, withdrawn }: Waiver, today: string, named: boolean): string {
  if (withdrawn) return [withdrawalWords(lang, withdrawn), ...(named ? [withdrawn.by] : [])].join(" – ");
  if (from > today) return text(lang, "form.waivers.future");
  return text(lang, "form.waivers.ends", { days: Math.round((Date.parse(until) - Date.parse(today)) / 86_400_000) + 1 });
}
