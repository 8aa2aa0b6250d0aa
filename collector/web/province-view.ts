import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { FindingState, Tally } from "#schemas/finding.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import type { Lang } from "#schemas/words.ts";
import { foldMarks } from "./format.ts";
import type { CentreBrief, ClosedCentre, FindingBrief, ProvinceRows, SharedChange } from "./page-store.ts";
import { hasRunOut, sumOf, tally, worstState } from "./standing.ts";

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
  readonly findings: readonly Pick<FindingBrief, "requirement" | "state" | "waived">[];
  /** When the oldest finding of the centre's state got that state. */
  readonly since?: string;
};

export type ProvinceView = {
  /** The instant at which it stands like that. */
  readonly atMs: number;
  readonly standings: readonly CentreStanding[];
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

/** Puts the province's rows in order for readers of one language. Starts from centres x requirements, so that a centre without findings is seen. */
export function provinceView(policy: PolicyProfile, rows: ProvinceRows, lang: Lang, nowMs: number): ProvinceView {
  const collator = new Intl.Collator(lang);
  const standings = worstOnTop(standingsOf(policy, rows.centres, rows.findings, nowMs), lang);
  const failing = Map.groupBy(
    standings.flatMap(({ fails }) => fails),
    ({ id }) => id,
  );
  return {
    atMs: nowMs,
    standings,
    centres: tally(standings.map(({ state, tally }) => ({ state, waived: tally.waived > 0 }))),
    findings: sumOf(standings.map(({ tally }) => tally)),
    closed: rows.closed,
    districts: [...new Set(rows.centres.flatMap(({ district }) => district ?? []))].sort(collator.compare),
    isps: [...new Set(rows.centres.flatMap(({ isp }) => isp ?? []))].sort(collator.compare),
    worst: policy.requirements
      .map((requirement) => ({ requirement, count: failing.get(requirement.id)?.length ?? 0 }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count || a.requirement.impact - b.requirement.impact)
      .slice(0, 6),
    changes: rows.changes,
    names: new Map(rows.centres.map(({ code, name }) => [code, name])),
  };
}

/** How each of some centres stands, in their order; a centre without findings is unknown in all. */
function standingsOf(
  policy: PolicyProfile,
  centres: readonly CentreBrief[],
  findings: ReadonlyMap<string, readonly FindingBrief[]>,
  nowMs: number,
): readonly CentreStanding[] {
  const impacts = new Map(policy.requirements.map(({ id, impact }) => [id, impact]));
  return centres.map((centre) => standingOf(centre, policy, findings.get(centre.code) ?? [], impacts, nowMs));
}

/** Centres in the order in which the province looks at them. */
function worstOnTop(standings: readonly CentreStanding[], lang: Lang): readonly CentreStanding[] {
  const collator = new Intl.Collator(lang);
  return standings
    .map((standing) => ({ standing, rank: rank(standing), weight: weight(standing) }))
    .sort((a, b) => a.rank - b.rank || b.weight - a.weight || collator.compare(a.standing.centre.name, b.standing.centre.name))
    .map(({ standing }) => standing);
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
  const known = new Map(stored.map((finding) => [finding.requirement, finding]));
  const findings: FindingNow[] = policy.requirements.map(({ id }) => {
    const finding = known.get(id);
    return finding ? findingNow(finding, nowMs) : { requirement: id, state: "unknown", waived: false, sinceMs: Number.POSITIVE_INFINITY };
  });
  const state = worstState(findings);
  const fails = findings
    .filter((finding) => finding.state === "fail")
    .map(({ requirement: id, waived }) => ({ id, waived, impact: impacts.get(id) ?? 3 }))
    .sort((a, b) => Number(a.waived) - Number(b.waived) || a.impact - b.impact || (a.id < b.id ? -1 : 1));
  const sinceMs = findings.reduce((oldest, finding) => (finding.state === state ? Math.min(oldest, finding.sinceMs) : oldest), Number.POSITIVE_INFINITY);
  const since = Number.isFinite(sinceMs) && { since: new Date(sinceMs).toISOString() };
  return { centre, state, excused: fails.length > 0 && fails.every(({ waived }) => waived), tally: tally(findings), fails, findings, ...since };
}

type FindingNow = CentreStanding["findings"][number] & { readonly sinceMs: number };

/** A stored finding as it stands at an instant. */
function findingNow(finding: FindingBrief, nowMs: number): FindingNow {
  const { state, validUntilMs, sinceMs } = finding;
  return hasRunOut(state, validUntilMs, nowMs) ? { ...finding, state: "unknown", sinceMs: validUntilMs ?? sinceMs } : finding;
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
