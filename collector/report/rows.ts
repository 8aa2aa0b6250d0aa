import type { FindingState } from "#schemas/finding.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { share, withdrawalWords } from "../web/format.ts";
import type { Cell } from "./csv.ts";
import { type Dossier, type DossierCentre, type DossierRow, everyCentre, lastOpenDay } from "./dossier.ts";
import { CLOSING_DAYS } from "./period.ts";

/** From good to bad to open, as a reader counts them up. */
export const stateOrder: readonly FindingState[] = ["pass", "fail", "unknown", "pending", "error", "not_applicable"];

/** Excused stretches that a printed report lists; the spreadsheets hold all of them. */
export const EXCUSES_SHOWN = 100;
const NAMED_MAX = 3;

/** A table; its rows are made as they are asked for, once. */
export type Sheet = { readonly key: TextKey; readonly head: readonly TextKey[]; readonly rows: Iterable<readonly Cell[]> };

/** One row per centre and requirement: what CSV and spreadsheets hold. */
export function requirementRows(dossier: Dossier, lang: Lang): Sheet {
  return { key: "report.sheet", head: requirementHead(dossier), rows: cellsOf(dossier, dossier.centres, lang) };
}

/** The same of the centres that closed within the month, in a table of their own: whoever adds up the first one gets the sums of the report. */
export function closedRows(dossier: Dossier, lang: Lang): Sheet {
  const { closedCentres = [] } = dossier;
  return {
    key: "report.closedCentres",
    head: [
      "report.column.closedOn",
      "report.column.into",
      ...requirementHead(dossier).map((key) => (key === "report.column.state" ? "report.column.stateThen" : key)),
    ],
    rows: closedCentres.flatMap((centre) => {
      const { closed } = centre;
      return [...cellsOf(dossier, [centre], lang)].map((cells) => [closed && { day: closed.on }, closed?.into, ...cells]);
    }),
  };
}

/** Reports that were sealed without the days that are not counted keep their columns. */
function requirementHead(dossier: Dossier): readonly TextKey[] {
  return countsWorkedDays(dossier) ? sheetHead : sheetHead.filter((key) => key !== "report.column.daysNotCounted");
}

const sheetHead: readonly TextKey[] = [
  "report.column.code",
  "report.column.centre",
  "report.column.district",
  "report.column.id",
  "report.column.requirement",
  "report.column.state",
  "report.column.why",
  "report.column.class",
  "report.column.measured",
  "report.column.required",
  "report.column.unit",
  "report.column.declared",
  "report.column.declaredBy",
  "report.column.observedAt",
  "report.column.since",
  "report.column.daysPass",
  "report.column.daysFail",
  "report.column.daysOpen",
  "report.column.daysNone",
  "report.column.daysNotCounted",
  "report.column.waivers",
  "report.column.owner",
  "report.column.clause",
];

function* cellsOf(dossier: Dossier, centres: readonly DossierCentre[], lang: Lang): Generator<Cell[]> {
  const known = new Map(dossier.requirements.map((requirement) => [requirement.id, requirement]));
  const isWorked = countsWorkedDays(dossier);
  for (const centre of centres) {
    for (const row of centre.rows) {
      const requirement = known.get(row.requirement);
      yield [
        centre.code,
        centre.name,
        centre.district,
        row.requirement,
        requirement?.title[lang],
        text(lang, `state.${row.state}`),
        rowReason(lang, row),
        text(lang, `web.evidence.${row.evidenceClass}`),
        measuredOf(row),
        row.required,
        row.unit,
        row.declared?.value ?? row.declared?.text,
        row.declared && declarer(lang, row.declared.inspected),
        row.observedAt === undefined ? undefined : { at: row.observedAt },
        row.since === undefined ? undefined : { at: row.since },
        row.days.pass,
        row.days.fail,
        openDays(row),
        row.days.none,
        ...(isWorked ? [row.notCounted ?? 0] : []),
        waiverWords(lang, centre, row.requirement),
        requirement && text(lang, `owner.${requirement.owner}`),
        requirement?.clause,
      ];
    }
  }
}

/** One row per waiver of the period. */
export function waiverRows(dossier: Dossier, lang: Lang): Sheet {
  return {
    key: "report.waivers",
    head: [
      "report.column.code",
      "report.column.centre",
      "report.column.id",
      "report.column.reason",
      "report.column.document",
      "report.column.from",
      "report.column.until",
    ],
    rows: everyCentre(dossier).flatMap(({ code, name, waivers }) =>
      waivers.map((waiver) => {
        const { requirement, document, from, until } = waiver;
        return [code, name, requirement, waiverReason(lang, waiver), document, { day: from }, { day: until }];
      }),
    ),
  };
}

/** Why a waiver was granted, and that it was withdrawn. */
export function waiverReason(lang: Lang, { reason, withdrawn }: DossierCentre["waivers"][number]): string {
  return withdrawn ? `${reason} (${withdrawalWords(lang, withdrawn)})` : reason;
}

/** Stretches of the month that are not held against a centre; what one cause excused at once is one line. */
function excusedSpans(dossier: Dossier, lang: Lang) {
  return everyCentre(dossier).flatMap(({ code, name, excuses = [] }) =>
    [...Map.groupBy(excuses, ({ reason, from, to }) => `${reason} ${from} ${to}`).values()].flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const { reason, from, to } = first;
      return [
        {
          code,
          name,
          requirements: group.map(({ requirement }) => requirement).join(", "),
          reason: text(lang, `finding.short.${reason}`),
          from,
          to,
        },
      ];
    }),
  );
}

/** The same for paper: what one cause excused at many centres at once is one line that names three of them. */
export function sharedExcuses(dossier: Dossier, lang: Lang) {
  const groups = Map.groupBy(excusedSpans(dossier, lang), ({ requirements, reason, from, to }) => `${requirements} ${reason} ${from} ${to}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const names = group.slice(0, NAMED_MAX).map(({ name }) => name);
      const others = group.length - names.length;
      return [
        {
          ...first,
          from: moment(lang, first.from),
          to: first.to === undefined ? text(lang, "report.excuses.open") : moment(lang, first.to),
          centres: [...names, ...(others > 0 ? [text(lang, "report.excuses.centres", { count: others })] : [])].join(", "),
          size: group.length,
        },
      ];
    })
    .sort((a, b) => b.size - a.size);
}

/** What of the excused stretches a printed report does not list, in words; undefined when it lists them all. */
export function moreExcuses(dossier: Dossier, spans: number, lang: Lang): string | undefined {
  const [more, left] = [spans - EXCUSES_SHOWN, everyCentre(dossier).reduce((sum, { excusesLeft = 0 }) => sum + excusesLeft, 0)];
  const words = [more > 0 ? text(lang, "report.excuses.more", { count: more }) : [], left > 0 ? text(lang, "report.excuses.left", { count: left }) : []].flat();
  return words.length > 0 ? words.join(" ") : undefined;
}

/** What was attested, in words: the item's title, or the requirement's where it has no items. */
export function attestedTitle({ requirements }: Dossier, requirement: string, item: string | undefined, lang: Lang): string {
  const known = requirements.find(({ id }) => id === requirement);
  return item === undefined ? (known?.title[lang] ?? "") : (known?.items?.find(({ id }) => id === item)?.title[lang] ?? item);
}

/** One row per excused stretch; where a centre had more than a report takes, one that says how many. */
export function excuseRows(dossier: Dossier, lang: Lang): Sheet {
  return {
    key: "report.excuses",
    head: ["report.column.code", "report.column.centre", "report.column.id", "report.column.reason", "report.column.since", "report.column.to"],
    rows: [
      ...excusedSpans(dossier, lang).map(({ code, name, requirements, reason, from, to }): Cell[] => [
        code,
        name,
        requirements,
        reason,
        { at: from },
        to === undefined ? text(lang, "report.excuses.open") : { at: to },
      ]),
      ...everyCentre(dossier).flatMap(({ code, name, excusesLeft }): Cell[][] =>
        excusesLeft === undefined ? [] : [[code, name, undefined, text(lang, "report.excuses.left", { count: excusesLeft })]],
      ),
    ],
  };
}

/** Decided out of applicable requirements. */
export function coverageWords({ findingsTally: { coverage, pass, fail, total, not_applicable } }: Dossier, lang: Lang): string {
  return `${share(coverage)} (${numberWord(lang, pass + fail)} / ${numberWord(lang, total - not_applicable)})`;
}

/** Met out of decided requirements; never one number with the coverage. */
export function scoreWords({ findingsTally: { score, pass, fail } }: Dossier, lang: Lang): string {
  return `${share(score)} (${numberWord(lang, pass)} / ${numberWord(lang, pass + fail)})`;
}

/** How the report was made, with the seal: the last sheet of a workbook. */
export function methodRows(dossier: Dossier, seal: string, lang: Lang): Sheet {
  const { policy, format, findingsTally } = dossier;
  const lines: (readonly [string, Cell])[] = [
    [text(lang, "report.summary"), titleOf(dossier, lang)],
    [text(lang, "report.column.at"), text(lang, "report.period", { from: dossier.firstDay, to: dossier.lastDay })],
    ...notices(dossier, lang).map((notice) => [text(lang, "report.summary"), notice] as const),
    ...methodSentences(dossier, lang).map((sentence) => [text(lang, "report.method"), sentence] as const),
    [text(lang, "report.coverage"), coverageWords(dossier, lang)],
    [text(lang, "report.score"), scoreWords(dossier, lang)],
    ...(format === "hcc-watch/dossier/1" ? [] : [[text(lang, "report.waived"), findingsTally.waived] as const]),
    [text(lang, "report.policy"), `${policy.id}@${policy.version}, ${policy.effectiveFrom}, ${policy.source.document} (${policy.source.date})`],
    [text(lang, "report.hash"), seal],
  ];
  return { key: "report.method", head: ["report.column.key", "report.column.value"], rows: lines };
}

export function titleOf({ scope, month, centres }: Dossier, lang: Lang): string {
  const written = day(lang, month);
  return scope === "centre"
    ? text(lang, "report.title.centre", { month: written, name: centres[0]?.name ?? "" })
    : text(lang, "report.title.province", { month: written });
}

/** What the reader must know before any number: simulated, provisional or closed, and whether the centre is no more. */
export function notices({ demo, provisional, closesAt, scope, centres, lastDay }: Dossier, lang: Lang): string[] {
  const gone = scope === "centre" ? centres.filter(({ closed }) => closed !== undefined) : [];
  return [
    ...(demo ? [text(lang, "report.demo")] : []),
    provisional ? text(lang, "report.provisional", { at: moment(lang, closesAt) }) : text(lang, "report.closed"),
    ...gone.map((centre) => text(lang, "report.closedCentre", { closed: closedWords(lang, centre), last: day(lang, lastOpenDay(centre, lastDay)) })),
  ];
}

/** Since when a centre is closed, and which one took its work over. */
export function closedWords(lang: Lang, { closed }: DossierCentre): string {
  if (!closed) return "";
  const [on, { into }] = [day(lang, closed.on), closed];
  return into === undefined ? text(lang, "report.closedOn", { on }) : text(lang, "report.closedInto", { on, into });
}

/** Of how many centres the sums are, where some closed within the month. */
export function closedNote({ centres, closedCentres = [] }: Dossier, lang: Lang): string {
  return text(lang, "report.closedCentres.note", { open: centres.length, closed: closedCentres.length });
}

/** How the report was made; what happened in this month alone stands at the end. */
export function methodSentences(dossier: Pick<Dossier, "centres" | "closedCentres" | "policies" | "policy">, lang: Lang): string[] {
  const isUnjudged = everyCentre(dossier).some(({ rows }) => rows.some(({ notJudged }) => notJudged !== undefined));
  return [
    ...([1, 2, 3, 4, 5, 6, 7, 8] as const).map((place) => text(lang, `report.method.${place}`, { days: CLOSING_DAYS })),
    ...(isUnjudged ? [text(lang, "report.method.notJudged")] : []),
    ...(countsWorkedDays(dossier) ? [text(lang, "report.method.notCounted")] : []),
    ...policyWords(dossier, lang),
  ];
}

function countsWorkedDays(dossier: Pick<Dossier, "centres" | "closedCentres">): boolean {
  return everyCentre(dossier).some(({ rows }) => rows.some(({ notCounted }) => notCounted !== undefined));
}

/** The versions of a month that had several, each with its first day, and which one judged the states at its end. */
function policyWords({ policies, policy }: Pick<Dossier, "policies" | "policy">, lang: Lang): string[] {
  if (!policies) return [];
  const list = policies.map(({ id, version, effectiveFrom, source }) => {
    const name = { policy: `${id}@${version}`, from: day(lang, effectiveFrom) };
    return source ? text(lang, "report.policies.one", { ...name, document: source.document, date: day(lang, source.date) }) : `${name.policy} (${name.from})`;
  });
  return [text(lang, "report.policies", { count: policies.length, list: list.join("; "), policy: `${policy.id}@${policy.version}` })];
}

export function rowReason(lang: Lang, { reason, detail, measured, required, unit }: DossierRow): string {
  return findingSentence(lang, {
    reason: reason as Parameters<typeof findingSentence>[1]["reason"],
    ...(detail && { detail }),
    ...(measured !== undefined && { observed: measured }),
    ...(required !== undefined && { required }),
    ...(unit && { unit }),
  });
}

/** The measured value; a declared one never stands in its column. */
export function measuredOf({ evidenceClass, measured }: DossierRow): number | undefined {
  return evidenceClass === "measured" ? measured : undefined;
}

export function openDays({ days }: DossierRow): number {
  return days.unknown + days.pending + days.error;
}

export function declarer(lang: Lang, inspected: boolean): string {
  return text(lang, inspected ? "report.byInspector" : "report.byCentre.self");
}

function waiverWords(lang: Lang, { waivers }: DossierCentre, requirement: string): string | undefined {
  const words = waivers
    .filter((waiver) => waiver.requirement === requirement)
    .map(({ document, until, withdrawn }) => `${document} (${[until, ...(withdrawn ? [withdrawalWords(lang, withdrawn)] : [])].join(", ")})`);
  return words.length > 0 ? words.join("; ") : undefined;
}
