import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { findingSentence } from "#schemas/text/finding-sentence.ts";
import { day, moment } from "#schemas/text/moment-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { groupsOf } from "../groups-of.ts";
import type { ToldFinding } from "../web/page-store.ts";
import { asked, type CentreStanding, type ProvinceFilter } from "../web/province-view.ts";
import { asOf } from "../web/standing.ts";
import type { Cell } from "./csv.ts";
import { XlsxBook, type XlsxHead, type XlsxSheet } from "./xlsx.ts";

export type CentreList = {
  readonly policy: PolicyProfile;
  /** All centres of the province, in the order of its page. */
  readonly standings: readonly CentreStanding[];
  /** By what they are chosen. */
  readonly filter: ProvinceFilter;
  /** The findings of some centres. */
  readonly told: (codes: readonly string[]) => Promise<readonly ToldFinding[]>;
  readonly demo: boolean;
  readonly nowMs: number;
};

type Standing = Pick<ToldFinding, "requirement" | "state" | "reason"> & Partial<ToldFinding>;
type Row = { readonly requirement: Requirement; readonly finding: Standing; readonly waived: boolean };

/** Centres that are looked at in one go: between two groups the collector does what waits. */
const GROUP = 20;

/**
 * A list of centres as a workbook: a row for each centre, a row for each of its requirements, and what was asked for. It is made a group of centres at a
 * time, and their findings are read and written as their turn comes, so that no list holds the collector or fills its memory.
 */
export async function centreListXlsx(list: CentreList, lang: Lang): Promise<Buffer> {
  const { policy, standings, filter, told, nowMs } = list;
  const shown = asked(standings, filter);
  const about = aboutSheet(list, shown.length, lang);
  const book = new XlsxBook([centresHead(policy, lang), requirementsHead(lang), about], "packed");
  for await (const { group, found } of readAhead(groupsOf(shown, GROUP), told)) {
    const byCentre = Map.groupBy(found, ({ centre }) => centre);
    const rows = group.map((standing) => ({ standing, requirements: requirementsOf(policy, standing, byCentre.get(standing.centre.code) ?? [], nowMs) }));
    await Promise.all([book.add(0, centreRows(rows, lang)), book.add(1, requirementRows(rows, lang))]);
  }
  await book.add(2, [...about.rows]);
  return Buffer.concat(await book.end());
}

type Told = { readonly group: readonly CentreStanding[]; readonly found: readonly ToldFinding[] };

/** Groups of centres with their findings: those of the next group are read while one is written. */
async function* readAhead(groups: Iterable<readonly CentreStanding[]>, told: CentreList["told"]): AsyncGenerator<Told> {
  let before: Promise<Told> | undefined;
  for (const group of groups) {
    const next = told(group.map(({ centre }) => centre.code)).then((found) => ({ group, found }));
    // Whoever asks for it hears of its fault; while one before it is written nobody does yet.
    next.catch(() => undefined);
    if (before) yield await before;
    before = next;
  }
  if (before) yield await before;
}

/** All requirements of one centre as they stand now, in the order of the policy; what nobody judged is unknown. */
function requirementsOf({ requirements }: PolicyProfile, { findings }: CentreStanding, told: readonly ToldFinding[], nowMs: number): Row[] {
  const known = new Map(told.map((finding) => [finding.requirement, asOf(finding, nowMs)]));
  const waived = new Set(findings.flatMap((finding) => (finding.waived ? [finding.requirement] : [])));
  return requirements.map((requirement) => {
    const { id } = requirement;
    return { requirement, finding: known.get(id) ?? { requirement: id, state: "unknown", reason: "no_data" }, waived: waived.has(id) };
  });
}

type CentreRows = { readonly standing: CentreStanding; readonly requirements: readonly Row[] };

const centreHead: readonly TextKey[] = [
  "report.column.code",
  "report.column.centre",
  "report.column.district",
  "web.filter.isp",
  "list.contractMbps",
  "alert.label.contract",
  "web.filter.state",
  "report.column.since",
  "report.column.fails",
  "list.pass",
  "list.fail",
  "list.open",
  "list.waived",
  "web.table.contact",
];

function centresHead({ requirements }: PolicyProfile, lang: Lang): XlsxHead {
  return {
    name: text(lang, "list.centres"),
    head: [...centreHead.map((key) => text(lang, key)), ...requirements.map(({ id, title }) => `${id} ${title[lang]}`)],
    widths: [...centreHead.map((key) => (key === "report.column.centre" ? 30 : 15)), ...requirements.map(() => 18)],
  };
}

function centreRows(centres: readonly CentreRows[], lang: Lang): Cell[][] {
  return centres.map(({ standing, requirements: own }): Cell[] => {
    const { centre, state, tally, fails, since } = standing;
    const { code, name, district, isp, contractMbps, contractNumber, lastContactAt } = centre;
    return [
      code,
      name,
      district,
      isp,
      contractMbps,
      contractNumber,
      text(lang, `state.${state}`),
      since && { at: since },
      fails.map(({ id }) => id).join(", "),
      tally.pass,
      tally.fail,
      tally.unknown + tally.pending + tally.error,
      tally.waived,
      lastContactAt === undefined ? text(lang, "web.table.never") : { at: lastContactAt },
      ...own.map((row) => stateWords(lang, row)),
    ];
  });
}

function stateWords(lang: Lang, { finding, waived }: Row): string {
  return `${text(lang, `state.${finding.state}`)}${waived ? ` (${text(lang, "web.table.waived")})` : ""}`;
}

const requirementHead: readonly TextKey[] = [
  "report.column.code",
  "report.column.centre",
  "report.column.district",
  "web.filter.isp",
  "report.column.id",
  "report.column.requirement",
  "web.filter.state",
  "report.column.since",
  "report.column.why",
  "report.column.measured",
  "report.column.required",
  "report.column.unit",
  "report.column.observedAt",
  "report.column.owner",
  "report.column.clause",
];
const WIDE = new Set<TextKey>(["report.column.requirement", "report.column.why", "report.column.clause"]);

function requirementsHead(lang: Lang): XlsxHead {
  return {
    name: text(lang, "report.sheet"),
    head: requirementHead.map((key) => text(lang, key)),
    widths: requirementHead.map((key) => (WIDE.has(key) ? 46 : 15)),
  };
}

function requirementRows(centres: readonly CentreRows[], lang: Lang): Cell[][] {
  return centres.flatMap(({ standing: { centre }, requirements }) =>
    requirements.map((row): Cell[] => {
      const { finding, requirement } = row;
      const { evidenceClass, observed, required, unit, observedAt, since } = finding;
      return [
        centre.code,
        centre.name,
        centre.district,
        centre.isp,
        requirement.id,
        requirement.title[lang],
        stateWords(lang, row),
        since && { at: since },
        findingSentence(lang, finding),
        evidenceClass === "measured" ? observed : undefined,
        required,
        unit,
        observedAt && { at: observedAt },
        text(lang, `owner.${requirement.owner}`),
        requirement.clause,
      ];
    }),
  );
}

/** When the list was made, by which policy, and what it was filtered by. */
function aboutSheet({ policy, standings, filter, demo, nowMs }: CentreList, shown: number, lang: Lang): XlsxSheet {
  const { q, state, district, isp, requirement } = filter;
  const chosenBy: readonly (readonly [TextKey, string])[] = [
    ["web.filter.search", q],
    ["web.filter.state", stateAsked(lang, state)],
    ["web.filter.district", district],
    ["web.filter.isp", isp],
    ["web.filter.requirement", requirement],
  ];
  return {
    name: text(lang, "list.about"),
    head: [text(lang, "report.column.key"), text(lang, "report.column.value")],
    widths: [30, 80],
    rows: [
      ...(demo ? [[text(lang, "web.demo.label"), text(lang, "report.demo")]] : []),
      [text(lang, "report.column.at"), moment(lang, nowMs)],
      [text(lang, "list.centres"), text(lang, "web.filter.result", { shown, total: standings.length })],
      ...chosenBy.map(([key, value]) => [text(lang, key), value === "" ? text(lang, "web.filter.all") : value]),
      [
        text(lang, "report.policy"),
        `${policy.id}@${policy.version}, ${day(lang, policy.effectiveFrom)}, ${policy.source.document} (${day(lang, policy.source.date)})`,
      ],
    ],
  };
}

function stateAsked(lang: Lang, state: string): string {
  const [found] = (["pass", "fail", "unknown", "pending", "error", "not_applicable"] as const).filter((one) => one === state);
  if (found) return text(lang, `state.${found}`);
  return state === "open" ? text(lang, "web.filter.open") : state;
}
