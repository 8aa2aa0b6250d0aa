import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { linkChartSvg } from "../web/link-chart.ts";
import type { LinkEvidence, LinkTally } from "./link-evidence.ts";
import { chartStyle } from "./link-evidence-html.ts";
import { cell, cells, chart, columns, foot, hashLine, method, parties, period, reasonList, title, unjudgedWords } from "./link-evidence-words.ts";
import { type PrintView, printable } from "./print-view.ts";

/** The line's evidence in words and one drawing, ready for paper. Pure. */
export function linkEvidencePrint(evidence: LinkEvidence, lang: Lang): PrintView {
  const { demo, policy, finding, tests, notMeasured } = evidence;
  const svg = linkChartSvg(chart(evidence, lang));
  return {
    lang,
    title: printable(title(evidence, lang)),
    author: text(lang, "web.product"),
    policy: policy.title[lang],
    period: period(evidence, lang),
    notices: [...(demo ? [{ words: text(lang, "report.demo"), loud: true }] : []), { words: printable(parties(evidence, lang)), loud: false }],
    summary: {
      title: text(lang, "linkEvidence.summary"),
      parts: [],
      sheet: {
        title: "",
        head: ["", ...(["tests", "excused", "below", "median"] as const).map((name) => text(lang, `linkEvidence.column.${name}`))],
        widths: [2, 1, 2, 2, 2],
        numbers: [1, 2, 3, 4],
        rows: [tallyRow(text(lang, "linkEvidence.hours"), evidence.inHours, lang), tallyRow(text(lang, "linkEvidence.quiet"), evidence.quiet, lang)],
        empty: "",
      },
      numbers: [
        ...(finding ? [{ name: text(lang, "linkEvidence.finding"), words: text(lang, `state.${finding.state}`) }] : []),
        ...unjudgedWords(evidence, lang).map((words) => ({ name: "", words })),
        ...(Object.keys(notMeasured).length > 0 ? [{ name: "", words: text(lang, "linkEvidence.notMeasured", { list: reasonList(notMeasured, lang) }) }] : []),
      ],
    },
    ...(svg !== undefined && { figure: { svg: styled(String(svg)), words: text(lang, "linkEvidence.keys") } }),
    sheets: [
      {
        title: text(lang, "linkEvidence.table"),
        head: columns.map((name) => text(lang, `linkEvidence.column.${name}`)),
        widths: [2.7, 1.5, 1.2, 2.1, 1.2, 1.8, 2.1, 1, 1.8, 2.6],
        numbers: [2, 3, 4, 6, 7],
        rows: tests.map((test) => ({ cells: cells(test, lang).map(printable) })),
        empty: text(lang, "linkEvidence.none"),
      },
    ],
    method: { title: text(lang, "linkEvidence.method"), sentences: method(evidence, lang) },
    signatures: [],
    foot: foot(evidence, lang),
    hash: hashLine(evidence, lang),
  };
}

function tallyRow(name: string, { tests, excused, below, medianMbps }: LinkTally, lang: Lang) {
  return { cells: [{ words: name, strong: true }, ...[tests, excused, below, medianMbps].map((value) => cell(lang, value))] };
}

/** A drawing that carries its style with it. */
function styled(svg: string): string {
  return svg.replace(/^(<svg[^>]*>)/, `$1<style>${chartStyle}</style>`);
}
