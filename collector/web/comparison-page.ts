import { html } from "hono/html";
import { day } from "#schemas/text/moment-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type ComparedRow, type Comparison, changeKinds } from "../report/comparison.ts";
import { apartWords, comparisonTitle, KIND_ROWS_SHOWN, listedKinds, otherWords, requirementTitle, sumOf } from "../report/comparison-rows.ts";
import type { Dossier } from "../report/dossier.ts";
import { type ComparisonFormat, comparisonFormats } from "../report/render.ts";
import { coverageWords, notices, rowReason, scoreWords } from "../report/rows.ts";
import { blockTable } from "./block-table.ts";
import { layout, type PageFrame } from "./layout.ts";
import { badge, type Html } from "./markup.ts";
import { monthBefore, monthOptions } from "./month-options.ts";
import { valueWithUnit } from "./value.ts";

/** The months that a reader asked for, as they stand in the form. */
export type AskedMonths = { readonly before: string; readonly after: string };

/** Two months side by side, or the form again with what is wrong: the sums, what is not compared and why, and each change, the worst first. */
export function comparisonPage(frame: PageFrame, asked: AskedMonths, thisMonth: string, found: Comparison | { readonly fault: string }): Html {
  const { lang } = frame;
  const isFault = "fault" in found;
  const title = isFault ? text(lang, "report.page.compare") : comparisonTitle(found, lang);
  const body = isFault
    ? html`<p class="note" role="alert">${found.fault}</p>`
    : html`${[found.before, found.after].map((dossier) => noticeOf(dossier, lang))}
<p>${text(lang, "compare.download")} ${comparisonFormats.map((format) => html`<a href="${fileOf(found, format)}">${text(lang, `report.page.format.${format}`)}</a> `)}</p>`;
  return layout(
    frame,
    title,
    html`<p class="crumb"><a href="/reports">← ${text(lang, "web.nav.reports")}</a></p>
<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1><p class="note">${text(lang, "compare.intro")}</p>
${body}${comparisonForm(lang, thisMonth, asked)}</section>
${isFault ? "" : html`${sums(found, lang)}${apart(found, lang)}${changes(found, lang)}`}`,
  );
}

/** The form on the page of reports: the last month that is over with the one before it. */
export function comparisonCard(lang: Lang, thisMonth: string): Html {
  const title = text(lang, "report.page.compare");
  return html`<section class="card" aria-labelledby="compare-title"><h2 id="compare-title">${title}</h2><p class="note">${text(lang, "compare.intro")}</p>
${comparisonForm(lang, thisMonth, { before: monthBefore(thisMonth, 2), after: monthBefore(thisMonth, 1) })}</section>`;
}

function comparisonForm(lang: Lang, thisMonth: string, { before, after }: AskedMonths): Html {
  return html`<form class="form" method="get" action="/reports/compare"><div class="pair">
<label>${text(lang, "compare.before")}<select name="before">${monthOptions(lang, thisMonth, before)}</select></label>
<label>${text(lang, "compare.after")}<select name="after">${monthOptions(lang, thisMonth, after)}</select></label></div>
<p><button type="submit">${text(lang, "compare.make")}</button></p></form>`;
}

function fileOf({ before, after }: Comparison, format: ComparisonFormat): string {
  return `/v1/comparisons/${before.month}/${after.month}.${format}`;
}

/** Whether a month is closed, with the way to its report; that data are simulated stands over the page already. */
function noticeOf(dossier: Dossier, lang: Lang): Html {
  return html`<p class="note"><a href="/v1/reports/${dossier.month}/province.html">${day(lang, dossier.month)}</a>: ${notices({ ...dossier, demo: false }, lang).join(" ")}</p>`;
}

function sums({ before, after, byRequirement, total }: Comparison, lang: Lang): Html {
  const title = text(lang, "compare.sums");
  if (sumOf(total) === 0)
    return html`<section class="card" aria-labelledby="sums-title"><h2 id="sums-title">${title}</h2><p class="note">${text(lang, "compare.none")}</p></section>`;
  const heads = [text(lang, "report.column.requirement"), ...changeKinds.map((kind) => text(lang, `compare.kind.${kind}`))];
  const cells = (counts: Comparison["total"]) => changeKinds.map((kind) => (counts[kind] === 0 ? "" : String(counts[kind])));
  const shares: readonly (readonly [TextKey, (dossier: Dossier) => string])[] = [
    ["report.coverage", (dossier) => coverageWords(dossier, lang)],
    ["report.score", (dossier) => scoreWords(dossier, lang)],
    ["report.waived", ({ findingsTally }) => String(findingsTally.waived)],
  ];
  return html`<section class="card" aria-labelledby="sums-title"><h2 id="sums-title">${title}</h2>
${blockTable(title, heads, [
  { head: text(lang, "report.page.province"), cells: cells(total) },
  ...byRequirement.map(({ requirement: { id, title }, counts }) => ({ head: html`<span class="rid">${id}</span> ${title[lang]}`, cells: cells(counts) })),
])}
${blockTable(
  text(lang, "compare.source"),
  [text(lang, "report.column.key"), day(lang, before.month), day(lang, after.month)],
  shares.map(([key, words]) => ({ head: text(lang, key), cells: [words(before), words(after)] })),
)}<p class="note">${text(lang, "compare.note")}</p></section>`;
}

/** What both months do not have, or do not judge alike. */
function apart(comparison: Comparison, lang: Lang): Html | string {
  const { notCompared, otherCentres } = comparison;
  if (notCompared.length + otherCentres.length === 0) return "";
  return html`<section class="card" aria-labelledby="apart-title"><h2 id="apart-title">${text(lang, "compare.apart")}</h2><ul>
${notCompared.map((one) => html`<li><span class="rid">${one.requirement}</span> ${requirementTitle(comparison, one, lang)}: ${apartWords(comparison, one, lang)}</li>`)}
${otherCentres.map((one) => html`<li><a href="/centres/${one.code}">${one.name}</a>: ${otherWords(comparison, one, lang)}</li>`)}</ul></section>`;
}

/** Each kind with its rows, folded up but for what got worse: they may be hundreds. */
function changes({ rows, after }: Comparison, lang: Lang): Html[] {
  const titles = new Map(after.requirements.map(({ id, title }) => [id, title[lang]]));
  const groups = Map.groupBy(rows, ({ kind }) => kind);
  const heads = (["report.column.centre", "report.column.requirement", "compare.column.before", "compare.column.after", "report.column.why"] as const).map(
    (key) => text(lang, key),
  );
  return listedKinds.flatMap((kind) => {
    const own = groups.get(kind) ?? [];
    if (own.length === 0) return [];
    const more = own.length - KIND_ROWS_SHOWN;
    const title = text(lang, `compare.kind.${kind}`);
    const shown = own.slice(0, KIND_ROWS_SHOWN).map((row) => ({
      head: html`<a href="/centres/${row.centre.code}#${row.requirement}">${row.centre.name}</a>${row.centre.district ? html`<span class="where">${row.centre.district}</span>` : ""}`,
      cells: [
        html`<span class="rid">${row.requirement}</span> ${titles.get(row.requirement)}`,
        standing(lang, row.before),
        standing(lang, row.after, row.waived),
        rowReason(lang, row.after),
      ],
    }));
    return [
      html`<section class="card" id="${kind}" aria-labelledby="${kind}-title"><h2 id="${kind}-title">${title} <span class="count">${own.length}</span></h2>
<details${kind === "newly_not_met" ? html` open` : ""}><summary>${text(lang, "compare.rows", { count: shown.length })}</summary>${blockTable(title, heads, shown)}${more > 0 ? html`<p class="note">${text(lang, "compare.more", { count: more })}</p>` : ""}</details></section>`,
    ];
  });
}

/** A state with what was measured, where something was. */
function standing(lang: Lang, { state, evidenceClass, measured, required, unit }: ComparedRow["before"], waived = false): Html {
  const value = evidenceClass === "measured" && measured !== undefined ? html`<span class="sub">${valueWithUnit(lang, measured, unit, required)}</span>` : "";
  return html`${badge(lang, state, waived)}${value}`;
}
