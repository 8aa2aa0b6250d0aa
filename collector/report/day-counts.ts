import { vietnamDay } from "#schemas/calendar.ts";
import { groupsOf } from "../groups-of.ts";
import { clockState } from "../jobs/clock-watch.ts";
import { withFills } from "../jobs/fill-unjudged.ts";
import { readable, unjudgedDays } from "../jobs/unjudged-days.ts";
import type { PolicyAt } from "../policy-book.ts";
import { readClockProof } from "../store/clock-proof.ts";
import type { Db } from "../store/db.ts";
import { closeFindingDays, dropOtherDays, finalMonths, firstChangedDay, writeFindingDays } from "../store/finding-days.ts";
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

/** What is read and counted in one piece: more would hold up whoever asks the collector meanwhile, and take its memory. */
const CENTRES_AT_ONCE = 50;
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
      const isCounted = await countMonth(db, policyAt, period, nowMs);
      if (isCounted && isTrusted && nowMs >= Date.parse(closesAt(period))) await closeFindingDays(db, period);
    }
    const endedMs = steadyMs();
    dueMs = endedMs + Math.max((endedMs - beganMs) * pace.restShare, pace.restMinMs);
  };
}

/** Counts the days of a month, some centres at a time. False where its policy stands in a form that this program cannot read. */
async function countMonth(db: Db, policyAt: PolicyAt, period: Period, nowMs: number): Promise<boolean> {
  const moment = momentOf(period, nowMs);
  const { atMs, knownMs } = moment;
  const inForce = readable(policyAt, atMs, knownMs);
  if (!inForce) return false;
  const { policy, calendar } = inForce;
  const lastDay = vietnamDay(atMs);
  const open = await sitesAsOf(db, lastDay, knownMs, { begunBy: period.lastDay });
  const sites = [...open, ...(await closedSites(db, period, moment))];
  for (const own of groupsOf(sites, CENTRES_AT_ONCE)) {
    const only = own.map(({ centre }) => centre.code);
    const changes = await changesWithin(db, period, knownMs, only);
    const unjudged = await unjudgedDays({ db, policyAt }, changes, { firstDay: period.firstDay, lastDay, nowMs, knownMs, only });
    const changesOf = byCentre(withFills(changes, unjudged));
    const counted = own.map(({ siteId, centre, ...closing }) => ({
      siteId,
      days: daysOfCentre(closing, period, policy, changesOf(centre.code), { nowMs, calendar }),
    }));
    await writeFindingDays(db, period, lastDay, counted);
  }
  await dropOtherDays(
    db,
    period,
    lastDay,
    sites.map(({ siteId }) => siteId),
  );
  return true;
}
