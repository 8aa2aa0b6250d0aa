import type { Calendar } from "#schemas/calendar.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needOf } from "#schemas/evaluate/needs.ts";
import type { Transition } from "#schemas/finding.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Db } from "../store/db.ts";
import { loadFacts, sharedFaultTargets } from "../store/facts.ts";
import { findSite } from "../store/sites.ts";
import type { StandingFinding } from "../web/page-store.ts";

const SHARED_WINDOW_MS = 15 * 60_000;

/** Judges centres once more as of a past instant, from the evidence that is stored: the same rules on the facts of then. */
export async function findingsAt(
  db: Db,
  policy: PolicyProfile,
  calendar: Calendar,
  centres: readonly string[],
  changes: readonly Transition[],
  atMs: number,
): Promise<StandingFinding[]> {
  const needs = policy.requirements.flatMap(({ rule }) => needOf(rule, calendar, atMs) ?? []);
  const shared = await sharedFaultsAt(db, policy, atMs);
  const last = new Map(changes.map((change) => [`${change.centre} ${change.requirement}`, change]));
  const findings: StandingFinding[] = [];
  for (const centre of centres) {
    const site = await findSite(db, centre);
    if (!site) continue;
    const facts = await loadFacts(db, site, needs, calendar, atMs, shared);
    for (const finding of evaluate(policy, facts, atMs)) {
      const change = last.get(`${centre} ${finding.requirement}`);
      findings.push({ ...finding, since: change?.to === finding.state ? change.at : new Date(atMs).toISOString() });
    }
  }
  return findings;
}

async function sharedFaultsAt(db: Db, policy: PolicyProfile, atMs: number): Promise<readonly string[]> {
  const lists = policy.requirements.map(({ rule }) =>
    rule.kind === "reachable" && rule.sharedFaultPercent !== undefined
      ? sharedFaultTargets(db, rule.probe, rule.metric, rule.sharedFaultPercent, atMs - SHARED_WINDOW_MS, atMs)
      : [],
  );
  return (await Promise.all(lists)).flat();
}
