import type { Calendar } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Db } from "../store/db.ts";
import { findingsOf } from "../store/findings.ts";
import { linkRuns } from "../store/link-runs.ts";
import { findSite } from "../store/sites.ts";
import { buildLinkEvidence, type LinkEvidence, spanOfDays } from "./link-evidence.ts";

export type LinkEvidenceDesk = {
  readonly db: Db;
  readonly demo: boolean;
  /** The policy and calendar that were in force at an instant. */
  readonly policyAt: (atMs: number) => { policy: PolicyProfile; calendar: Calendar };
};

/** The tests of a centre's line from the store, by the policy of the last day; undefined when there is no such centre, or nothing is demanded of its line. */
export async function linkEvidenceOf(
  { db, demo, policyAt }: LinkEvidenceDesk,
  code: string,
  firstDay: string,
  lastDay: string,
): Promise<LinkEvidence | undefined> {
  const site = await findSite(db, code);
  if (!site) return undefined;
  const { fromMs, toMs } = spanOfDays(firstDay, lastDay);
  const [findings, runs] = await Promise.all([findingsOf(db, site.siteId), linkRuns(db, site.siteId, fromMs, toMs)]);
  return buildLinkEvidence({ demo, ...policyAt(toMs - 1), centre: site.centre, findings, runs, firstDay, lastDay });
}
