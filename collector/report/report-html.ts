import { readFileSync } from "node:fs";
import { html, raw } from "hono/html";
import type { FindingState } from "#schemas/finding.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { groupsInTurns } from "../groups-in-turns.ts";
import { share } from "../web/format.ts";
import { badge, type Html, sprite, withoutSteering } from "../web/markup.ts";
import { valueWithUnit } from "../web/value.ts";
import { countedWaivers, type Dossier, type DossierCentre, everyCentre } from "./dossier.ts";
import {
  attestedTitle,
  closedNote,
  closedWords,
  coverageWords,
  declarer,
  EXCUSES_SHOWN,
  measuredOf,
  methodSentences,
  moreExcuses,
  notices,
  openDays,
  rowReason,
  scoreWords,
  sharedExcuses,
  stateOrder,
  titleOf,
  waiverReason,
} from "./rows.ts";

/** The style of a report stands inside of it, so that the saved file is complete. */
export const reportStyle = readFileSync(new URL("./report.css", import.meta.url), "utf8");

/** Centres that are written in one go: between two groups the collector does what waits. */
const CENTRES_AT_ONCE = 50;

/** A report as one page to print, without anything from outside of the file. */
export async function reportHtml(dossier: Dossier, seal: string, lang: Lang): Promise<string> {
  const title = titleOf(dossier, lang);
  const { policy } = dossier;
  const tables = dossier.scope === "centre" ? "" : await provinceTables(dossier, lang);
  const page = html`<!doctype html>
<html lang="${lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${raw(reportStyle)}</style></head>
<body>${sprite}
<header><p class="policy">${policy.title[lang]}</p><h1>${title}</h1><p>${text(lang, "report.period", { from: day(lang, dossier.firstDay), to: day(lang, dossier.lastDay) })}</p>
${notices(dossier, lang).map((notice, place) => html`<p class="${dossier.demo && place === 0 ? "demo" : dossier.provisional ? "provisional" : "closed"}">${notice}</p>`)}</header>
<main>
${summary(dossier, lang)}
${dossier.scope === "centre" ? dossier.centres.map((centre) => centreSheet(dossier, centre, lang)) : tables}
${waivers(dossier, lang)}
${excuses(dossier, lang)}
<section><h2>${text(lang, "report.method")}</h2><ol class="method">${methodSentences(dossier, lang).map((sentence) => html`<li>${sentence}</li>`)}</ol></section>
${dossier.scope === "centre" ? signatures(lang) : ""}
</main>
<footer><p>${text(lang, "report.foot", { policy: `${policy.id}@${policy.version}`, from: day(lang, policy.effectiveFrom), document: policy.source.document, date: day(lang, policy.source.date) })}</p>
<p>${text(lang, "report.hash")}: <code>${seal}</code></p></footer>
</body></html>
`;
  return String(withoutSteering(page));
}

function head(lang: Lang, keys: readonly TextKey[]): Html {
  return html`<thead><tr>${keys.map((key) => html`<th scope="col">${text(lang, key)}</th>`)}</tr></thead>`;
}

function summary(dossier: Dossier, lang: Lang): Html {
  const { scope, centresTally, findingsTally } = dossier;
  const lines = [...(scope === "province" ? [["report.summary.centres", centresTally] as const] : []), ["report.summary.rows", findingsTally] as const];
  return html`<section><h2>${text(lang, "report.summary")}</h2>
<div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.summary")}"><table class="summary"><thead><tr><td></td>${stateOrder.map((state) => html`<th scope="col">${badge(lang, state)}</th>`)}<th scope="col">${text(lang, "report.column.total")}</th></tr></thead>
<tbody>${lines.map(([key, counts]) => html`<tr><th scope="row">${text(lang, key)}</th>${stateOrder.map((state) => html`<td class="n">${counts[state]}</td>`)}<td class="n">${counts.total}</td></tr>`)}</tbody></table></div>
<dl><dt>${text(lang, "report.coverage")}</dt><dd>${coverageWords(dossier, lang)}</dd>
<dt>${text(lang, "report.score")}</dt><dd>${scoreWords(dossier, lang)}</dd>
<dt>${text(lang, "report.waived")}</dt><dd>${findingsTally.waived}</dd></dl></section>`;
}

function centreSheet(dossier: Dossier, centre: DossierCentre, lang: Lang): Html {
  const known = new Map(dossier.requirements.map((requirement) => [requirement.id, requirement]));
  return html`<section><h2>${text(lang, "report.sheet")}</h2><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.sheet")}"><table class="sheet">${head(lang, ["report.column.requirement", "report.column.state", "report.column.measured", "report.column.required", "report.column.declared", "report.column.observedAt", "report.column.days"])}
${centre.rows.map((row) => {
  const requirement = known.get(row.requirement);
  const measured = measuredOf(row);
  return html`<tbody><tr><th scope="row"><span class="rid">${row.requirement}</span> ${requirement?.title[lang]}</th><td>${badge(lang, row.state)}</td>
<td class="n">${measured === undefined ? "–" : valueWithUnit(lang, measured, row.unit, row.required)}</td><td class="n">${row.required === undefined ? "–" : valueWithUnit(lang, row.required, row.unit)}</td>
<td>${row.declared ? html`${row.declared.value === undefined ? row.declared.text : valueWithUnit(lang, row.declared.value, row.unit)} <small>${declarer(lang, row.declared.inspected)}, ${moment(lang, row.declared.at).slice(0, 10)}</small>` : "–"}</td>
<td>${row.observedAt ? html`${moment(lang, row.observedAt)} <small>${text(lang, `web.evidence.${row.evidenceClass}`)}</small>` : "–"}</td><td class="n">${row.days.pass} / ${row.days.fail} / ${openDays(row)} / ${row.days.none}</td></tr>
<tr><td colspan="7" class="why"><span>${rowReason(lang, row)}${row.state === "fail" && requirement ? html` <b>${text(lang, "report.column.owner")}:</b> ${text(lang, `owner.${requirement.owner}`)}` : ""}</span></td></tr></tbody>`;
})}</table></div></section>
${declarations(dossier, centre, lang)}`;
}

function declarations(dossier: Dossier, { attestations }: DossierCentre, lang: Lang): Html {
  if (attestations.length === 0) return html`<section><h2>${text(lang, "report.declarations")}</h2><p>${text(lang, "report.declarations.none")}</p></section>`;
  return html`<section><h2>${text(lang, "report.declarations")}</h2><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.declarations")}"><table>${head(lang, ["report.column.id", "report.column.item", "report.column.result", "report.column.who", "report.column.document", "report.column.at"])}
<tbody>${attestations.map(
    ({ requirement, item, holds, inspected, post, document, at }) =>
      html`<tr><td>${requirement}</td><td>${attestedTitle(dossier, requirement, item, lang)}</td><td>${text(lang, holds ? "report.yes" : "report.no")}</td><td>${declarer(lang, inspected)}${post ? `, ${post}` : ""}</td><td>${document}</td><td>${moment(lang, at)}</td></tr>`,
  )}</tbody></table></div></section>`;
}

async function provinceTables(dossier: Dossier, lang: Lang): Promise<Html> {
  const { requirements, centres, lastDay } = dossier;
  const counts = new Map<string, number>();
  const count = (id: string, state: FindingState) => counts.get(`${id} ${state}`) ?? 0;
  const lines: string[] = [];
  for await (const group of groupsInTurns(centres, CENTRES_AT_ONCE)) {
    for (const { requirement, state } of group.flatMap(({ rows }) => rows)) counts.set(`${requirement} ${state}`, count(requirement, state) + 1);
    lines.push(...group.map((centre) => String(centreLine(centre, lastDay, lang))));
  }
  return html`<section><h2>${text(lang, "report.byRequirement")}</h2><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.byRequirement")}"><table><thead><tr><th scope="col">${text(lang, "report.column.requirement")}</th>${stateOrder.map((state) => html`<th scope="col">${text(lang, `state.${state}`)}</th>`)}<th scope="col">${text(lang, "report.column.owner")}</th></tr></thead>
<tbody>${requirements.map(({ id, title, owner }) => html`<tr><th scope="row"><span class="rid">${id}</span> ${title[lang]}</th>${stateOrder.map((state) => html`<td class="n">${count(id, state)}</td>`)}<td>${text(lang, `owner.${owner}`)}</td></tr>`)}</tbody></table></div></section>
<section><h2>${text(lang, "report.byCentre")}</h2><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.byCentre")}"><table>${head(lang, ["report.column.centre", "report.column.state", "report.column.fails", "report.column.coverage", "report.column.score", "report.column.waivers"])}
<tbody>${raw(lines.join(""))}</tbody></table></div></section>${closedTable(dossier, lang)}`;
}

function centreLine(centre: DossierCentre, lastDay: string, lang: Lang): Html {
  return html`<tr><th scope="row">${centre.name} <small>${centre.code}${centre.district ? `, ${centre.district}` : ""}</small></th><td>${badge(lang, centre.state)}</td><td>${failing(centre)}</td><td class="n">${share(centre.tally.coverage)}</td><td class="n">${share(centre.tally.score)}</td><td class="n">${countedWaivers(centre, lastDay).length}</td></tr>`;
}

/** The centres that closed within the month, each as it stood on its last day. */
function closedTable(dossier: Dossier, lang: Lang): Html | string {
  const { closedCentres, lastDay } = dossier;
  if (!closedCentres) return "";
  return html`
<section><h2>${text(lang, "report.closedCentres")}</h2><p>${closedNote(dossier, lang)}</p><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.closedCentres")}"><table>${head(lang, ["report.column.centre", "report.column.closed", "report.column.stateThen", "report.column.fails", "report.column.coverage", "report.column.score", "report.column.waivers"])}
<tbody>${closedCentres.map((centre) => html`<tr><th scope="row">${centre.name} <small>${centre.code}${centre.district ? `, ${centre.district}` : ""}</small></th><td>${closedWords(lang, centre)}</td><td>${badge(lang, centre.state)}</td><td>${failing(centre)}</td><td class="n">${share(centre.tally.coverage)}</td><td class="n">${share(centre.tally.score)}</td><td class="n">${countedWaivers(centre, lastDay).length}</td></tr>`)}</tbody></table></div></section>`;
}

function failing({ rows }: DossierCentre): string {
  return rows
    .filter(({ state }) => state === "fail")
    .map(({ requirement }) => requirement)
    .join(", ");
}

function waivers(dossier: Dossier, lang: Lang): Html {
  const { scope } = dossier;
  const lines = everyCentre(dossier).flatMap((centre) => centre.waivers.map((waiver) => ({ ...waiver, name: centre.name })));
  if (lines.length === 0) return html`<section><h2>${text(lang, "report.waivers")}</h2><p>${text(lang, "report.waivers.none")}</p></section>`;
  return html`<section><h2>${text(lang, "report.waivers")}</h2><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.waivers")}"><table>${head(lang, [...(scope === "province" ? ["report.column.centre" as const] : []), "report.column.id", "report.column.reason", "report.column.document", "report.column.from", "report.column.until"])}
<tbody>${lines.map(({ name, ...waiver }) => html`<tr>${scope === "province" ? html`<th scope="row">${name}</th>` : ""}<td>${waiver.requirement}</td><td>${waiverReason(lang, waiver)}</td><td>${waiver.document}</td><td>${day(lang, waiver.from)}</td><td>${day(lang, waiver.until)}</td></tr>`)}</tbody></table></div></section>`;
}

function excuses(dossier: Dossier, lang: Lang): Html {
  const spans = sharedExcuses(dossier, lang);
  if (spans.length === 0) return html`<section><h2>${text(lang, "report.excuses")}</h2><p>${text(lang, "report.excuses.none")}</p></section>`;
  const more = moreExcuses(dossier, spans.length, lang);
  const named = dossier.scope === "province";
  return html`<section><h2>${text(lang, "report.excuses")}</h2><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "report.excuses")}"><table>${head(lang, [...(named ? ["report.column.centre" as const] : []), "report.column.id", "report.column.reason", "report.column.since", "report.column.to"])}
<tbody>${spans.slice(0, EXCUSES_SHOWN).map(({ centres, requirements, reason, from, to }) => html`<tr>${named ? html`<th scope="row">${centres}</th>` : ""}<td>${requirements}</td><td>${reason}</td><td>${from}</td><td>${to}</td></tr>`)}</tbody></table></div>${more === undefined ? "" : html`<p>${more}</p>`}</section>`;
}

function signatures(lang: Lang): Html {
  return html`<section class="signatures">${(["report.sign.centre", "report.sign.inspector"] as const).map((key) => html`<div><b>${text(lang, key)}</b><small>${text(lang, "report.sign.note")}</small></div>`)}</section>`;
}
