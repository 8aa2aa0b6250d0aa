import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { FindingState, Tally } from "#schemas/finding.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import type { Lang } from "#schemas/words.ts";
import { foldMarks } from "./format.ts";
import type { CentreBrief, ClosedCentre, FindingBrief, ProvinceRows, SharedChange } from "./page-store.ts";
import { asOf, tally, worstState } from "./standing.ts";

/** Characters of a contract's number from which on a centre is found by it: the numbers of a province have most of their pairs of digits in common. */
const CONTRACT_CHARACTERS_MIN = 4;

/** What a reader asked for; an empty string asks for everything. */
export type ProvinceFilter = { readonly q: string; readonly state: string; readonly district: string; readonly isp: string; readonly requirement: string };

/** One line of the table: a centre, the worst of its requirements and what fails there. */
export type CentreStanding = {
  readonly centre: CentreBrief;
  readonly state: FindingState;
  /** Every failing requirement is waived. */
  readonly excused: boolean;
  readonly tally: Tally;
  readonly fails: readonly { id: string; impact: number; waived: boolean }[];
  /** All its requirements. */
  readonly findings: readonly (Pick<FindingBrief, "requirement" | "state" | "waived"> & { readonly since?: string })[];
  /** When the oldest finding of the centre's state got that state. */
  readonly since?: string;
};

export type ProvinceView = {
  readonly standings: readonly CentreStanding[];
  readonly shown: readonly CentreStanding[];
  /** Centres by state; the parts sum to the number of centres. */
  readonly centres: Tally;
  /** All findings of all centres: coverage and score of the province. */
  readonly findings: Tally;
  readonly closed: readonly ClosedCentre[];
  readonly districts: readonly string[];
  /** Who provides the lines; empty where no centre says. */
  readonly isps: readonly string[];
  readonly worst: readonly { requirement: Requirement; count: number }[];
  /** Today's changes, the newest first. */
  readonly changes: readonly SharedChange[];
  readonly names: ReadonlyMap<string, string>;
};

/** Puts the province's rows in order for one reader. Starts from centres x requirements, so that a centre without findings is seen. */
export function provinceView(policy: PolicyProfile, rows: ProvinceRows, filter: ProvinceFilter, lang: Lang, nowMs: number): ProvinceView {
  const collator = new Intl.Collator(lang);
  const standings = worstOnTop(
    standingsOf(
      policy,
      rows.centres,
      Map.groupBy(rows.findings, ({ centre }) => centre),
      nowMs,
    ),
    lang,
  );
  const findings = standings.flatMap(({ findings }) => findings);
  return {
    standings,
    shown: asked(standings, filter),
    centres: tally(standings.map(({ state, tally }) => ({ state, waived: tally.waived > 0 }))),
    findings: tally(findings),
    closed: rows.closed,
    districts: [...new Set(rows.centres.flatMap(({ district }) => district ?? []))].sort(collator.compare),
    isps: [...new Set(rows.centres.flatMap(({ isp }) => isp ?? []))].sort(collator.compare),
    worst: policy.requirements
      .map((requirement) => ({ requirement, count: findings.filter(({ requirement: id, state }) => id === requirement.id && state === "fail").length }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count || a.requirement.impact - b.requirement.impact)
      .slice(0, 6),
    changes: rows.changes,
    names: new Map(rows.centres.map(({ code, name }) => [code, name])),
  };
}

/** How each of some centres stands, in their order; a centre without findings is unknown in all. */
export function standingsOf(
  policy: PolicyProfile,
  centres: readonly CentreBrief[],
  findings: ReadonlyMap<string, readonly FindingBrief[]>,
  nowMs: number,
): readonly CentreStanding[] {
  const impacts = new Map(policy.requirements.map(({ id, impact }) => [id, impact]));
  return centres.map((centre) => standingOf(centre, policy, findings.get(centre.code) ?? [], impacts, nowMs));
}

/** Centres in the order in which the province looks at them. */
export function worstOnTop(standings: readonly CentreStanding[], lang: Lang): readonly CentreStanding[] {
  const collator = new Intl.Collator(lang);
  return standings.toSorted((a, b) => rank(a) - rank(b) || weight(b) - weight(a) || collator.compare(a.centre.name, b.centre.name));
}

/** Those of some centres that a reader asked for. */
export function asked(standings: readonly CentreStanding[], filter: ProvinceFilter): readonly CentreStanding[] {
  return standings.filter((standing) => matches(standing, filter));
}

function standingOf(
  centre: CentreBrief,
  policy: PolicyProfile,
  stored: readonly FindingBrief[],
  impacts: ReadonlyMap<string, number>,
  nowMs: number,
): CentreStanding {
  const known = new Map(stored.map((finding) => [finding.requirement, asOf(finding, nowMs)]));
  const findings = policy.requirements.map(({ id }): CentreStanding["findings"][number] => {
    return known.get(id) ?? { requirement: id, state: "unknown", waived: false };
  });
  const state = worstState(findings);
  const fails = findings
    .filter((finding) => finding.state === "fail")
    .map(({ requirement: id, waived }) => ({ id, waived, impact: impacts.get(id) ?? 3 }))
    .sort((a, b) => Number(a.waived) - Number(b.waived) || a.impact - b.impact || a.id.localeCompare(b.id));
  const since = findings.flatMap((finding) => (finding.state === state && finding.since ? [finding.since] : [])).sort()[0];
  return { centre, state, excused: fails.length > 0 && fails.every(({ waived }) => waived), tally: tally(findings), fails, findings, ...(since && { since }) };
}

/** Worst first; a centre whose failures are all waived comes after those that must act. */
function rank({ state, excused }: CentreStanding): number {
  return worstFirst.indexOf(state) + (excused ? 0.5 : 0);
}

/** One failure that stops the counter outweighs any number of lesser ones of a sheet of 31; then what is unknown counts. */
function weight({ fails, tally }: CentreStanding): number {
  const failing = fails.reduce((sum, { impact, waived }) => sum + (waived ? 0 : 100 ** (4 - impact)), 0);
  return failing + (tally.unknown + tally.error + tally.pending) / 100;
}

function matches({ centre, state, fails }: CentreStanding, filter: ProvinceFilter): boolean {
  const words = foldMarks(filter.q).split(/\s+/).filter(Boolean);
  const where = foldMarks(`${centre.name} ${centre.code} ${centre.district ?? ""}`);
  const contract = foldMarks(centre.contractNumber ?? "");
  return (
    words.every((word) => where.includes(word) || (word.length >= CONTRACT_CHARACTERS_MIN && contract.includes(word))) &&
    (filter.state === "" || state === filter.state || (filter.state === "open" && (state === "unknown" || state === "pending" || state === "error"))) &&
    (filter.district === "" || centre.district === filter.district) &&
    (filter.isp === "" || centre.isp === filter.isp) &&
    (filter.requirement === "" || fails.some(({ id }) => id === filter.requirement))
  );
}
