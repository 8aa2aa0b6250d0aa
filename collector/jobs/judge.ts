import { vietnamDay } from "#schemas/calendar.ts";
import { compare, isRevision } from "#schemas/evaluate/compare.ts";
import { evaluate } from "#schemas/evaluate/evaluate.ts";
import { needsOf, requirementsTouchedBy } from "#schemas/evaluate/needs.ts";
import { OFFLINE_MS } from "#schemas/evaluate/silence.ts";
import type { SharedFault } from "#schemas/facts.ts";
import type { Finding, Transition } from "#schemas/finding.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { Requirement } from "#schemas/policy.ts";
import type { Accepted } from "../ingest/accept.ts";
import type { Log } from "../log.ts";
import type { PolicyAt } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { loadFacts } from "../store/facts.ts";
import { addRevisions, findingsOf, keepFindingsOf, lockSite, sitesToJudge, writeFindings } from "../store/findings.ts";
import { applySiteVersions } from "../store/site-versions.ts";
import { findSite } from "../store/sites.ts";
import { sharedFaultsAt } from "./shared-faults.ts";

/** What else happens in the transaction that writes a judgement: incidents and messages. */
export type OnJudged = (
  tx: Db,
  judged: { siteId: number; findings: readonly Finding[]; transitions: readonly Transition[]; late: boolean; nowMs: number },
) => Promise<void>;
export type JudgeOptions = { readonly db: Db; readonly policyAt: PolicyAt; readonly log: Log; readonly onJudged?: OnJudged };

export type Judge = {
  /** Something was committed for a site: it is judged anew soon, together with what else comes for it. */
  touch(accepted: Accepted): void;
  /** Judges a site now: the requirements that the probes can change, or all. */
  judge(siteId: number, probes: ReadonlySet<ProbeKind> | "all", nowMs: number, late: boolean): Promise<readonly Transition[]>;
  /** Judges what time alone has changed: passes that ended, sites that fell silent, sites that are new. */
  tick(nowMs: number): Promise<void>;
  /** Resolves when no touched site waits. */
  drain(): Promise<void>;
  waiting(): number;
  lastTickMs(): number;
};

type Pending = { probes: Set<ProbeKind>; late: boolean; nowMs: number };

const SITES_PER_TICK = 500;
/** Judgements under way at once; each holds one or two connections. */
const AT_ONCE = 4;
const SHARED_REFRESH_MS = 30_000;

/** Puts facts, rules and store together. A few sites at a time; each is locked while its judgement is written, and the order never matters. */
export function createJudge(options: JudgeOptions): Judge {
  const { db, policyAt, log } = options;
  const shared = sharedFaults(options);
  const pending = new Map<number, Pending>();
  let running: Promise<void> | undefined;
  let lastTickMs = 0;

  const judge: Judge["judge"] = async (siteId, probes, nowMs, late) => {
    const { policy } = policyAt(nowMs);
    const requirements = probes === "all" ? policy.requirements : requirementsTouchedBy(policy, probes);
    return requirements.length === 0 ? [] : judgeSite(options, siteId, requirements, nowMs, late, await shared(nowMs));
  };
  // The clock comes by again and finds what could not be judged now; one site must not keep the others waiting.
  const attempt = (...words: Parameters<Judge["judge"]>) =>
    judge(...words).catch((error: unknown) => log.error({ err: error, siteId: words[0] }, "a site could not be judged"));
  const busy = new Set<number>();
  const work = async () => {
    for (;;) {
      // A site that came again while it is judged waits for its own turn, so that older facts never follow newer ones.
      const next = pending.entries().find(([siteId]) => !busy.has(siteId));
      if (!next) break;
      const [siteId, { probes, late, nowMs }] = next;
      pending.delete(siteId);
      busy.add(siteId);
      await attempt(siteId, probes, nowMs, late);
      busy.delete(siteId);
    }
  };
  const start = () => {
    running ??= severally(work).then(() => {
      running = undefined;
      if (pending.size > 0) start();
    });
  };

  return {
    judge,
    touch({ siteId, probes, late, nowMs }) {
      const known = pending.get(siteId);
      pending.set(siteId, {
        probes: new Set([...(known?.probes ?? []), ...probes]),
        late: late && (known?.late ?? true),
        nowMs: Math.max(nowMs, known?.nowMs ?? 0),
      });
      start();
    },
    async tick(nowMs) {
      // What centres declared for a later day counts from its first moment on.
      if (vietnamDay(lastTickMs) !== vietnamDay(nowMs)) await db.transaction((tx) => applySiteVersions(tx, vietnamDay(nowMs), nowMs));
      const due = await sitesToJudge(db, nowMs, OFFLINE_MS, SITES_PER_TICK);
      await severally(async () => {
        for (let siteId = due.pop(); siteId !== undefined; siteId = due.pop()) await attempt(siteId, "all", nowMs, false);
      });
      lastTickMs = nowMs;
    },
    async drain() {
      while (running) await running;
    },
    waiting: () => pending.size,
    lastTickMs: () => lastTickMs,
  };
}

/** Runs as many copies of a worker as may judge at once: while one waits for the database, another one thinks. */
async function severally(worker: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function judgeSite(
  { db, policyAt, onJudged }: JudgeOptions,
  siteId: number,
  requirements: readonly Requirement[],
  nowMs: number,
  late: boolean,
  faults: readonly SharedFault[],
): Promise<readonly Transition[]> {
  return db.transaction(async (tx) => {
    // Facts are read behind the lock: of two collectors that judge one site at once, the later one knows all that the earlier one knew.
    await lockSite(tx, siteId);
    const site = await findSite(tx, siteId);
    if (!site) return [];
    const before = await findingsOf(tx, siteId);
    const known = new Map(before.map((finding) => [finding.requirement, finding]));
    // And judges no earlier instant, though its clock be behind: what is new to it must not be dropped as old.
    const atMs = Math.max(nowMs, ...before.map(({ evaluatedAt }) => Date.parse(evaluatedAt)));
    const { policy, calendar } = policyAt(nowMs);
    const facts = await loadFacts(tx, site, needsOf(requirements, calendar, atMs), calendar, { atMs }, faults);
    const after = evaluate(policy, facts, atMs, requirements);
    await writeFindings(tx, siteId, after);
    // A requirement that a newer version of the policy no longer has is no part of the centre's sum.
    if (requirements === policy.requirements) await keepFindingsOf(tx, siteId, policy);
    const revisions = after
      .map((finding) => ({ before: known.get(finding.requirement), finding, late }))
      .filter(({ before: old, finding }) => isRevision(old, finding));
    await addRevisions(tx, siteId, revisions);
    const transitions = compare(before, after, atMs);
    await onJudged?.(tx, { siteId, findings: after, transitions, late, nowMs: atMs });
    return transitions;
  });
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
