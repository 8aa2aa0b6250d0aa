import { day } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { valueWithUnit } from "../web/value.ts";
import { type Comparison, changeKinds } from "./comparison.ts";
import { apartWords, comparisonTitle, KIND_ROWS_SHOWN, listedKinds, otherWords, requirementTitle, sumOf } from "./comparison-rows.ts";
import type { Dossier, DossierRow } from "./dossier.ts";
import { type PrintCell, type PrintSheet, type PrintView, printable } from "./print-view.ts";
import { coverageWords, measuredOf, notices, rowReason, scoreWords } from "./rows.ts";
import type { Seals } from "./seal.ts";

/** Two months side by side in words, ready for paper: what the page shows, in its order. Pure. */
export function comparisonPrint(comparison: Comparison, seals: Seals, lang: Lang): PrintView {
  const { before, after } = comparison;
  const { policy } = after;
  return {
    lang,
    title: comparisonTitle(comparison, lang),
    author: text(lang, "web.product"),
    policy: policy.title[lang],
    period: text(lang, "compare.intro"),
    notices: [before, after].map((dossier) => ({
      words: `${day(lang, dossier.month)}: ${notices(dossier, lang).join(" ")}`,
      loud: dossier.demo || dossier.provisional,
    })),
    summary: { title: text(lang, "compare.source"), parts: [], sheet: sourceSheet(comparison, lang), numbers: [] },
    sheets: [sumSheet(comparison, lang), apartSheet(comparison, lang), ...kindSheets(comparison, lang)].filter(
      ({ rows, empty }) => rows.length > 0 || empty !== "",
    ),
    method: { title: text(lang, "report.method"), sentences: [text(lang, "compare.note")] },
    signatures: [],
    foot: text(lang, "report.foot", {
      policy: `${policy.id}@${policy.version}`,
      from: day(lang, policy.effectiveFrom),
      document: policy.source.document,
      date: day(lang, policy.source.date),
    }),
    hash: `${text(lang, "report.hash")}: ${seals.before} / ${seals.after}`,
  };
}

function sourceSheet({ before, after }: Comparison, lang: Lang): PrintSheet {
  const lines: readonly (readonly [TextKey, (dossier: Dossier) => string])[] = [
    ["report.summary.centres", ({ centresTally }) => numberWord(lang, centresTally.total)],
    ["report.coverage", (dossier) => coverageWords(dossier, lang)],
    ["report.score", (dossier) => scoreWords(dossier, lang)],
    ["report.waived", ({ findingsTally }) => numberWord(lang, findingsTally.waived)],
    ["report.policy", ({ policy }) => `${policy.id}@${policy.version}`],
  ];
  return {
    title: "",
    head: ["", day(lang, before.month), day(lang, after.month)],
    widths: [2, 3, 3],
    rows: lines.map(([key, words]) => ({ cells: [{ words: text(lang, key), strong: true }, words(before), words(after)] })),
    empty: "",
  };
}

function sumSheet({ byRequirement, total }: Comparison, lang: Lang): PrintSheet {
  const counts = (of: Comparison["total"]) => changeKinds.map((kind) => (of[kind] === 0 ? "" : numberWord(lang, of[kind])));
  const all = { cells: [{ words: text(lang, "report.page.province"), strong: true }, ...counts(total)] };
  return {
    title: text(lang, "compare.sums"),
    whole: true,
    head: [text(lang, "report.column.requirement"), ...changeKinds.map((kind) => text(lang, `compare.kind.${kind}`))],
    widths: [3, ...changeKinds.map(() => 1)],
    numbers: changeKinds.map((_, place) => place + 1),
    rows:
      sumOf(total) === 0
        ? []
        : [all, ...byRequirement.map(({ requirement: { id, title }, counts: own }) => ({ cells: [{ id, words: title[lang], strong: true }, ...counts(own)] }))],
    empty: text(lang, "compare.none"),
  };
}

function apartSheet(comparison: Comparison, lang: Lang): PrintSheet {
  const { notCompared, otherCentres } = comparison;
  return {
    title: text(lang, "compare.apart"),
    whole: true,
    head: [text(lang, "compare.column.what"), text(lang, "report.column.reason")],
    widths: [2, 3],
    rows: [
      ...notCompared.map((one) => ({ cells: [{ id: one.requirement, words: requirementTitle(comparison, one, lang) }, apartWords(comparison, one, lang)] })),
      ...otherCentres.map((one) => ({ cells: [{ words: printable(one.name), small: printable(one.code) }, printable(otherWords(comparison, one, lang))] })),
    ],
    empty: "",
  };
}

/** A table for each kind that has rows, the worst first. */
function kindSheets({ rows, after: { requirements } }: Comparison, lang: Lang): PrintSheet[] {
  const titles = new Map(requirements.map(({ id, title }) => [id, title[lang]]));
  const groups = Map.groupBy(rows, ({ kind }) => kind);
  const head = (["report.column.centre", "report.column.requirement", "compare.column.before", "compare.column.after"] as const).map((key) => text(lang, key));
  return listedKinds.map((kind) => {
    const own = groups.get(kind) ?? [];
    const more = own.length - KIND_ROWS_SHOWN;
    return {
      title: `${text(lang, `compare.kind.${kind}`)}: ${numberWord(lang, own.length)}`,
      whole: true,
      head,
      widths: [26, 30, 22, 22],
      rows: own.slice(0, KIND_ROWS_SHOWN).map(({ centre, requirement, before, after, waived }) => ({
        cells: [
          { words: printable(centre.name), small: printable(centre.district ? `${centre.code}, ${centre.district}` : centre.code), strong: true },
          { id: requirement, words: titles.get(requirement) ?? "" },
          standing(lang, before),
          standing(lang, after, waived),
        ],
        note: printable(rowReason(lang, after)),
      })),
      empty: "",
      ...(more > 0 && { after: text(lang, "compare.more", { count: more }) }),
    };
  });
}

/** A state with what was measured, where something was, and whether a waiver lies over it. */
function standing(lang: Lang, row: DossierRow, waived = false): PrintCell {
  const measured = measuredOf(row);
  const small = [measured === undefined ? [] : valueWithUnit(lang, measured, row.unit, row.required), waived ? text(lang, "state.waived") : []].flat();
  return { state: row.state, words: text(lang, `state.${row.state}`), ...(small.length > 0 && { small: small.join(", ") }) };
}
