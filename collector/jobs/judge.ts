import { setTimeout as sleep } from "node:timers/promises";
import { vietnamDay } from "#schemas/calendar.ts";
import { compare, isRevision } from "#schemas/evaluate/compare.ts";
import { DAY_FACTS_MAX } from "#schemas/evaluate/daily-facts.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needsOf, requirementsTouchedBy } from "#schemas/evaluate/needs.ts";
import { OFFLINE_MS } from "#schemas/evaluate/silence.ts";
import type { Facts, SharedFault } from "#schemas/facts.ts";
import type { Finding, Transition } from "#schemas/finding.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import { CLOCK_OK_MS, type ProbeKind } from "#schemas/observation.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Accepted } from "../ingest/accept.ts";
import type { Log } from "../log.ts";
import type { PolicyAt } from "../policy-book.ts";
import { endClosedSites } from "../store/closings.ts";
import type { Db } from "../store/db.ts";
import { loadFacts } from "../store/facts.ts";
import { addRevisions, findingsOfSites, keepFindingsOf, lockSites, type Revision, sitesToJudge, writeFindings } from "../store/findings.ts";
import { SITE_FOUND_MAX } from "../store/found-devices.ts";
import { type FullyJudged, noteJudgedDays } from "../store/judged-days.ts";
import { type RunsAsked, runsAsked } from "../store/one-site.ts";
import { SITE_PRESENCE_MAX } from "../store/presence.ts";
import { applySiteVersions } from "../store/site-versions.ts";
import { openSites, sitesOf } from "../store/sites.ts";
import { sharedFaultsAt } from "./shared-faults.ts";

/** What one judgement of a site said. */
export type Judged = {
  readonly siteId: number;
  readonly findings: readonly Finding[];
  readonly transitions: readonly Transition[];
  readonly late: boolean;
  readonly nowMs: number;
};
/** What else happens in the transaction that writes judgements: incidents and messages. */
export type OnJudged = (tx: Db, judged: readonly Judged[]) => Promise<void>;
export type JudgeOptions = { readonly db: Db; readonly policyAt: PolicyAt; readonly log: Log; readonly onJudged?: OnJudged };

export type Judge = {
  /** Something was committed for a site: it is judged anew soon, together with what else comes for it. */
  touch(accepted: Accepted): void;
  /**
   * All sites are judged in whole once, a few at a time beside those that are touched: what was committed for them when another collector ended, or
   * while none could judge, is in no finding and would show in none before the next day.
   */
  lookAtAll(nowMs: number): Promise<void>;
  /** Judges a site now: the requirements that the probes can change, or all; all too where any was never judged. */
  judge(siteId: number, probes: ReadonlySet<ProbeKind> | "all", nowMs: number, late: boolean): Promise<readonly Transition[]>;
  /** Judges what time alone has changed: passes that ended, sites that fell silent, sites that are new. Sites that could not be judged wait again. */
  tick(nowMs: number): Promise<void>;
  /** Resolves when no touched site waits; they are judged without a rest. Those that could not be judged are left to the clock. */
  drain(): Promise<void>;
  /** Sites that are still to be judged, for whatever reason. */
  waiting(): number;
  /** The shared faults by which sites were judged last; none before the first judgement. */
  sharedFaults(): readonly SharedFault[];
  lastTickMs(): number;
};

/** A site that is to be judged. */
type Case = { readonly siteId: number; readonly probes: ReadonlySet<ProbeKind> | "all"; readonly nowMs: number; readonly late: boolean };
/** A site that waits for its judgement, since when by the steady clock, ms. */
type Pending = Omit<Case, "siteId"> & { readonly sinceMs: number };

const SITES_PER_TICK = 500;
/** Sites of one transaction: what they know is read, and what is said of them is written, in as many statements as for one site. */
const GROUP_SITES = 25;
/** Places of a group that are kept for sites which nobody has touched since the start: so they come to their turn however many are touched, and delay those little. */
const UNTOUCHED_PLACES = 5;
const SHARED_REFRESH_MS = 30_000;
/** A site that could not be judged is left alone for so long: the database may be back by then, and if the site is at fault, it costs the others little. */
const RETRY_MS = 30_000;
/**
 * After a group the judge rests this many times as long as the group has taken, so that what agents send comes first: a few sites are judged at once,
 * thousands gather several batches each until their turn comes. Who waits longer than `patienceMs` ends the rest: findings follow within a minute.
 */
const pace = { restShare: 9, restMaxMs: 3_000, patienceMs: 30_000 } as const;

/** Puts facts, rules and store together, some sites at a time; each is locked while its judgement is written, and the order never matters. */
export function createJudge(options: JudgeOptions): Judge {
  const { db, log } = options;
  const shared = sharedFaults(options);
  const heed = surplusOfNames(log);
  const pending = new Map<number, Pending>();
  /** Not looked at since the start. */
  const untouched = new Map<number, Case>();
  /** What could not be judged, or has observations of a moment that is still to come: at most one case for each site, not to be judged before its instant. */
  const later = new Map<number, Case>();
  let running: Promise<void> | undefined;
  let hurry = new AbortController();
  let lastTickMs = 0;
  let known: RunsAsked | undefined;
  // It is settled before anything is judged, and asked for once.
  const asked = async () => (known ??= await runsAsked(db));

  const wait = ({ siteId, ...own }: Case) => {
    const known = pending.get(siteId);
    pending.set(siteId, { ...(known ? together(known, own) : own), sinceMs: known?.sinceMs ?? performance.now() });
    running ??= work();
  };
  const postpone = (one: Case) => later.set(one.siteId, { ...together(later.get(one.siteId) ?? one, one), siteId: one.siteId });
  /** Judges what it can; gives the rest. One site must not keep the others waiting. */
  const attempt = async (group: readonly Case[]): Promise<readonly Case[]> => {
    const failed: Case[] = [];
    const fail = (cases: readonly Case[], error: unknown) => {
      failed.push(...cases);
      log.error({ err: error, siteIds: cases.map(({ siteId }) => siteId) }, "sites could not be judged; they are tried again");
    };
    const judgeEach = async (cases: readonly Case[], faults: readonly SharedFault[]): Promise<void> => {
      try {
        await judgeGroup(options, heed, await asked(), cases, faults);
      } catch (error) {
        if (cases.length > 1) for (const one of cases) await judgeEach([one], faults);
        else fail(cases, error);
      }
    };
    const faults = await shared.at(group[0]?.nowMs ?? 0).catch((error: unknown) => fail(group, error));
    if (faults) await judgeEach(group, faults);
    return failed;
  };
  /** Touched sites first; those that nobody has touched take the places that are left, and a few in any case. */
  const nextGroup = (): Case[] => {
    const places = Math.max(GROUP_SITES - pending.size, UNTOUCHED_PLACES);
    const rest = [
      ...untouched
        .values()
        .filter(({ siteId }) => !pending.has(siteId))
        .take(places),
    ];
    const touched = [...pending.entries().take(GROUP_SITES - rest.length)].map(([siteId, { probes, late, nowMs }]) => ({ siteId, probes, late, nowMs }));
    for (const { siteId } of touched) pending.delete(siteId);
    for (const { siteId } of rest) untouched.delete(siteId);
    return [...touched, ...rest.map((one) => ({ ...one, nowMs: Math.max(one.nowMs, lastTickMs) }))];
  };
  const work = async () => {
    // Who is in a hurry waits for what was touched; the next start looks at all again.
    while (pending.size > 0 || (untouched.size > 0 && !hurry.signal.aborted)) {
      const beganMs = performance.now();
      for (const one of await attempt(nextGroup())) postpone({ ...one, nowMs: one.nowMs + RETRY_MS });
      const [oldest] = pending.values();
      const patienceMs = oldest ? oldest.sinceMs + pace.patienceMs - performance.now() : pace.restMaxMs;
      const restMs = Math.min((performance.now() - beganMs) * pace.restShare, pace.restMaxMs, patienceMs);
      if (restMs > 0) await sleep(restMs, undefined, { signal: hurry.signal }).catch(() => undefined);
    }
    running = undefined;
  };

  return {
    async judge(siteId, probes, nowMs, late) {
      const [judged] = await judgeGroup(options, heed, await asked(), [{ siteId, probes, nowMs, late }], await shared.at(nowMs));
      return judged?.transitions ?? [];
    },
    touch({ newestMs, ...one }) {
      const aheadMs = one.nowMs + CLOCK_OK_MS;
      // What a clock that counts as right dates ahead belongs to the present: else nobody would look at it before something else is told of its requirement.
      wait({ ...one, nowMs: Math.max(one.nowMs, Math.min(newestMs, aheadMs)) });
      if (newestMs > aheadMs) postpone({ ...one, nowMs: newestMs });
    },
    async lookAtAll(nowMs) {
      for (const { siteId } of await openSites(db, vietnamDay(nowMs))) untouched.set(siteId, { siteId, probes: "all", nowMs, late: false });
      if (untouched.size > 0) running ??= work();
    },
    async tick(nowMs) {
      // What was declared for a later day counts from its first moment on.
      if (vietnamDay(lastTickMs) !== vietnamDay(nowMs))
        await db.transaction(async (tx) => {
          await applySiteVersions(tx, vietnamDay(nowMs), nowMs);
          await endClosedSites(tx, nowMs);
        });
      const due = await sitesToJudge(db, nowMs, OFFLINE_MS, SITES_PER_TICK);
      while (due.length > 0) {
        const group = due.splice(0, GROUP_SITES);
        // What fails here is found again by the next tick.
        await attempt(group.map((siteId) => ({ siteId, probes: "all", nowMs, late: false })));
        for (const siteId of group) untouched.delete(siteId);
      }
      for (const one of [...later.values()].filter(({ nowMs: fromMs }) => fromMs <= nowMs)) {
        later.delete(one.siteId);
        wait({ ...one, nowMs });
      }
      lastTickMs = nowMs;
    },
    async drain() {
      hurry.abort();
      while (running) await running;
      hurry = new AbortController();
    },
    waiting: () => pending.size + untouched.size + later.size,
    sharedFaults: shared.known,
    lastTickMs: () => lastTickMs,
  };
}

/** Two judgements of one site as one. */
function together<Wait extends Omit<Case, "siteId">>(known: Wait, more: Wait): Omit<Case, "siteId"> {
  return {
    probes: known.probes === "all" || more.probes === "all" ? "all" : new Set([...known.probes, ...more.probes]),
    late: known.late && more.late,
    nowMs: Math.max(known.nowMs, more.nowMs),
  };
}

/** Judges sites in one transaction; each of them at most once. Nothing is written when anything fails. */
async function judgeGroup(
  { db, policyAt, onJudged }: JudgeOptions,
  heed: (siteId: number, facts: Facts) => void,
  asked: RunsAsked,
  cases: readonly Case[],
  faults: readonly SharedFault[],
): Promise<readonly Judged[]> {
  const wanted = new Map(
    cases.flatMap((one) => {
      const { policy } = policyAt(one.nowMs);
      const requirements = one.probes === "all" ? policy.requirements : requirementsTouchedBy(policy, one.probes);
      return requirements.length === 0 ? [] : [[one.siteId, { ...one, requirements }]];
    }),
  );
  if (wanted.size === 0) return [];
  return db.transaction(async (tx) => {
    // Facts are read behind the lock: of two collectors that judge one site at once, the later one knows all that the earlier one knew.
    await lockSites(tx, [...wanted.keys()]);
    const sites = await sitesOf(tx, [...wanted.keys()]);
    const standing = await findingsOfSites(tx, [...wanted.keys()]);
    const questions = sites.flatMap((site) => {
      const one = wanted.get(site.siteId);
      if (!one || isClosedOn(site.closed, vietnamDay(one.nowMs))) return [];
      const { nowMs, late, probes } = one;
      const before = standing.get(site.siteId) ?? [];
      const { policy, calendar } = policyAt(nowMs);
      // What nobody ever looked at is looked at now: the clock looks only after sites that have no finding at all.
      const isWhole = probes === "all" || policy.requirements.some(({ id }) => !before.some(({ requirement }) => requirement === id));
      const requirements = isWhole ? policy.requirements : one.requirements;
      // It judges no earlier instant, though its clock be behind: what is new to it must not be dropped as old.
      const atMs = Math.max(nowMs, ...before.map(({ evaluatedAt }) => Date.parse(evaluatedAt)));
      // What is judged for the first time has no past that late observations could revise: people hear of it, as they would from the clock.
      return [{ site, before, requirements, policy, late: late && !isWhole, isWhole, calendar, atMs, needs: needsOf(requirements, calendar, atMs) }];
    });
    if (questions.length === 0) return [];
    const facts = await loadFacts(tx, asked, questions, faults);
    const judged = questions.map(({ site: { siteId }, before, requirements, policy, late, atMs, isWhole }, place) => {
      const known = facts[place] as Facts;
      heed(siteId, known);
      const findings = evaluate(policy, known, atMs, requirements);
      return { siteId, before, findings, policy, late, isWhole, nowMs: atMs, transitions: compare(before, findings, atMs) };
    });
    await writeFindings(tx, judged);
    // A requirement that a newer version of the policy no longer has is no part of the centre's sum.
    const whole = Map.groupBy(
      judged.filter(({ isWhole }) => isWhole),
      ({ policy }) => policy,
    );
    for (const [policy, own] of whole)
      await keepFindingsOf(
        tx,
        own.map(({ siteId }) => siteId),
        policy,
      );
    await addRevisions(tx, judged.flatMap(revisionsOf));
    await noteJudgedDays(tx, judged.flatMap(fullyJudged));
    await onJudged?.(tx, judged);
    return judged;
  });
}

/** The Vietnam day of a judgement with which the last of the site's requirements was looked at on that day; nothing where one is still to come, or none was. */
function fullyJudged({
  siteId,
  before,
  findings,
  policy,
  nowMs,
}: Judged & { readonly before: readonly Finding[]; readonly policy: PolicyProfile }): FullyJudged[] {
  const day = vietnamDay(nowMs);
  const earlier = new Set(before.filter(({ evaluatedAt }) => vietnamDay(Date.parse(evaluatedAt)) === day).map(({ requirement }) => requirement));
  const now = new Set(findings.map(({ requirement }) => requirement));
  const isNews = policy.requirements.some(({ id }) => !earlier.has(id)) && policy.requirements.every(({ id }) => earlier.has(id) || now.has(id));
  return isNews ? [{ siteId, day, atMs: nowMs }] : [];
}

function revisionsOf({ siteId, before, findings, late }: Judged & { readonly before: readonly Finding[] }): Revision[] {
  const known = new Map(before.map((finding) => [finding.requirement, finding]));
  return findings
    .map((finding) => ({ siteId, before: known.get(finding.requirement), finding, late }))
    .filter(({ before: old, finding }) => isRevision(old, finding));
}

/** Tells once of each site that it names more devices than a centre can have: what stands beyond the bounds is not counted. */
function surplusOfNames(log: Log): (siteId: number, facts: Facts) => void {
  const told = new Set<number>();
  return (siteId, { centre, presence, pages, found }) => {
    if (told.has(siteId)) return;
    const isFull = presence.length >= SITE_PRESENCE_MAX || found.length >= SITE_FOUND_MAX;
    if (!isFull && !isDayFull(presence, DAY_FACTS_MAX) && !isDayFull(pages, DAY_FACTS_MAX)) return;
    told.add(siteId);
    const bounds = { daysMax: SITE_PRESENCE_MAX, devicesMax: DAY_FACTS_MAX, pagesMax: DAY_FACTS_MAX, foundMax: SITE_FOUND_MAX };
    log.warn({ siteId, centre: centre.code, ...bounds }, "a centre names more devices than any can have; the surplus and the older days are not counted");
  };
}

/** Whether some day has so many rows, which stand day by day. */
function isDayFull(rows: readonly { readonly day: string }[], most: number): boolean {
  return rows.some(({ day }, place) => rows[place + most - 1]?.day === day);
}

type SharedFaults = {
  /** Those of a moment, asked of the store at most every half minute. Who asks meanwhile waits for the same answer; a question that failed is asked again. */
  readonly at: (nowMs: number) => Promise<readonly SharedFault[]>;
  /** The last answer. */
  readonly known: () => readonly SharedFault[];
};

function sharedFaults({ db, policyAt }: JudgeOptions): SharedFaults {
  let asked: { readonly askedMs: number; readonly faults: Promise<readonly SharedFault[]> } | undefined;
  let known: readonly SharedFault[] = [];
  return {
    at(nowMs) {
      if (asked && Math.abs(nowMs - asked.askedMs) < SHARED_REFRESH_MS) return asked.faults;
      const asking = { askedMs: nowMs, faults: sharedFaultsAt(db, policyAt(nowMs), { atMs: nowMs }) };
      asked = asking;
      asking.faults.then(
        (faults) => {
          known = faults;
        },
        () => {
          if (asked === asking) asked = undefined;
        },
      );
      return asking.faults;
    },
    known: () => known,
  };
}
