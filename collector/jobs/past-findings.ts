import { vietnamDay } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needsOf } from "#schemas/evaluate/needs.ts";
import type { Facts } from "#schemas/facts.ts";
import type { Finding } from "#schemas/finding.ts";
import type { FindingsQuery } from "#schemas/read-api.ts";
import type { PolicyAt, PolicyInForce } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { loadFacts } from "../store/facts.ts";
import { lastChanges } from "../store/findings.ts";
import type { Moment } from "../store/moment.ts";
import { runsAsked } from "../store/one-site.ts";
import { retentionDays } from "../store/retention.ts";
import { type DeclaredSite, sitesAsOf } from "../store/site-versions.ts";
import type { StandingFinding } from "../web/page-store.ts";
import { sharedFaultsAt } from "./shared-faults.ts";

const DAY_MS = 86_400_000;
/** Sites judged at once: their facts are read together. */
const AT_ONCE = 20;

/** The oldest instant of which the evidence is still whole: rules look back a quarter of a year at most. */
export function oldestPastMs(nowMs: number): number {
  return nowMs - (retentionDays.packed - 100) * DAY_MS;
}

/** What the evidence of a past instant says of one site, and when that site had made its last observation by then. */
export type PastJudgement = { readonly siteId: number; readonly lastContactMs: number | undefined; readonly findings: readonly Finding[] };

/**
 * What the evidence of a past instant says of some sites: centres as declared then, the policy of then, and nothing that became known after `knownMs`. The same
 * question has the same answer for ever, whatever is learnt or changed later.
 */
export async function pastJudgements(
  db: Db,
  inForce: PolicyInForce,
  moment: Required<Moment>,
  sites: readonly DeclaredSite[],
  known?: Facts["sharedFaults"],
): Promise<PastJudgement[]> {
  const { policy, calendar } = inForce;
  const { atMs, knownMs } = moment;
  const needs = needsOf(policy.requirements, calendar, atMs);
  const shared = known ?? (await sharedFaultsAt(db, inForce, moment));
  const asked = await runsAsked(db);
  const left = [...sites];
  const judgements: PastJudgement[] = [];
  while (left.length > 0) {
    const group = left.splice(0, AT_ONCE);
    const facts = await loadFacts(
      db,
      asked,
      group.map((site) => ({ site, needs, calendar, atMs })),
      shared,
      knownMs,
    );
    judgements.push(
      ...group.map(({ siteId }, place) => {
        const known = facts[place] as Facts;
        return { siteId, lastContactMs: known.lastContactMs, findings: evaluate(policy, known, atMs) };
      }),
    );
  }
  return judgements;
}

/**
 * The same as findings, of all sites where none are named, each with the instant at which its state began. In order of centre and requirement. `shared` are the faults of
 * the moment, for who asks a group of sites at a time.
 */
export async function pastFindings(
  db: Db,
  inForce: PolicyInForce,
  moment: Required<Moment>,
  { sites: named, shared }: { readonly sites?: readonly DeclaredSite[]; readonly shared?: Facts["sharedFaults"] } = {},
): Promise<StandingFinding[]> {
  const { atMs, knownMs } = moment;
  const sites = named ?? (await sitesAsOf(db, vietnamDay(atMs), knownMs));
  const since = await lastChanges(
    db,
    { atMs, knownMs },
    sites.map(({ siteId }) => siteId),
  );
  const judgements = await pastJudgements(db, inForce, moment, sites, shared);
  return judgements.flatMap(({ siteId, findings }) =>
    findings.map((finding): StandingFinding => {
      const change = since.get(`${siteId} ${finding.requirement}`);
      return { ...finding, since: change?.state === finding.state ? change.at : new Date(atMs).toISOString() };
    }),
  );
}

/** One page of the findings as they were known at an instant. */
export async function findingsAsOf(
  db: Db,
  policyAt: PolicyAt,
  { centre, requirement, state, limit, after }: FindingsQuery,
  atMs: number,
): Promise<StandingFinding[]> {
  const moment = { atMs, knownMs: atMs };
  const { policy, calendar } = policyAt(atMs, atMs);
  const requirements = policy.requirements
    .filter(({ id }) => requirement === undefined || id === requirement)
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const [afterCentre = "", afterRequirement = ""] = after?.split(":") ?? [];
  const sites = await sitesAsOf(db, vietnamDay(atMs), atMs);
  const asked = sites.filter(({ centre: { code } }) => (centre === undefined || code === centre) && code >= afterCentre);
  const findings: StandingFinding[] = [];
  while (asked.length > 0 && findings.length < limit) {
    const found = await pastFindings(db, { policy: { ...policy, requirements }, calendar }, moment, { sites: asked.splice(0, AT_ONCE) });
    const isNext = (finding: StandingFinding) => finding.centre > afterCentre || finding.requirement > afterRequirement;
    findings.push(...found.filter((finding) => isNext(finding) && (state === undefined || finding.state === state)));
  }
  return findings.slice(0, limit);
}
