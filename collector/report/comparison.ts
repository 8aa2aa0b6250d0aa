import { isDeepStrictEqual } from "node:util";
import type { FindingState } from "#schemas/finding.ts";
import type { Closing } from "#schemas/inventory.ts";
import type { PolicyProfile, Requirement } from "#schemas/policy.ts";
import { countedWaivers, type Dossier, type DossierCentre, type DossierRow } from "./dossier.ts";

/**
 * What became of a requirement at a centre from one month to another, the worst first. `found` is what was not known before: it says nothing of better or
 * worse. `scope` is what applies in one of the two months alone.
 */
export const changeKinds = [
  "newly_not_met",
  "found_not_met",
  "newly_unknown",
  "still_not_met",
  "still_unknown",
  "scope",
  "newly_met",
  "found_met",
  "still_met",
  "not_applicable",
] as const;
export type ChangeKind = (typeof changeKinds)[number];

export type ComparedRow = {
  readonly kind: ChangeKind;
  readonly centre: Pick<DossierCentre, "code" | "name" | "district">;
  readonly requirement: string;
  readonly before: DossierRow;
  readonly after: DossierRow;
  /** A waiver lies over it at the end of the later month. */
  readonly waived: boolean;
};

/** Why a requirement is not compared: one of the months does not have it, its rule changed, or nobody can read by which rule it was judged. */
export type NotCompared = { readonly requirement: string; readonly why: "added" | "dropped" | "changed" | "unread" };
/** A centre that stands at the end of one of the two months alone. */
export type OtherCentre = Pick<DossierCentre, "code" | "name"> & { readonly why: "added" | "gone"; readonly closed?: Closing };

export type KindCounts = Readonly<Record<ChangeKind, number>>;

/** Two months side by side, of the centres and requirements that both have. */
export type Comparison = {
  readonly before: Dossier;
  readonly after: Dossier;
  /** The worst first. */
  readonly rows: readonly ComparedRow[];
  readonly byRequirement: readonly { readonly requirement: Dossier["requirements"][number]; readonly counts: KindCounts }[];
  readonly total: KindCounts;
  readonly notCompared: readonly NotCompared[];
  readonly otherCentres: readonly OtherCentre[];
};

/** The policies that judged two months, as they were recorded; undefined where nobody can read one. */
export type JudgedBy = { readonly before: PolicyProfile | undefined; readonly after: PolicyProfile | undefined };

/** Compares the dossiers of the province for two months, the earlier one first. Pure. */
export function compareMonths(before: Dossier, after: Dossier, policies: JudgedBy): Comparison {
  const notCompared = requirementsApart(before, after, policies);
  const apart = new Set(notCompared.map(({ requirement }) => requirement));
  const impacts = new Map(policies.after?.requirements.map(({ id, impact }) => [id, impact]));
  const ids = after.requirements.map(({ id }) => id);
  const places = new Map(ids.map((id, place) => [id, place]));
  const earlier = new Map(before.centres.map((centre) => [centre.code, centre]));
  // Groups are sorted, not the tens of thousands of rows of a large province: what is alike in all of this stays in the order of its centres, that of what is worst.
  const groups = new Map<string, [ComparedRow, ...ComparedRow[]]>();
  for (const centre of after.centres)
    for (const row of comparedRows(earlier.get(centre.code), centre, after.lastDay, apart)) {
      const name = `${row.kind} ${row.waived} ${row.requirement}`;
      const group = groups.get(name);
      if (group) group.push(row);
      else groups.set(name, [row]);
    }
  const rows = [...groups.values()]
    .sort(
      ([a], [b]) =>
        changeKinds.indexOf(a.kind) - changeKinds.indexOf(b.kind) ||
        Number(a.waived) - Number(b.waived) ||
        (impacts.get(a.requirement) ?? 3) - (impacts.get(b.requirement) ?? 3) ||
        (places.get(a.requirement) ?? 0) - (places.get(b.requirement) ?? 0),
    )
    .flat();
  const byRequirement = Map.groupBy(rows, ({ requirement }) => requirement);
  return {
    before,
    after,
    rows,
    byRequirement: after.requirements
      .filter(({ id }) => !apart.has(id))
      .map((requirement) => ({ requirement, counts: countsOf(byRequirement.get(requirement.id) ?? []) })),
    total: countsOf(rows),
    notCompared,
    otherCentres: otherCentres(before, after),
  };
}

function comparedRows(before: DossierCentre | undefined, after: DossierCentre, lastDay: string, apart: ReadonlySet<string>): ComparedRow[] {
  if (before === undefined) return [];
  const { code, name, district } = after;
  const known = new Map(before.rows.map((row) => [row.requirement, row]));
  const waived = new Set(countedWaivers(after, lastDay).map(({ requirement }) => requirement));
  return after.rows.flatMap((row) => {
    const { requirement } = row;
    const earlier = known.get(requirement);
    if (earlier === undefined || apart.has(requirement)) return [];
    const kind = kindOf(earlier.state, row.state);
    return [{ kind, centre: { code, name, ...(district && { district }) }, requirement, before: earlier, after: row, waived: waived.has(requirement) }];
  });
}

function kindOf(before: FindingState, after: FindingState): ChangeKind {
  if (before === "not_applicable" || after === "not_applicable") return before === after ? "not_applicable" : "scope";
  const wasOpen = before !== "pass" && before !== "fail";
  if (after === "fail") return wasOpen ? "found_not_met" : before === "fail" ? "still_not_met" : "newly_not_met";
  if (after === "pass") return wasOpen ? "found_met" : before === "pass" ? "still_met" : "newly_met";
  return wasOpen ? "still_unknown" : "newly_unknown";
}

function countsOf(rows: readonly ComparedRow[]): KindCounts {
  const groups = Map.groupBy(rows, ({ kind }) => kind);
  return Object.fromEntries(changeKinds.map((kind) => [kind, groups.get(kind)?.length ?? 0])) as KindCounts;
}

/** What both months do not have, or do not judge alike. */
function requirementsApart(before: Dossier, after: Dossier, policies: JudgedBy): NotCompared[] {
  const [earlier, later] = [before, after].map(({ requirements }) => new Set(requirements.map(({ id }) => id))) as [Set<string>, Set<string>];
  const isSame = before.policy.id === after.policy.id && before.policy.version === after.policy.version;
  const judge = (requirement: string): NotCompared[] => {
    if (!earlier.has(requirement)) return [{ requirement, why: "added" }];
    if (!later.has(requirement)) return [{ requirement, why: "dropped" }];
    if (isSame) return [];
    if (!policies.before || !policies.after) return [{ requirement, why: "unread" }];
    return isJudgedAlike(policies.before, policies.after, requirement) ? [] : [{ requirement, why: "changed" }];
  };
  return [...new Set([...later, ...earlier])].sort().flatMap(judge);
}

/** Whether two policies judge a requirement by the same rule at the same centres; other words for it are no other rule. */
function isJudgedAlike(before: PolicyProfile, after: PolicyProfile, id: string): boolean {
  const [earlier, later] = [before, after].map((policy) => judgedBy(policy, id));
  return before.id === after.id && earlier !== undefined && isDeepStrictEqual(earlier, later);
}

/** All of a policy that a state of a requirement hangs on. */
function judgedBy({ requirements, portals, vmsHosts }: PolicyProfile, id: string): object | undefined {
  const found = requirements.find((requirement: Requirement) => requirement.id === id);
  if (!found) return undefined;
  const { rule, applies } = found;
  return {
    rule,
    applies,
    ...(rule.kind === "reachable" && { portals: portals.map(({ id, url, expectText }) => ({ id, url, expectText })) }),
    ...("probe" in rule && rule.probe === "vms-link" && { vmsHosts }),
  };
}

function otherCentres(before: Dossier, after: Dossier): OtherCentre[] {
  const earlier = new Set(before.centres.map(({ code }) => code));
  const later = new Set(after.centres.map(({ code }) => code));
  const closed = new Map(after.closedCentres?.map((centre) => [centre.code, centre.closed]));
  const added = after.centres.filter(({ code }) => !earlier.has(code)).map(({ code, name }): OtherCentre => ({ code, name, why: "added" }));
  const gone = before.centres
    .filter(({ code }) => !later.has(code))
    .map(({ code, name }): OtherCentre => {
      const closing = closed.get(code);
      return { code, name, why: "gone", ...(closing && { closed: closing }) };
    });
  return [...added, ...gone].sort((a, b) => (a.why < b.why ? -1 : a.why > b.why ? 1 : a.code < b.code ? -1 : 1));
}
