import { day } from "#schemas/text/moment-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type ChangeKind, type Comparison, changeKinds, type NotCompared, type OtherCentre } from "./comparison.ts";
import type { Cell } from "./csv.ts";
import type { Dossier } from "./dossier.ts";
import { coverageWords, measuredOf, notices, rowReason, type Sheet, scoreWords } from "./rows.ts";
import type { Seals } from "./seal.ts";

/** Rows of one kind that a page or a sheet of paper lists; the tables hold all of them. */
export const KIND_ROWS_SHOWN = 100;
/** What stays as it was well, or unknown, is counted alone where people read. */
export const listedKinds: readonly ChangeKind[] = ["newly_not_met", "found_not_met", "newly_unknown", "still_not_met", "scope", "newly_met", "found_met"];

/** What two months side by side are called. */
export function comparisonTitle({ before, after }: Comparison, lang: Lang): string {
  return text(lang, "compare.title", { before: day(lang, before.month), after: day(lang, after.month) });
}

/** Two months as tables: what changed at each centre, the sums, what is not compared, and what it was made from. */
export function comparisonSheets(comparison: Comparison, seals: Seals, lang: Lang): readonly [Sheet, ...Sheet[]] {
  return [changeRows(comparison, lang), sumRows(comparison, lang), apartRows(comparison, lang), sourceRows(comparison, seals, lang)];
}

const changeHead: readonly TextKey[] = [
  "compare.column.change",
  "report.column.code",
  "report.column.centre",
  "report.column.district",
  "report.column.id",
  "report.column.requirement",
  "compare.column.before",
  "compare.column.after",
  "report.column.why",
  "report.column.since",
  "compare.column.measuredBefore",
  "compare.column.measuredAfter",
  "report.column.required",
  "report.column.unit",
  "report.column.waivers",
  "report.column.owner",
];

function changeRows(comparison: Comparison, lang: Lang): Sheet {
  return { key: "compare.changes", head: changeHead, rows: changeCells(comparison, lang) };
}

function* changeCells({ rows, after: { requirements } }: Comparison, lang: Lang): Generator<Cell[]> {
  const known = new Map(requirements.map((requirement) => [requirement.id, requirement]));
  for (const { kind, centre, requirement: id, before, after, waived } of rows) {
    const requirement = known.get(id);
    yield [
      text(lang, `compare.kind.${kind}`),
      centre.code,
      centre.name,
      centre.district,
      id,
      requirement?.title[lang],
      text(lang, `state.${before.state}`),
      text(lang, `state.${after.state}`),
      rowReason(lang, after),
      after.since && { at: after.since },
      measuredOf(before),
      measuredOf(after),
      after.required,
      after.unit,
      waived ? text(lang, "state.waived") : undefined,
      requirement && text(lang, `owner.${requirement.owner}`),
    ];
  }
}

function sumRows({ byRequirement, total }: Comparison, lang: Lang): Sheet {
  const counts = (of: Comparison["total"]) => [...changeKinds.map((kind) => of[kind]), sumOf(of)];
  return {
    key: "report.byRequirement",
    head: ["report.column.id", "report.column.requirement", ...changeKinds.map((kind): TextKey => `compare.kind.${kind}`), "report.column.total"],
    rows: [
      ...byRequirement.map(({ requirement: { id, title }, counts: own }): Cell[] => [id, title[lang], ...counts(own)]),
      [undefined, text(lang, "report.page.province"), ...counts(total)],
    ],
  };
}

/** How many centres and requirements are compared. */
export function sumOf(counts: Readonly<Record<ChangeKind, number>>): number {
  return changeKinds.reduce((sum, kind) => sum + counts[kind], 0);
}

function apartRows(comparison: Comparison, lang: Lang): Sheet {
  const { notCompared, otherCentres } = comparison;
  return {
    key: "compare.apart",
    head: ["report.column.id", "compare.column.what", "report.column.reason"],
    rows: [
      ...notCompared.map((one): Cell[] => [one.requirement, requirementTitle(comparison, one, lang), apartWords(comparison, one, lang)]),
      ...otherCentres.map((one): Cell[] => [one.code, one.name, otherWords(comparison, one, lang)]),
    ],
  };
}

/** The title of a requirement that is not compared, by the later month where it has it. */
export function requirementTitle({ before, after }: Comparison, { requirement }: NotCompared, lang: Lang): string {
  return [...after.requirements, ...before.requirements].find(({ id }) => id === requirement)?.title[lang] ?? "";
}

/** Why a requirement is not compared. */
export function apartWords({ before, after }: Comparison, { why }: NotCompared, lang: Lang): string {
  return text(lang, `compare.apart.${why}`, { before: policyName(before), after: policyName(after) });
}

/** Why a centre is not compared. */
export function otherWords({ before, after }: Comparison, { why, closed }: OtherCentre, lang: Lang): string {
  const months = { before: day(lang, before.month), after: day(lang, after.month) };
  if (closed === undefined) return text(lang, `compare.centre.${why}`, months);
  const on = day(lang, closed.on);
  return closed.into === undefined ? text(lang, "report.closedOn", { on }) : text(lang, "report.closedInto", { on, into: closed.into });
}

function policyName({ policy }: Dossier): string {
  return `${policy.id}@${policy.version}`;
}

/** The two reports that it was made from, each with its numbers, its state and its hash. */
function sourceRows({ before, after }: Comparison, seals: Seals, lang: Lang): Sheet {
  const both = (words: (dossier: Dossier) => Cell): Cell[] => [words(before), words(after)];
  return {
    key: "compare.source",
    head: ["report.column.key", "compare.column.before", "compare.column.after"],
    rows: [
      [text(lang, "report.page.month"), ...both((dossier) => day(lang, dossier.month))],
      [text(lang, "report.summary"), ...both((dossier) => notices(dossier, lang).join(" "))],
      [text(lang, "report.summary.centres"), ...both(({ centresTally }) => centresTally.total)],
      [text(lang, "report.coverage"), ...both((dossier) => coverageWords(dossier, lang))],
      [text(lang, "report.score"), ...both((dossier) => scoreWords(dossier, lang))],
      [text(lang, "report.waived"), ...both(({ findingsTally }) => findingsTally.waived)],
      [text(lang, "report.policy"), ...both(policyName)],
      [text(lang, "report.hash"), seals.before, seals.after],
    ],
  };
}
