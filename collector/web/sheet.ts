import { html } from "hono/html";
import type { Phones } from "#schemas/phones.ts";
import { type Advice, findingAdvice } from "#schemas/text/finding-advice.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { SheetRow } from "./centre-view.ts";
import { age } from "./format.ts";
import { historyStrip } from "./history-strip.ts";
import type { PageFrame } from "./layout.ts";
import { badge, type Html } from "./markup.ts";
import { type SheetPlace, sheetDetails } from "./sheet-details.ts";
import { valueWithUnit } from "./value.ts";

const columns = [
  "web.sheet.requirement",
  "web.sheet.state",
  "web.sheet.measured",
  "web.sheet.required",
  "web.sheet.declared",
  "web.sheet.since",
  "web.sheet.evidence",
  "web.sheet.history",
] as const;

/** The plan's requirements as a sheet: the numbers in one row, why and what to do below it, the evidence behind it folded away. */
export function requirementSheet(frame: PageFrame, place: SheetPlace, rows: readonly SheetRow[]): Html {
  const { lang } = frame;
  // Roles by attribute: at phone width the style turns rows into blocks, which would take the table's meaning away.
  return html`<table class="sheet stack" role="table"><caption class="quiet">${text(lang, "web.centre.sheet")}</caption>
<thead role="rowgroup"><tr role="row">${columns.map((key) => html`<th scope="col" role="columnheader">${text(lang, key)}</th>`)}</tr></thead>
${rows.map((row) => requirementRow(frame, place, row))}</table>`;
}

function requirementRow(frame: PageFrame, place: SheetPlace, row: SheetRow): Html {
  const { lang, nowMs } = frame;
  const { requirement, finding, state } = row;
  const cell = (key: (typeof columns)[number], content: Html | string, more = "") =>
    html`<td role="cell" data-label="${text(lang, key)}" class="${more}${content === "–" ? " none" : ""}">${content}</td>`;
  return html`<tbody id="${requirement.id}" role="rowgroup">
<tr class="req" role="row"><th scope="row" role="rowheader"><span class="rid">${requirement.id}</span> <span class="title">${requirement.title[lang]}</span></th>
<td role="cell">${badge(lang, state, finding?.waiver !== undefined)}</td>
${cell("web.sheet.measured", measured(lang, row), "val")}
${cell("web.sheet.required", required(lang, row), "val")}
${cell("web.sheet.declared", declared(lang, row))}
${cell("web.sheet.since", finding ? age(lang, finding.since, nowMs) : "–", "c-when")}
${cell("web.sheet.evidence", evidence(lang, row, nowMs), "c-when")}
<td role="cell">${historyStrip(lang, row.days)}</td></tr>
<tr class="more" role="row"><td colspan="8" role="cell"><div class="under">${explanation(lang, row, place.phones)}${sheetDetails(frame, place, row)}</div></td></tr></tbody>
`;
}

function measured(lang: Lang, { finding }: SheetRow): string {
  return finding?.observed === undefined || finding.evidenceClass !== "measured" ? "–" : valueWithUnit(lang, finding.observed, finding.unit, finding.required);
}

function required(lang: Lang, { finding }: SheetRow): string {
  return finding?.required === undefined ? "–" : `≥ ${valueWithUnit(lang, finding.required, finding.unit)}`;
}

/** What people say, kept apart from what was measured; in which capacity and when stands with it. Names of staff stay in the store: pages need no login. */
function declared(lang: Lang, { finding, requirement }: SheetRow): Html | string {
  if (finding?.declared) {
    const { value, text: words, inspected, at } = finding.declared;
    return html`${value === undefined ? (words ?? "–") : valueWithUnit(lang, value, finding.unit)}<span class="sub">${text(lang, "web.sheet.declaredBy", { by: text(lang, inspected ? "web.sheet.inspected" : "web.sheet.selfDeclared"), at: moment(lang, at).slice(0, 10) })}</span>`;
  }
  if (finding?.observed !== undefined && finding.evidenceClass !== "measured") return valueWithUnit(lang, finding.observed, finding.unit);
  return requirement.evidenceClass === "measured" ? "" : "–";
}

function evidence(lang: Lang, { finding }: SheetRow, nowMs: number): Html | string {
  if (!finding?.observedAt) return text(lang, "web.sheet.noEvidence");
  return html`${age(lang, finding.observedAt, nowMs)}<span class="sub">${text(lang, `web.evidence.${finding.evidenceClass}`)}</span>`;
}

function explanation(lang: Lang, { finding, state, requirement }: SheetRow, phones: Phones): Html {
  const reason = finding ? findingSentence(lang, finding) : findingSentence(lang, { reason: "no_data" });
  const waiver = finding?.waiver
    ? html`<p>${text(lang, "web.sheet.waived", { until: day(lang, finding.waiver.until), reason: finding.waiver.reason, document: finding.waiver.document })}</p>`
    : "";
  const act =
    state === "pass" || state === "not_applicable" ? "" : adviceLine(lang, findingAdvice(lang, requirement, finding ?? { reason: "no_data" }), phones);
  return html`<div class="why${act || waiver ? " wide" : ""}"><p>${reason}</p>${waiver}${act}</div>`;
}

function adviceLine(lang: Lang, { words, owner }: Advice, phones: Phones): Html {
  const who = owner === undefined ? "" : html` <b>${text(lang, "web.sheet.owner")}:</b> ${ownerWords(lang, owner, phones[owner])}`;
  return html`<p class="advice"><b>${text(lang, "web.sheet.advice")}:</b> ${words}${who}</p>`;
}
