import { vietnamDay } from "#schemas/calendar.ts";
import { clockState } from "../jobs/clock-watch.ts";
import { withFills } from "../jobs/fill-unjudged.ts";
import { readable, unjudgedDays } from "../jobs/unjudged-days.ts";
import type { PolicyAt } from "../policy-book.ts";
import { readClockProof } from "../store/clock-proof.ts";
import type { Db } from "../store/db.ts";
import { type CountedMonth, finalMonths, firstChangedDay, writeFindingDays } from "../store/finding-days.ts";
import { changesWithin } from "../store/report.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { closedSites } from "./closed-sites.ts";
import { byCentre, daysOfCentre } from "./dossier.ts";
import { closesAt, momentOf, monthsBetween, type Period, periodOf } from "./period.ts";

type DayCountsOptions = {
  readonly db: Db;
  /** The policy and calendar that were in force at an instant. */
  readonly policyAt: PolicyAt;
  readonly now: () => number;
  /** A clock that only goes forward. */
  readonly steadyMs?: () => number;
};

/** Months are counted whole each time, so that this rests many times as long as it has taken, and some minutes at least. */
const pace = { restShare: 60, restMinMs: 10 * 60_000 } as const;

/**
 * Counts what each day counts as, for views to read: the same that reports of months say. A month is counted again and again until it is closed, as late data
 * and corrections change its days, and once more by what was known when it closed. Nothing where the last count is young.
 */
export function createDayCounts({ db, policyAt, now, steadyMs = () => performance.now() }: DayCountsOptions): () => Promise<void> {
  let dueMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const beganMs = steadyMs();
    if (beganMs < dueMs) return;
    const nowMs = now();
    const firstDay = await firstChangedDay(db);
    const months = (firstDay === undefined ? [] : monthsBetween(firstDay, vietnamDay(nowMs))).map(periodOf);
    const final = await finalMonths(
      db,
      months.map((one) => one.firstDay),
    );
    const isTrusted = clockState(await readClockProof(db, nowMs), nowMs) === "right";
    for (const period of months.filter((one) => !final.has(one.firstDay))) {
      const counted = await daysOfMonth(db, policyAt, period, nowMs);
      if (counted) await writeFindingDays(db, counted, isTrusted && nowMs >= Date.parse(closesAt(period)));
    }
    const endedMs = steadyMs();
    dueMs = endedMs + Math.max((endedMs - beganMs) * pace.restShare, pace.restMinMs);
  };
}

/** What the days of a month count as; undefined where its policy stands in a form that this program cannot read. */
async function daysOfMonth(db: Db, policyAt: PolicyAt, period: Period, nowMs: number): Promise<CountedMonth | undefined> {
  const moment = momentOf(period, nowMs);
  const { atMs, knownMs } = moment;
  const inForce = readable(policyAt, atMs, knownMs);
  if (!inForce) return undefined;
  const { policy, calendar } = inForce;
  const changes = await changesWithin(db, period, knownMs);
  const lastDay = vietnamDay(atMs);
  const unjudged = await unjudgedDays({ db, policyAt }, changes, { firstDay: period.firstDay, lastDay, nowMs, knownMs });
  const changesOf = byCentre(withFills(changes, unjudged));
  const open = await sitesAsOf(db, lastDay, knownMs, period.lastDay);
  const sites = [...open, ...(await closedSites(db, period, moment))].map(({ siteId, centre, ...closing }) => ({
    siteId,
    days: daysOfCentre(closing, period, policy, changesOf(centre.code), { nowMs, calendar }),
  }));
  return { period, lastDay, sites };
}
