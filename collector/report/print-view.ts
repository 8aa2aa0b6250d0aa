import { cleanText } from "#schemas/clean-text.ts";
import type { FindingState } from "#schemas/finding.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { share } from "../web/format.ts";
import { valueWithUnit } from "../web/value.ts";
import { countedWaivers, type Dossier, type DossierCentre, type DossierRow, everyCentre } from "./dossier.ts";
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

/** Words of one cell: plain, or with the mark of a state, a leading number of the plan, a second line. */
export type PrintCell =
  | string
  | { readonly words: string; readonly state?: FindingState; readonly id?: string; readonly small?: string; readonly strong?: boolean };

/** A table. `widths` are shares of what is left over; 0 is as wide as its words. `numbers` are the columns that stand to the right. */
export type PrintSheet = {
  readonly title: string;
  readonly head: readonly PrintCell[];
  readonly widths: readonly number[];
  readonly numbers?: readonly number[];
  /** Each row stands on one page with its note. Reports of months do without: what is sealed keeps its pages. */
  readonly whole?: boolean;
  readonly rows: readonly { readonly cells: readonly PrintCell[]; readonly note?: PrintCell }[];
  /** Stands in the place of a table without rows. */
  readonly empty: string;
  /** Stands below the table. */
  readonly after?: string;
};

/** All that stands on paper, as words: what report.typ lays out. */
export type PrintView = {
  readonly lang: Lang;
  readonly title: string;
  readonly author: string;
  readonly policy: string;
  readonly period: string;
  readonly notices: readonly { readonly words: string; readonly loud: boolean }[];
  readonly summary: {
    readonly title: string;
    readonly parts: readonly { readonly state: FindingState; readonly count: number }[];
    readonly sheet: PrintSheet;
    readonly numbers: readonly { readonly name: string; readonly words: string }[];
  };
  /** A drawing below the summary, as a whole SVG, and what its marks mean. */
  readonly figure?: { readonly svg: string; readonly words: string };
  readonly sheets: readonly PrintSheet[];
  readonly method: { readonly title: string; readonly sentences: readonly string[] };
  readonly signatures: readonly { readonly who: string; readonly note: string }[];
  readonly foot: string;
  readonly hash: string;
};

/** The dossier in words, ready for paper. Pure. */
export function printView(dossier: Dossier, seal: string, lang: Lang): PrintView {
  const { policy, scope } = dossier;
  const isCentre = scope === "centre";
  return {
    lang,
    title: printable(titleOf(dossier, lang)),
    author: text(lang, "web.product"),
    policy: policy.title[lang],
    period: text(lang, "report.period", { from: day(lang, dossier.firstDay), to: day(lang, dossier.lastDay) }),
    notices: notices(dossier, lang).map((words, place) => ({ words, loud: (dossier.demo && place === 0) || dossier.provisional })),
    summary: summary(dossier, lang),
    sheets: [
      ...(isCentre
        ? dossier.centres.flatMap((centre) => [centreSheet(dossier, centre, lang), declarationSheet(dossier, centre, lang)])
        : [
            requirementSheet(dossier, lang),
            centresSheet(dossier, lang),
            ...(dossier.closedCentres ? [closedSheet(dossier, dossier.closedCentres, lang)] : []),
          ]),
      waiverSheet(dossier, lang),
      excuseSheet(dossier, lang),
    ],
    method: { title: text(lang, "report.method"), sentences: methodSentences(dossier, lang) },
    signatures: isCentre
      ? (["report.sign.centre", "report.sign.inspector"] as const).map((key) => ({ who: text(lang, key), note: text(lang, "report.sign.note") }))
      : [],
    foot: text(lang, "report.foot", {
      policy: `${policy.id}@${policy.version}`,
      from: day(lang, policy.effectiveFrom),
      document: policy.source.document,
      date: day(lang, policy.source.date),
    }),
    hash: `${text(lang, "report.hash")}: ${seal}`,
  };
}

const WORDS_MAX = 400;
const UNBROKEN_MAX = 24;

/** Text from outside for paper: nothing invisible, not endless, and a word without spaces may break, so that it stays in its column. */
export function printable(words: string): string {
  return cleanText(words, WORDS_MAX).replace(new RegExp(`\\S{${UNBROKEN_MAX}}(?=\\S)`, "gu"), "$&\u200b");
}

const heads = (lang: Lang, keys: readonly TextKey[]) => keys.map((key) => text(lang, key));

function summary(dossier: Dossier, lang: Lang): PrintView["summary"] {
  const { scope, centresTally, findingsTally } = dossier;
  const lines = [...(scope === "province" ? [["report.summary.centres", centresTally] as const] : []), ["report.summary.rows", findingsTally] as const];
  const shown = scope === "province" ? centresTally : findingsTally;
  return {
    title: text(lang, "report.summary"),
    parts: stateOrder.map((state) => ({ state, count: shown[state] })).filter(({ count }) => count > 0),
    sheet: {
      title: "",
      head: ["", ...stateOrder.map((state) => ({ words: text(lang, `state.${state}`), state })), text(lang, "report.column.total")],
      widths: [2, ...stateOrder.map(() => 2), 1],
      numbers: [...stateOrder.map((_, place) => place + 1), stateOrder.length + 1],
      rows: lines.map(([key, counts]) => ({
        cells: [
          { words: text(lang, key), strong: true },
          ...stateOrder.map((state) => numberWord(lang, counts[state])),
          { words: numberWord(lang, counts.total), strong: true },
        ],
      })),
      empty: "",
    },
    numbers: [
      { name: text(lang, "report.coverage"), words: coverageWords(dossier, lang) },
      { name: text(lang, "report.score"), words: scoreWords(dossier, lang) },
      { name: text(lang, "report.waived"), words: numberWord(lang, findingsTally.waived) },
    ],
  };
}

function centreSheet({ requirements }: Dossier, { rows }: DossierCentre, lang: Lang): PrintSheet {
  const known = new Map(requirements.map((requirement) => [requirement.id, requirement]));
  return {
    title: text(lang, "report.sheet"),
    head: heads(lang, [
      "report.column.requirement",
      "report.column.state",
      "report.column.measured",
      "report.column.required",
      "report.column.declared",
      "report.column.observedAt",
      "report.column.days",
    ]),
    widths: [26, 17, 12, 12, 15, 15, 13],
    numbers: [2, 3],
    rows: rows.map((row) => {
      const requirement = known.get(row.requirement);
      const owner = row.state === "fail" && requirement ? ` ${text(lang, "report.column.owner")}: ${text(lang, `owner.${requirement.owner}`)}.` : "";
      return {
        cells: [
          { id: row.requirement, words: requirement?.title[lang] ?? "", strong: true },
          { state: row.state, words: text(lang, `state.${row.state}`) },
          quantity(lang, measuredOf(row), row.unit, row.required),
          quantity(lang, row.required, row.unit),
          declaredCell(lang, row),
          row.observedAt ? { words: moment(lang, row.observedAt), small: text(lang, `web.evidence.${row.evidenceClass}`) } : "–",
          `${row.days.pass} / ${row.days.fail} / ${openDays(row)} / ${row.days.none}`,
        ],
        note: printable(`${rowReason(lang, row)}${owner}`),
      };
    }),
    empty: "",
  };
}

function quantity(lang: Lang, value: number | undefined, unit: string | undefined, beside?: number): string {
  return value === undefined ? "–" : valueWithUnit(lang, value, unit, beside);
}

function declaredCell(lang: Lang, { declared, unit }: DossierRow): PrintCell {
  if (!declared) return "–";
  const words = declared.value === undefined ? printable(declared.text ?? "–") : valueWithUnit(lang, declared.value, unit);
  return { words, small: `${declarer(lang, declared.inspected)}, ${moment(lang, declared.at).slice(0, 10)}` };
}

function declarationSheet(dossier: Dossier, { attestations }: DossierCentre, lang: Lang): PrintSheet {
  return {
    title: text(lang, "report.declarations"),
    head: heads(lang, ["report.column.id", "report.column.item", "report.column.result", "report.column.who", "report.column.document", "report.column.at"]),
    widths: [0, 5, 0, 5, 4, 0],
    rows: attestations.map(({ requirement, item, holds, inspected, post, document, at }) => ({
      cells: [
        requirement,
        printable(attestedTitle(dossier, requirement, item, lang)),
        text(lang, holds ? "report.yes" : "report.no"),
        printable(`${declarer(lang, inspected)}${post ? `, ${post}` : ""}`),
        printable(document ?? ""),
        moment(lang, at),
      ],
    })),
    empty: text(lang, "report.declarations.none"),
  };
}

function requirementSheet({ requirements, centres }: Dossier, lang: Lang): PrintSheet {
  const counts = new Map<string, number>();
  const count = (id: string, state: FindingState) => counts.get(`${id} ${state}`) ?? 0;
  for (const { rows } of centres) for (const { requirement, state } of rows) counts.set(`${requirement} ${state}`, count(requirement, state) + 1);
  return {
    title: text(lang, "report.byRequirement"),
    head: [text(lang, "report.column.requirement"), ...stateOrder.map((state) => text(lang, `state.${state}`)), text(lang, "report.column.owner")],
    widths: [34, ...stateOrder.map(() => 8), 18],
    numbers: stateOrder.map((_, place) => place + 1),
    rows: requirements.map(({ id, title, owner }) => ({
      cells: [{ id, words: title[lang], strong: true }, ...stateOrder.map((state) => numberWord(lang, count(id, state))), text(lang, `owner.${owner}`)],
    })),
    empty: "",
  };
}

function centresSheet({ centres, lastDay }: Dossier, lang: Lang): PrintSheet {
  return {
    title: text(lang, "report.byCentre"),
    head: heads(lang, [
      "report.column.centre",
      "report.column.state",
      "report.column.fails",
      "report.column.coverage",
      "report.column.score",
      "report.column.waivers",
    ]),
    widths: [30, 18, 26, 10, 10, 10],
    numbers: [3, 4, 5],
    rows: centres.map((centre) => ({ cells: [centreCell(centre), ...standingCells(centre, lastDay, lang)] })),
    empty: "",
  };
}

/** The centres that closed within the month, each as it stood on its last day. */
function closedSheet(dossier: Dossier, closed: readonly DossierCentre[], lang: Lang): PrintSheet {
  return {
    title: text(lang, "report.closedCentres"),
    head: heads(lang, [
      "report.column.centre",
      "report.column.closed",
      "report.column.stateThen",
      "report.column.fails",
      "report.column.coverage",
      "report.column.score",
      "report.column.waivers",
    ]),
    widths: [24, 18, 16, 18, 9, 9, 10],
    numbers: [4, 5, 6],
    rows: closed.map((centre) => ({
      cells: [centreCell(centre), printable(closedWords(lang, centre)), ...standingCells(centre, dossier.lastDay, lang)],
    })),
    empty: "",
    after: closedNote(dossier, lang),
  };
}

function centreCell({ name, code, district }: DossierCentre): PrintCell {
  return { words: printable(name), small: printable(district ? `${code}, ${district}` : code), strong: true };
}

function standingCells(centre: DossierCentre, lastDay: string, lang: Lang): readonly PrintCell[] {
  const { state, rows, tally } = centre;
  return [
    { state, words: text(lang, `state.${state}`) },
    rows.flatMap((row) => (row.state === "fail" ? [row.requirement] : [])).join(", "),
    share(tally.coverage),
    share(tally.score),
    String(countedWaivers(centre, lastDay).length),
  ];
}

function waiverSheet(dossier: Dossier, lang: Lang): PrintSheet {
  const named = dossier.scope === "province";
  return {
    title: text(lang, "report.waivers"),
    head: heads(lang, [
      ...(named ? ["report.column.centre" as const] : []),
      "report.column.id",
      "report.column.reason",
      "report.column.document",
      "report.column.from",
      "report.column.until",
    ]),
    widths: [...(named ? [4] : []), 0, 6, 4, 0, 0],
    rows: everyCentre(dossier).flatMap(({ name, waivers }) =>
      waivers.map((waiver) => ({
        cells: [
          ...(named ? [printable(name)] : []),
          waiver.requirement,
          printable(waiverReason(lang, waiver)),
          printable(waiver.document),
          day(lang, waiver.from),
          day(lang, waiver.until),
        ],
      })),
    ),
    empty: text(lang, "report.waivers.none"),
  };
}

function excuseSheet(dossier: Dossier, lang: Lang): PrintSheet {
  const named = dossier.scope === "province";
  const spans = sharedExcuses(dossier, lang);
  const after = moreExcuses(dossier, spans.length, lang);
  return {
    title: text(lang, "report.excuses"),
    head: heads(lang, [
      ...(named ? ["report.column.centre" as const] : []),
      "report.column.id",
      "report.column.reason",
      "report.column.since",
      "report.column.to",
    ]),
    widths: named ? [6, 3, 6, 0, 0] : [3, 6, 0, 0],
    rows: spans.slice(0, EXCUSES_SHOWN).map(({ centres, requirements, reason, from, to }) => ({
      cells: [...(named ? [printable(centres)] : []), requirements, reason, from, to],
    })),
    empty: text(lang, "report.excuses.none"),
    ...(after !== undefined && { after }),
  };
}
