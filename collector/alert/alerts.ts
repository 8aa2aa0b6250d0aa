import type { NotifyConfig } from "#schemas/alert.ts";
import { ConfigError } from "../config.ts";
import type { OnJudged } from "../jobs/judge.ts";
import type { PolicyAt } from "../policy-book.ts";
import { readBook, writeBook } from "../store/alert-book.ts";
import type { Db } from "../store/db.ts";
import { beginIncident, lockIncidents, standingIncidents, writeIncident } from "../store/incidents.ts";
import { stepBook } from "./book-step.ts";
import { isDigestDue } from "./digest.ts";
import type { Incident } from "./incident.ts";
import { heed, type Signal, signalsOf } from "./incident-step.ts";
import { type Topic, topicsOf } from "./topic.ts";

export type AlertOptions = {
  readonly db: Db;
  readonly policyAt: PolicyAt;
  readonly notify: NotifyConfig;
  readonly publicUrl: string;
};
export type Alerts = {
  /** Begins problems with judgements, in their transaction, and marks those that look well again. */
  readonly onJudged: OnJudged;
  /** The same for a fault of the whole province, which is nobody's finding: a portal that fails everywhere. */
  onProvince(tx: Db, requirement: string, subject: string, signal: Signal, nowMs: number): Promise<void>;
  /** What the clock does: see `stepBook`. Reads and writes in one transaction; any number of collectors may do it at once. */
  tick(nowMs: number): Promise<void>;
  /** What is said of problems at an instant: all that the policy in force demands, and of what it has dropped whatever some of them are about. */
  topicsFor(incidents: readonly Incident[], nowMs: number): ReadonlyMap<string, Topic>;
};

/**
 * Problems and their messages. Measuring goes on whatever is told. Problems follow states, not changes, so that what was suppressed once is found
 * by the next judgement. All that is decided is decided in pure files; this one carries it to the store and back.
 */
export function createAlerts({ db, policyAt, notify, publicUrl }: AlertOptions): Alerts {
  const topicsFor: Alerts["topicsFor"] = (incidents, nowMs) => {
    const topics = topicsOf(policyAt(nowMs).policy, notify);
    const former = incidents.filter(({ requirement }) => !topics.has(requirement));
    const dropped = [...new Map(former.map((one) => [one.requirement, one])).values()].flatMap((one) => droppedTopic(policyAt, notify, one) ?? []);
    return new Map([...topics, ...dropped.map((topic): [string, Topic] => [topic.id, topic])]);
  };
  return {
    onJudged: async (tx, judged) => {
      const standing = Map.groupBy(
        await standingIncidents(
          tx,
          judged.map(({ siteId }) => siteId),
        ),
        ({ siteId }) => siteId,
      );
      for (const { siteId, findings, late, nowMs } of judged) {
        const own = standing.get(siteId) ?? [];
        for (const finding of findings) {
          const same = own.filter(({ requirement }) => requirement === finding.requirement);
          const signals = signalsOf(
            finding,
            same.map(({ subject }) => subject),
          );
          for (const [subject, signal] of signals) await take(tx, same, siteId, finding.requirement, subject, signal, late, nowMs);
        }
      }
    },
    onProvince: async (tx, requirement, subject, signal, nowMs) => take(tx, await standingIncidents(tx, [0]), 0, requirement, subject, signal, false, nowMs),
    tick: (nowMs) =>
      db.transaction(async (tx) => {
        await lockIncidents(tx);
        const { calendar } = policyAt(nowMs);
        const book = await readBook(tx, nowMs, (digest) => isDigestDue({ notify, calendar }, digest, nowMs));
        await writeBook(tx, stepBook({ topics: topicsFor(book.incidents, nowMs), notify, calendar, publicUrl }, book, nowMs), nowMs);
      }),
    topicsFor,
  };
}

/** What a requirement said that the policy had when a problem began and has no more; undefined where that version cannot be read any more. */
function droppedTopic(policyAt: PolicyAt, notify: NotifyConfig, { requirement, beganMs }: Incident): Topic | undefined {
  try {
    const topic = topicsOf(policyAt(beganMs, beganMs).policy, notify).get(requirement);
    return topic && { ...topic, dropped: true };
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

async function take(
  tx: Db,
  standing: readonly Incident[],
  siteId: number,
  requirement: string,
  subject: string,
  signal: Signal,
  late: boolean,
  nowMs: number,
): Promise<void> {
  const incident = standing.find((one) => one.requirement === requirement && one.subject === subject);
  const next = heed(incident, signal, late, nowMs);
  if (next === "begin") await beginIncident(tx, { siteId, requirement, subject, beganMs: nowMs });
  else if (next) await writeIncident(tx, next);
}
