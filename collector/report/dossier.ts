import { type Attestation, isWithdrawnAt, type Waiver, type Withdrawal } from "#schemas/attestation.ts";
import { type Calendar, dayAfter, endOfDayMs, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { worstFirst } from "#schemas/evaluate/judgement.ts";
import type { Finding, FindingState, Tally } from "#schemas/finding.ts";
import { type Closing, isClosedOn } from "#schemas/inventory.ts";
import { type AttestedRule, attestedRuleOf, type PolicyProfile, type Requirement } from "#schemas/policy.ts";
import type { NamedVersion } from "../policy-book.ts";
import { type DayChange, type DayState, dailyStates, workedDays } from "../web/daily-states.ts";
import type { CentreBrief, StandingFinding } from "../web/page-store.ts";
import { asOf, tally, worstState } from "../web/standing.ts";
import { type Excuse, excusesOf } from "./excuses.ts";
import { closesAt, type Period } from "./period.ts";

/** What a report is made from: everything as it was known when the month closed. Findings are those at the month's end, of a centre that closed those of its last day. */
export type ReportRows = {
  /** Those of the month's end, and with `closed` those that closed within it. */
  readonly centres: readonly CentreBrief[];
  readonly findings: readonly StandingFinding[];
  /** Up to the month's end, oldest first, with the last one before its start, and with what days without a judge bring into them. */
  readonly changes: readonly DayChange[];
  readonly attestations: readonly Attestation[];
  readonly waivers: readonly Waiver[];
};

/** One requirement of one centre in one month. Measured and declared stand apart; nobody's name stands in it. */
export type DossierRow = {
  readonly requirement: string;
  readonly state: FindingState;
  readonly reason: string;
  readonly evidenceClass: Finding["evidenceClass"];
  readonly measured?: number;
  readonly required?: number;
  readonly unit?: string;
  readonly detail?: Finding["detail"];
  readonly declared?: Finding["declared"];
  readonly observedAt?: string;
  readonly since?: string;
  /** Days of the month by their worst state; with `notCounted` they sum to the days that are over, `none` being those before the first judgement. */
  readonly days: Readonly<Record<FindingState | "none", number>>;
  /** Of the unknown days those on which no collector judged, and of which nothing was learnt since; absent when there are none. */
  readonly notJudged?: number;
  /** Days without working time, of what is judged by working time alone; absent when there are none, and in reports that were sealed without it. */
  readonly notCounted?: number;
  readonly evidence: readonly string[];
};

export type DossierCentre = {
  readonly code: string;
  readonly name: string;
  readonly district?: string;
  readonly officers?: number;
  readonly keyArea: boolean;
  /** Of a centre that closed within the month: all of it is up to the end of its last day. */
  readonly closed?: Closing;
  readonly state: FindingState;
  readonly tally: Tally;
  readonly rows: readonly DossierRow[];
  /** All of the month. Withdrawn ones say so, if that was known when the month closed. */
  readonly waivers: readonly (Omit<Waiver, "approver" | "centre" | "withdrawn"> & {
    readonly withdrawn?: Omit<Withdrawal, "by">;
    /** Whether it was in force on the last day that is counted. Absent in reports that were sealed without it. */
    readonly inForce?: boolean;
  })[];
  readonly attestations: readonly { requirement: string; item?: string; holds: boolean; inspected: boolean; post?: string; document?: string; at: string }[];
  /** Absent when there is none. */
  readonly excuses?: readonly Excuse[];
  /** How many more there were than a report takes; absent when it has them all. */
  readonly excusesLeft?: number;
};

/** A month of one centre or of the province, complete and independent of any later change. */
export type Dossier = {
  /** The form, kept by what is sealed in it: the spreadsheets of 1 do not say how many requirements were waived. */
  readonly format: "hcc-watch/dossier/1" | "hcc-watch/dossier/2";
  readonly scope: "centre" | "province";
  readonly demo: boolean;
  readonly month: string;
  readonly firstDay: string;
  readonly lastDay: string;
  /** Last day that is counted: the month's last, or today while the month runs. */
  readonly countedTo: string;
  /** After this instant nothing changes any more; before it the report is provisional. */
  readonly closesAt: string;
  readonly provisional: boolean;
  readonly policy: {
    readonly id: string;
    readonly version: number;
    readonly effectiveFrom: string;
    readonly title: PolicyProfile["title"];
    readonly source: PolicyProfile["source"];
  };
  /** All versions that were in force in the month so far, oldest first; `policy` judged the states at its end. Absent when it was the only one. */
  readonly policies?: readonly NamedVersion[];
  readonly requirements: readonly (Pick<Requirement, "id" | "title" | "clause" | "owner" | "evidenceClass" | "reading"> & {
    /** What people attest, item by item; absent when nothing is. */
    readonly items?: readonly Pick<AttestedRule["items"][number], "id" | "title">[];
  })[];
  readonly centresTally: Tally;
  readonly findingsTally: Tally;
  readonly centres: readonly DossierCentre[];
  /** Of the province: those that closed within the month. They are in none of the sums, which are of the centres at its end; absent when there are none. */
  readonly closedCentres?: readonly DossierCentre[];
};

type DossierOptions = { readonly nowMs: number; readonly demo: boolean; readonly calendar: Calendar; readonly policies?: readonly NamedVersion[] };

/** Builds the dossier of a month. Pure: the same rows give the same dossier, whenever it is asked for. */
export function buildDossier(scope: Dossier["scope"], period: Period, policy: PolicyProfile, rows: ReportRows, options: DossierOptions): Dossier {
  return dossierOf(scope, period, policy, dossierCentres(period, policy, rows, options), options);
}

/** What a dossier says of some of its centres. Pure. */
export function dossierCentres(period: Period, policy: PolicyProfile, rows: ReportRows, options: Pick<DossierOptions, "nowMs" | "calendar">): DossierCentre[] {
  const findings = byCentre(rows.findings);
  const changes = byCentre(rows.changes);
  const waivers = byCentre(rows.waivers);
  const attestations = byCentre(rows.attestations);
  return rows.centres.map((centre) => {
    const { code } = centre;
    const own = { findings: findings(code), changes: changes(code), waivers: waivers(code), attestations: attestations(code) };
    return dossierCentre(centre, period, policy, own, options);
  });
}

/** The dossier of a month from what it says of each of its centres, in any order. Pure. */
export function dossierOf(
  scope: Dossier["scope"],
  period: Period,
  policy: PolicyProfile,
  unsorted: readonly DossierCentre[],
  options: Omit<DossierOptions, "calendar">,
): Dossier {
  const all = unsorted.toSorted(
    (a, b) => worstFirst.indexOf(a.state) - worstFirst.indexOf(b.state) || b.tally.fail - a.tally.fail || (a.code < b.code ? -1 : 1),
  );
  // The dossier of one centre is about that one, closed or not.
  const centres = scope === "centre" ? all : all.filter(({ closed }) => closed === undefined);
  const closedCentres = scope === "centre" ? [] : all.filter(({ closed }) => closed !== undefined);
  const { policies = [] } = options;
  const { id, version, effectiveFrom, title, source } = policy;
  return {
    format: "hcc-watch/dossier/2",
    scope,
    demo: options.demo,
    month: period.month,
    firstDay: period.firstDay,
    lastDay: period.lastDay,
    countedTo: countedTo(period, options.nowMs),
    closesAt: closesAt(period),
    provisional: options.nowMs < Date.parse(closesAt(period)),
    policy: { id, version, effectiveFrom, title, source },
    ...(policies.length > 1 && { policies }),
    requirements: policy.requirements.map((requirement) => {
      const { id, title, clause, owner, evidenceClass, reading } = requirement;
      const items = attestedRuleOf(requirement)?.items.map(({ id, title }) => ({ id, title }));
      return { id, title, clause, owner, evidenceClass, ...(reading && { reading }), ...(items && { items }) };
    }),
    ...tallies(centres, period.lastDay),
    centres,
    ...(closedCentres.length > 0 && { closedCentres }),
  };
}

/** Rows by the code of their centre. */
export function byCentre<Row extends { readonly centre: string }>(rows: readonly Row[]): (code: string) => readonly Row[] {
  const groups = Map.groupBy(rows, ({ centre }) => centre);
  return (code) => groups.get(code) ?? [];
}

/** What the days of a month count as, of each requirement of a centre: from the month's first to the last that is over or runs, of a centre that closed to its own. */
export function daysOfCentre(
  centre: Pick<CentreBrief, "closed">,
  { lastDay: monthEnd }: Pick<Period, "lastDay">,
  { requirements }: Pick<PolicyProfile, "requirements">,
  changes: readonly DayChange[],
  { nowMs, calendar }: { nowMs: number; calendar: Calendar },
): ReadonlyMap<string, readonly (DayState | undefined)[]> {
  const changesOf = Map.groupBy(changes, ({ requirement }) => requirement);
  const lastDay = countedTo({ lastDay: lastOpenDay(centre, monthEnd) }, nowMs);
  const daysOf = ({ id, rule }: Requirement) => dailyStates(changesOf.get(id) ?? [], lastDay, Number(lastDay.slice(8)), workedDays(rule, calendar, nowMs));
  return new Map(requirements.map((requirement) => [requirement.id, daysOf(requirement)]));
}

/** The part of a province's dossier that is about one centre; undefined when it is not in it. */
export function dossierOfCentre(province: Dossier, code: string): Dossier | undefined {
  const { closedCentres: _, ...rest } = province;
  const centres = everyCentre(province).filter((centre) => centre.code === code);
  return centres.length === 0 ? undefined : { ...rest, scope: "centre", ...tallies(centres, province.lastDay), centres };
}

/** All centres of a dossier, those that closed within its month at the end. */
export function everyCentre({ centres, closedCentres = [] }: Pick<Dossier, "centres" | "closedCentres">): readonly DossierCentre[] {
  return [...centres, ...closedCentres];
}

/** The last Vietnam day of a centre in a month that ends with `lastDay`. */
export function lastOpenDay({ closed }: Pick<DossierCentre, "closed">, lastDay: string): string {
  return closed !== undefined && isClosedOn(closed, lastDay) ? dayAfter(closed.on, -1) : lastDay;
}

/**
 * The waivers that lie over the states of a report: those in force when these were judged. Reports that were sealed without that mark count all of their month
 * that were not withdrawn in it, and stay so.
 */
export function countedWaivers(centre: Pick<DossierCentre, "waivers" | "closed">, lastDay: string): DossierCentre["waivers"] {
  return centre.waivers.filter(({ inForce, ...waiver }) => inForce ?? !isWithdrawnAt(waiver, endOfDayMs(lastOpenDay(centre, lastDay))));
}

function tallies(centres: readonly DossierCentre[], lastDay: string): Pick<Dossier, "centresTally" | "findingsTally"> {
  return {
    centresTally: tally(centres.map((centre) => ({ state: centre.state, waived: countedWaivers(centre, lastDay).length > 0 }))),
    findingsTally: tally(centres.flatMap((centre) => judgedRows(centre, lastDay))),
  };
}

function judgedRows(centre: Pick<DossierCentre, "rows" | "waivers" | "closed">, lastDay: string) {
  const waived = new Set(countedWaivers(centre, lastDay).map(({ requirement }) => requirement));
  return centre.rows.map(({ state, requirement }) => ({ state, waived: waived.has(requirement) }));
}

function dossierCentre(
  centre: CentreBrief,
  month: Period,
  policy: PolicyProfile,
  { findings, changes, waivers: filed, attestations: attested }: Omit<ReportRows, "centres">,
  { nowMs, calendar }: { nowMs: number; calendar: Calendar },
): DossierCentre {
  const { closed } = centre;
  const period = closed ? { ...month, lastDay: lastOpenDay(centre, month.lastDay), to: new Date(vietnamDayStartMs(closed.on)).toISOString() } : month;
  const endMs = Math.min(Date.parse(period.to) - 1, nowMs);
  const known = new Map(findings.map((finding) => [finding.requirement, asOf(finding, endMs)]));
  const lastDay = countedTo(period, nowMs);
  const days = daysOfCentre(centre, month, policy, changes, { nowMs, calendar });
  // What came into force when a centre was no more was never demanded of it.
  const demanded = policy.requirements.filter(({ id }) => !closed || known.has(id));
  const rows = demanded.map(({ id }) => dossierRow(id, known.get(id), days.get(id) ?? []));
  const waivers = filed
    .filter((waiver) => waiver.from <= period.lastDay && waiver.until >= period.firstDay && !isWithdrawnAt(waiver, Date.parse(period.from) - 1))
    .map(({ id, requirement, reason, document, from, until, withdrawn }) => ({
      id,
      requirement,
      reason,
      document,
      from,
      until,
      ...(withdrawn && { withdrawn: { at: withdrawn.at, reason: withdrawn.reason } }),
      inForce: from <= lastDay && lastDay <= until && !isWithdrawnAt({ withdrawn }, endMs),
    }));
  const attestations = attested
    .filter(({ at }) => at < period.to)
    .map(({ requirement, item, holds, inspector, post, document, at }) => ({
      requirement,
      ...(item && { item }),
      holds,
      inspected: inspector,
      ...(post && { post }),
      ...(document && { document }),
      at,
    }));
  const { excuses, left } = excusesOf(changes, period);
  const { code, name, district, officers, keyArea } = centre;
  return {
    code,
    name,
    ...(district && { district }),
    ...(officers !== undefined && { officers }),
    keyArea,
    ...(closed && { closed }),
    state: worstState(rows),
    tally: tally(judgedRows({ rows, waivers }, period.lastDay)),
    rows,
    waivers,
    attestations,
    ...(excuses.length > 0 && { excuses }),
    ...(left > 0 && { excusesLeft: left }),
  };
}

/** The month's last day, or today while the month runs. */
function countedTo({ lastDay }: Pick<Period, "lastDay">, nowMs: number): string {
  const today = vietnamDay(nowMs);
  return today < lastDay ? today : lastDay;
}

const noDays = Object.fromEntries([...worstFirst, "none" as const].map((state) => [state, 0])) as Record<FindingState | "none", number>;

function dossierRow(requirement: string, finding: StandingFinding | undefined, states: readonly (DayState | undefined)[]): DossierRow {
  const days = { ...noDays };
  for (const day of states) if (day !== "not_counted") days[day === "not_judged" ? "unknown" : (day ?? "none")]++;
  const [notJudged, notCounted] = (["not_judged", "not_counted"] as const).map((state) => states.filter((day) => day === state).length);
  const counted = { days, ...(notJudged && { notJudged }), ...(notCounted && { notCounted }) };
  if (!finding) return { requirement, state: "unknown", reason: "no_data", evidenceClass: "measured", ...counted, evidence: [] };
  const { state, reason, evidenceClass, observed, required, unit, detail, declared, observedAt, since, evidence } = finding;
  return {
    requirement,
    state,
    reason,
    evidenceClass,
    ...(observed !== undefined && { measured: observed }),
    ...(required !== undefined && { required }),
    ...(unit && { unit }),
    ...(detail && { detail }),
    ...(declared && { declared }),
    ...(observedAt && { observedAt }),
    since,
    ...counted,
    evidence,
  };
}
