import { html, raw } from "hono/html";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { linkChart } from "../web/link-chart.ts";
import { badge, type Html, sprite } from "../web/markup.ts";
import type { LinkEvidence, LinkTally, LinkTest } from "./link-evidence.ts";
import { cell, cells, chart, columns, foot, hashLine, method, parties, period, reasonList, title, unjudgedWords } from "./link-evidence-words.ts";
import { reportStyle } from "./report-html.ts";

/** The chart's own colours: a printed page has no dark mode. */
export const chartStyle = `.chart { display: block; width: 100%; height: auto; } .chart text { font-size: 8.5px; fill: #4c5868; } .chart .grid { stroke: #b9c2cc; }
.chart .floor { stroke: #a81818; stroke-width: 1.6; stroke-dasharray: 6 4; } .chart .contract { stroke: #4c5868; stroke-dasharray: 2 4; }
.chart .down { fill: #123a63; stroke: #123a63; } .chart .up { fill: #7a4a00; stroke: #7a4a00; } .chart .line { fill: none; stroke-width: 1.4; opacity: .55; }
.chart .hollow { fill: #fff; stroke-width: 1.6; } .keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; } .keys .chart { display: inline-block; width: 22px; height: 10px; vertical-align: middle; margin-right: .35em; }
.tests td { white-space: nowrap; } .tests td:last-child { white-space: normal; min-width: 9rem; }`;

/** The whole style of the page; it stands inside of the file. */
export const linkEvidenceStyle = `${reportStyle}${chartStyle}`;

/** The line's evidence as one page to print, without anything from outside of the file. */
export function linkEvidenceHtml(evidence: LinkEvidence, lang: Lang): string {
  const { demo, policy, finding, tests, notMeasured } = evidence;
  return String(html`<!doctype html>
<html lang="${lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title(evidence, lang)}</title><style>${raw(linkEvidenceStyle)}</style></head>
<body>${sprite}
<header><p class="policy">${policy.title[lang]}</p><h1>${title(evidence, lang)}</h1><p>${period(evidence, lang)}</p>${demo ? html`<p class="demo">${text(lang, "report.demo")}</p>` : ""}<p>${parties(evidence, lang)}</p>
${finding ? html`<p>${text(lang, "linkEvidence.finding")}: ${badge(lang, finding.state)}</p>` : ""}${unjudgedWords(evidence, lang).map((words) => html`<p>${words}</p>`)}</header>
<main>
${summary(evidence, lang)}
${linkChart(chart(evidence, lang))}
${Object.keys(notMeasured).length === 0 ? "" : html`<p>${text(lang, "linkEvidence.notMeasured", { list: reasonList(notMeasured, lang) })}</p>`}
${table(tests, lang)}
<section><h2>${text(lang, "linkEvidence.method")}</h2><ol class="method">${method(evidence, lang).map((sentence) => html`<li>${sentence}</li>`)}</ol></section>
</main>
<footer><p>${foot(evidence, lang)}</p><p><code>${hashLine(evidence, lang)}</code></p></footer>
</body></html>
`);
}

function summary({ inHours, quiet }: LinkEvidence, lang: Lang): Html {
  const line = (key: TextKey, { tests, excused, below, medianMbps }: LinkTally) =>
    html`<tr><th scope="row">${text(lang, key)}</th><td class="n">${tests}</td><td class="n">${excused}</td><td class="n">${below}</td><td class="n">${cell(lang, medianMbps)}</td></tr>`;
  return html`<section><h2>${text(lang, "linkEvidence.summary")}</h2><div class="wide" tabindex="0" role="group" aria-label="${text(lang, "linkEvidence.summary")}"><table class="summary"><thead><tr><td></td>${(["tests", "excused", "below", "median"] as const).map((name) => html`<th scope="col">${text(lang, `linkEvidence.column.${name}`)}</th>`)}</tr></thead>
<tbody>${line("linkEvidence.hours", inHours)}${line("linkEvidence.quiet", quiet)}</tbody></table></div></section>`;
}

function table(tests: readonly LinkTest[], lang: Lang): Html {
  const heading = text(lang, "linkEvidence.table");
  if (tests.length === 0) return html`<section><h2>${heading}</h2><p>${text(lang, "linkEvidence.none")}</p></section>`;
  return html`<section><h2>${heading}</h2><div class="wide" tabindex="0" role="group" aria-label="${heading}"><table class="tests"><thead><tr>${columns.map((name) => html`<th scope="col">${text(lang, `linkEvidence.column.${name}`)}</th>`)}</tr></thead>
<tbody>${tests.map((test) => html`<tr>${cells(test, lang).map((words) => html`<td>${words}</td>`)}</tr>`)}</tbody></table></div></section>`;
}
