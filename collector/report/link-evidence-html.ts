import { html, raw } from "hono/html";
import { isTextKey, type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { day, moment, number } from "../web/format.ts";
import { type ChartTest, linkChart } from "../web/link-chart.ts";
import { badge, type Html, sprite } from "../web/markup.ts";
import { csv } from "./csv.ts";
import type { LinkEvidence, LinkTally, LinkTest } from "./link-evidence.ts";
import { reportStyle } from "./report-html.ts";
import { sealOfText } from "./seal.ts";

const DAY_MS = 86_400_000;
/** The chart's own colours: a printed page has no dark mode. */
const chartStyle = `.chart { display: block; width: 100%; height: auto; } .chart text { font-size: 11px; fill: #4c5868; } .chart .grid { stroke: #b9c2cc; }
.chart .floor { stroke: #a81818; stroke-width: 1.6; stroke-dasharray: 6 4; } .chart .contract { stroke: #4c5868; stroke-dasharray: 2 4; }
.chart .down { fill: #123a63; stroke: #123a63; } .chart .up { fill: #7a4a00; stroke: #7a4a00; } .chart .line { fill: none; stroke-width: 1.4; opacity: .55; }
.chart .hollow { fill: #fff; stroke-width: 1.6; } .keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; } .keys .chart { display: inline-block; width: 22px; height: 10px; vertical-align: middle; margin-right: .35em; }
.tests td { white-space: nowrap; } .tests td:last-child { white-space: normal; min-width: 9rem; }`;

/** The whole style of the page; it stands inside of the file. */
export const linkEvidenceStyle = `${reportStyle}${chartStyle}`;

/** The line's evidence as one page to print, without anything from outside of the file. */
export function linkEvidenceHtml(evidence: LinkEvidence, lang: Lang): string {
  const { centre, policy, rule, firstDay, lastDay, finding, tests, notMeasured } = evidence;
  const title = text(lang, "linkEvidence.title", { name: centre.name });
  const unknown = text(lang, "linkEvidence.unknown");
  const contract = centre.contractMbps === undefined ? unknown : text(lang, "linkEvidence.mbps", { mbps: centre.contractMbps });
  const endMs = Date.parse(`${lastDay}T12:00:00+07:00`);
  const days = Math.round((endMs - Date.parse(`${firstDay}T12:00:00+07:00`)) / DAY_MS) + 1;
  const marks = tests.map(({ atMs, downMbps, upMbps, excuse }): ChartTest => ({ atMs, down: downMbps, up: upMbps, excused: excuse !== undefined }));
  return String(html`<!doctype html>
<html lang="${lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${raw(linkEvidenceStyle)}</style></head>
<body>${sprite}
<header><p class="policy">${policy.title[lang]}</p><h1>${title}</h1>
<p>${text(lang, "linkEvidence.period", { from: day(lang, firstDay), to: day(lang, lastDay) })}</p>
<p>${text(lang, "linkEvidence.parties", { isp: centre.isp ?? unknown, contract, floor: rule.floor })}</p>
${finding ? html`<p>${text(lang, "linkEvidence.finding")}: ${badge(lang, finding.state)}</p>` : ""}</header>
<main>
${summary(evidence, lang)}
${linkChart(lang, marks, { required: rule.floor, contract: centre.contractMbps }, endMs, days)}
${Object.keys(notMeasured).length === 0 ? "" : html`<p>${text(lang, "linkEvidence.notMeasured", { list: reasonList(notMeasured, lang) })}</p>`}
${table(tests, lang)}
<section><h2>${text(lang, "linkEvidence.method")}</h2><ol class="method">${method(evidence, lang).map((sentence) => html`<li>${sentence}</li>`)}</ol></section>
</main>
<footer><p>${foot(evidence, lang)}</p><p>${text(lang, "report.hash")}: <code>${sealOfText(JSON.stringify(evidence))}</code></p></footer>
</body></html>
`);
}

const csvHead: readonly TextKey[] = [
  "linkEvidence.column.when",
  "linkEvidence.column.hours",
  "linkEvidence.column.server",
  "linkEvidence.column.down",
  "linkEvidence.column.low",
  "linkEvidence.column.high",
  "linkEvidence.column.up",
  "linkEvidence.column.idle",
  "linkEvidence.column.loaded",
  "linkEvidence.column.loss",
  "linkEvidence.column.foreign",
  "linkEvidence.column.streams",
  "linkEvidence.column.megabytes",
  "linkEvidence.column.medium",
  "linkEvidence.column.nicMbps",
  "linkEvidence.column.note",
  "linkEvidence.column.ref",
];

/** Each test as one row that a spreadsheet reads; method and hash stand below, after an empty line. */
export function linkEvidenceCsv(evidence: LinkEvidence, lang: Lang): string {
  const rows = evidence.tests.map((test) => [
    moment(lang, test.atMs),
    hours(test, lang),
    test.server,
    test.downMbps,
    test.lowMbps,
    test.highMbps,
    test.upMbps,
    test.idleRttMs,
    test.loadedRttMs,
    test.lossPercent,
    test.foreignMbps,
    test.streams,
    test.megabytes,
    test.medium,
    test.nicMbps,
    note(test, lang),
    test.ref,
  ]);
  const below = [...method(evidence, lang), foot(evidence, lang), `${text(lang, "report.hash")}: ${sealOfText(JSON.stringify(evidence))}`];
  return csv([csvHead.map((key) => text(lang, key)), ...rows, [], ...below.map((sentence) => [sentence])]);
}

function summary({ inHours, quiet }: LinkEvidence, lang: Lang): Html {
  const line = (key: TextKey, { tests, excused, below, medianMbps }: LinkTally) =>
    html`<tr><th scope="row">${text(lang, key)}</th><td class="n">${tests}</td><td class="n">${excused}</td><td class="n">${below}</td><td class="n">${cell(lang, medianMbps)}</td></tr>`;
  return html`<section><h2>${text(lang, "linkEvidence.summary")}</h2><table class="summary"><thead><tr><td></td>${(["tests", "excused", "below", "median"] as const).map((name) => html`<th scope="col">${text(lang, `linkEvidence.column.${name}`)}</th>`)}</tr></thead>
<tbody>${line("linkEvidence.hours", inHours)}${line("linkEvidence.quiet", quiet)}</tbody></table></section>`;
}

function table(tests: readonly LinkTest[], lang: Lang): Html {
  const heading = text(lang, "linkEvidence.table");
  if (tests.length === 0) return html`<section><h2>${heading}</h2><p>${text(lang, "linkEvidence.none")}</p></section>`;
  const columns = ["when", "hours", "down", "interval", "up", "server", "rtt", "loss", "nic", "note"] as const;
  return html`<section><h2>${heading}</h2><div class="wide" tabindex="0" role="group" aria-label="${heading}"><table class="tests"><thead><tr>${columns.map((name) => html`<th scope="col">${text(lang, `linkEvidence.column.${name}`)}</th>`)}</tr></thead>
<tbody>${tests.map(
    (test) =>
      html`<tr><td>${moment(lang, test.atMs)}</td><td>${hours(test, lang)}</td><td class="n">${cell(lang, test.downMbps)}</td><td class="n">${pair(lang, test.lowMbps, test.highMbps)}</td><td class="n">${cell(lang, test.upMbps)}</td><td>${test.server}</td><td class="n">${pair(lang, test.idleRttMs, test.loadedRttMs)}</td><td class="n">${cell(lang, test.lossPercent)}</td><td>${test.nicMbps === undefined ? (test.medium ?? "–") : text(lang, "linkEvidence.mbps", { mbps: test.nicMbps })}</td><td>${note(test, lang)}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function method({ rule }: LinkEvidence, lang: Lang): string[] {
  const { floor, breach, passValidDays } = rule;
  return [
    text(lang, "linkEvidence.method.1"),
    text(lang, "linkEvidence.method.2"),
    text(lang, "linkEvidence.method.3"),
    text(lang, "linkEvidence.method.4", { ...breach, floor, validDays: passValidDays }),
  ];
}

function foot({ policy }: LinkEvidence, lang: Lang): string {
  return text(lang, "linkEvidence.foot", {
    policy: `${policy.id}@${policy.version}`,
    document: policy.source.document,
    date: day(lang, policy.source.date),
  });
}

function reasonList(counts: LinkEvidence["notMeasured"], lang: Lang): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${outcomeWord(reason, lang)} (${count})`)
    .join("; ");
}

function note({ excuse }: LinkTest, lang: Lang): string {
  return excuse === undefined ? text(lang, "linkEvidence.counted") : outcomeWord(excuse, lang);
}

function outcomeWord(code: string, lang: Lang): string {
  const key = `outcome.${code}`;
  return isTextKey(key) ? text(lang, key) : code;
}

function hours({ inHours }: LinkTest, lang: Lang): string {
  return text(lang, inHours ? "linkEvidence.inHours" : "linkEvidence.outOfHours");
}

function cell(lang: Lang, value: number | undefined): string {
  return value === undefined ? "–" : number(lang, value);
}

function pair(lang: Lang, a: number | undefined, b: number | undefined): string {
  return a === undefined && b === undefined ? "–" : `${cell(lang, a)} / ${cell(lang, b)}`;
}
