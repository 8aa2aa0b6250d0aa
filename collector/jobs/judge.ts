import { setTimeout as sleep } from "node:timers/promises";
import { vietnamDay } from "#schemas/calendar.ts";
import { compare, isRevision } from "#schemas/evaluate/compare.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needsOf, requirementsTouchedBy } from "#schemas/evaluate/needs.ts";
import { OFFLINE_MS } from "#schemas/evaluate/silence.ts";
import type { Facts, SharedFault } from "#schemas/facts.ts";
import type { Finding, Transition } from "#schemas/finding.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { Accepted } from "../ingest/accept.ts";
import type { Log } from "../log.ts";
import type { PolicyAt } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { loadFacts } from "../store/facts.ts";
import { addRevisions, findingsOfSites, keepFindingsOf, lockSites, type Revision, sitesToJudge, writeFindings } from "../store/findings.ts";
import { type RunsAsked, runsAsked } from "../store/one-site.ts";
import { applySiteVersions } from "../store/site-versions.ts";
import { sitesOf } from "../store/sites.ts";
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
  /** Judges a site now: the requirements that the probes can change, or all; all too where any was never judged. */
  judge(siteId: number, probes: ReadonlySet<ProbeKind> | "all", nowMs: number, late: boolean): Promise<readonly Transition[]>;
  /** Judges what time alone has changed: passes that ended, sites that fell silent, sites that are new. */
  tick(nowMs: number): Promise<void>;
  /** Resolves when no touched site waits; they are judged without a rest. */
  drain(): Promise<void>;
  waiting(): number;
  lastTickMs(): number;
};

/** A site that is to be judged. */
type Case = { readonly siteId: number; readonly probes: ReadonlySet<ProbeKind> | "all"; readonly nowMs: number; readonly late: boolean };
/** A site that was touched, since when it waits by the steady clock, ms. */
type Pending = { readonly probes: Set<ProbeKind>; readonly late: boolean; readonly nowMs: number; readonly sinceMs: number };

const SITES_PER_TICK = 500;
/** Sites of one transaction: what they know is read, and what is said of them is written, in as many statements as for one site. */
const GROUP_SITES = 25;
const SHARED_REFRESH_MS = 30_000;
/**
 * After a group the judge rests this many times as long as the group has taken, so that what agents send comes first: a few sites are judged at once,
 * thousands gather several batches each until their turn comes. Who waits longer than `patienceMs` ends the rest: findings follow within a minute.
 */
const pace = { restShare: 9, restMaxMs: 3_000, patienceMs: 30_000 } as const;

/** Puts facts, rules and store together, some sites at a time; each is locked while its judgement is written, and the order never matters. */
export function createJudge(options: JudgeOptions): Judge {
  const { db, log } = options;
  const shared = sharedFaults(options);
  const pending = new Map<number, Pending>();
  let running: Promise<void> | undefined;
  let hurry = new AbortController();
  let lastTickMs = 0;
  let known: RunsAsked | undefined;
  // It is settled before anything is judged, and asked for once.
  const asked = async () => (known ??= await runsAsked(db));

  // The clock comes by again and finds what could not be judged now; one site must not keep the others waiting.
  const attempt = async (group: readonly Case[]): Promise<void> => {
    try {
      await judgeGroup(options, await asked(), group, await shared(group[0]?.nowMs ?? 0));
    } catch (error) {
      const [first] = group;
      if (group.length > 1) for (const one of group) await attempt([one]);
      else log.error({ err: error, siteId: first?.siteId }, "a site could not be judged");
    }
  };
  const work = async () => {
    while (pending.size > 0) {
      const group = [...pending.entries().take(GROUP_SITES)].map(([siteId, { probes, late, nowMs }]) => ({ siteId, probes, late, nowMs }));
      for (const { siteId } of group) pending.delete(siteId);
      const beganMs = performance.now();
      await attempt(group);
      const [oldest] = pending.values();
      const patienceMs = oldest ? oldest.sinceMs + pace.patienceMs - performance.now() : pace.restMaxMs;
      const restMs = Math.min((performance.now() - beganMs) * pace.restShare, pace.restMaxMs, patienceMs);
      if (restMs > 0) await sleep(restMs, undefined, { signal: hurry.signal }).catch(() => undefined);
    }
    running = undefined;
  };

  return {
    async judge(siteId, probes, nowMs, late) {
      const [judged] = await judgeGroup(options, await asked(), [{ siteId, probes, nowMs, late }], await shared(nowMs));
      return judged?.transitions ?? [];
    },
    touch({ siteId, probes, late, nowMs }) {
      const known = pending.get(siteId);
      pending.set(siteId, {
        probes: new Set([...(known?.probes ?? []), ...probes]),
        late: late && (known?.late ?? true),
        nowMs: Math.max(nowMs, known?.nowMs ?? 0),
        sinceMs: known?.sinceMs ?? performance.now(),
      });
      running ??= work();
    },
    async tick(nowMs) {
      // What centres declared for a later day counts from its first moment on.
      if (vietnamDay(lastTickMs) !== vietnamDay(nowMs)) await db.transaction((tx) => applySiteVersions(tx, vietnamDay(nowMs), nowMs));
      const due = await sitesToJudge(db, nowMs, OFFLINE_MS, SITES_PER_TICK);
      while (due.length > 0) await attempt(due.splice(0, GROUP_SITES).map((siteId) => ({ siteId, probes: "all", nowMs, late: false })));
      lastTickMs = nowMs;
    },
    async drain() {
      hurry.abort();
      while (running) await running;
      hurry = new AbortController();
    },
    waiting: () => pending.size,
    lastTickMs: () => lastTickMs,
  };
}

/** Judges sites in one transaction; each of them at most once. Nothing is written when anything fails. */
async function judgeGroup(
  { db, policyAt, onJudged }: JudgeOptions,
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
      if (!one) return [];
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
    const facts = await loadFacts(tx, asked, questions, faults);
    const judged = questions.map(({ site: { siteId }, before, requirements, policy, late, atMs, isWhole }, place) => {
      const findings = evaluate(policy, facts[place] as Facts, atMs, requirements);
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
    await onJudged?.(tx, judged);
    return judged;
  });
}

function revisionsOf({ siteId, before, findings, late }: Judged & { readonly before: readonly Finding[] }): Revision[] {
  const known = new Map(before.map((finding) => [finding.requirement, finding]));
  return findings
    .map((finding) => ({ siteId, before: known.get(finding.requirement), finding, late }))
    .filter(({ before: old, finding }) => isRevision(old, finding));
}

/** The shared faults of now, asked of the store at most every half minute. */
function sharedFaults({ db, policyAt }: JudgeOptions): (nowMs: number) => Promise<readonly SharedFault[]> {
  let known: readonly SharedFault[] = [];
  let askedMs = Number.NEGATIVE_INFINITY;
  return async (nowMs) => {
    if (Math.abs(nowMs - askedMs) < SHARED_REFRESH_MS) return known;
    askedMs = nowMs;
    known = await sharedFaultsAt(db, policyAt(nowMs), { atMs: nowMs });
    return known;
  };
}
