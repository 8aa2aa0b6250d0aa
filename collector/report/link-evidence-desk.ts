import { pastFindings } from "../jobs/past-findings.ts";
import type { PolicyAt } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { findingsOf } from "../store/findings.ts";
import { linkRuns } from "../store/link-runs.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { buildLinkEvidence, type LinkEvidence, linkRequirement, spanOfDays } from "./link-evidence.ts";

export type LinkEvidenceDesk = {
  readonly db: Db;
  readonly demo: boolean;
  /** The policy and calendar that were in force at an instant. */
  readonly policyAt: PolicyAt;
  readonly now: () => number;
};

/**
 * The tests of a centre's line from the store, with its contract, its policy and its judgement as of the end of the last day, by what is known now;
 * undefined when there is no such centre, or nothing is demanded of its line.
 */
export async function linkEvidenceOf(
  { db, demo, policyAt, now }: LinkEvidenceDesk,
  code: string,
  firstDay: string,
  lastDay: string,
): Promise<LinkEvidence | undefined> {
  const nowMs = now();
  const { fromMs, toMs } = spanOfDays(firstDay, lastDay);
  const inForce = policyAt(toMs - 1);
  const site = (await sitesAsOf(db, lastDay, nowMs)).find(({ centre }) => centre.code === code);
  const demanded = linkRequirement(inForce.policy)?.id;
  if (!site || demanded === undefined) return undefined;
  const requirements = inForce.policy.requirements.filter(({ id }) => id === demanded);
  const judged = () => pastFindings(db, { ...inForce, policy: { ...inForce.policy, requirements } }, { atMs: toMs - 1, knownMs: nowMs }, [site]);
  const [findings, runs] = await Promise.all([toMs <= nowMs ? judged() : findingsOf(db, site.siteId), linkRuns(db, site.siteId, fromMs, toMs)]);
  return buildLinkEvidence({ demo, ...inForce, centre: site.centre, findings, runs, firstDay, lastDay });
}
