import { daysBetween, vietnamDay } from "#schemas/calendar.ts";
import { MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import { withFills } from "../jobs/fill-unjudged.ts";
import { pastFindings } from "../jobs/past-findings.ts";
import { unjudgedDays } from "../jobs/unjudged-days.ts";
import type { PolicyAt } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { findingsOf } from "../store/findings.ts";
import { linkRuns } from "../store/link-runs.ts";
import { pointsOfStreams, withPoint } from "../store/points.ts";
import { changesWithin } from "../store/report.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { dailyStates } from "../web/daily-states.ts";
import { buildLinkEvidence, type LinkEvidence, linkRequirement, spanOfDays } from "./link-evidence.ts";

export type LinkEvidenceDesk = {
  readonly db: Db;
  readonly demo: boolean;
  /** The policy and calendar that were in force at an instant. */
  readonly policyAt: PolicyAt;
  readonly now: () => number;
};

/**
 * The tests of the line of a centre's main office, or of another reception point, from the store, with its contract, its policy and its judgement as of the end
 * of the last day, by what is known now: two lines may have two providers, each of which answers for its own. Undefined when there is no such centre, or nothing is demanded of its line.
 */
export async function linkEvidenceOf(
  { db, demo, policyAt, now }: LinkEvidenceDesk,
  code: string,
  firstDay: string,
  lastDay: string,
  point: string = MAIN_POINT,
): Promise<LinkEvidence | undefined> {
  const nowMs = now();
  const { fromMs, toMs } = spanOfDays(firstDay, lastDay);
  const inForce = policyAt(toMs - 1);
  const site = (await sitesAsOf(db, lastDay, nowMs, { only: [code] }))[0];
  const demanded = linkRequirement(inForce.policy)?.id;
  if (!site || demanded === undefined) return undefined;
  const requirements = inForce.policy.requirements.filter(({ id }) => id === demanded);
  const judged = () => pastFindings(db, { ...inForce, policy: { ...inForce.policy, requirements } }, { atMs: toMs - 1, knownMs: nowMs }, { sites: [site] });
  const [findings, all, points, notJudged] = await Promise.all([
    toMs <= nowMs ? judged() : findingsOf(db, site.siteId),
    linkRuns(db, site.siteId, fromMs, toMs),
    pointsOfStreams(db, site.siteId),
    unjudgedOf({ db, policyAt }, code, demanded, { firstDay, lastDay, nowMs }),
  ]);
  const runs = all.filter((run) => pointOf(withPoint(run, points)) === point);
  return buildLinkEvidence({ demo, ...inForce, centre: site.centre, point, findings, runs, notJudged, firstDay, lastDay });
}

/** The days of a span, so far, of which nobody knows how a requirement stood: no collector judged. */
async function unjudgedOf(
  judging: Pick<LinkEvidenceDesk, "db" | "policyAt">,
  centre: string,
  requirement: string,
  { firstDay, lastDay, nowMs }: { firstDay: string; lastDay: string; nowMs: number },
): Promise<string[]> {
  const today = vietnamDay(nowMs);
  const days = daysBetween(firstDay, lastDay < today ? lastDay : today);
  const last = days.at(-1);
  if (last === undefined) return [];
  const { fromMs, toMs } = spanOfDays(firstDay, last);
  const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const changes = (await changesWithin(judging.db, span, nowMs, [centre])).filter((change) => change.requirement === requirement);
  const fills = await unjudgedDays(judging, changes, { firstDay, lastDay: last, nowMs, knownMs: nowMs, only: [centre] });
  const states = dailyStates(withFills(changes, fills), last, days.length);
  return days.filter((_, place) => states[place] === "not_judged");
}
