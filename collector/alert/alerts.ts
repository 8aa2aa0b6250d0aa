import type { NotifyConfig } from "#schemas/alert.ts";
import type { Calendar } from "#schemas/calendar.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { OnJudged } from "../jobs/judge.ts";
import { readBook, writeBook } from "../store/alert-book.ts";
import type { Db } from "../store/db.ts";
import { beginIncident, lockIncidents, standingIncidents, writeIncident } from "../store/incidents.ts";
import { stepBook } from "./book-step.ts";
import type { DeskSettings } from "./desk.ts";
import { isDigestDue } from "./digest.ts";
import type { Incident } from "./incident.ts";
import { heed, type Signal, signalOf } from "./incident-step.ts";
import { topicsOf } from "./topic.ts";

export type AlertOptions = {
  readonly db: Db;
  readonly policy: PolicyProfile;
  readonly calendar: Calendar;
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
};

/**
 * Problems and their messages. Measuring goes on whatever is told. Problems follow states, not changes, so that what was suppressed once is found
 * by the next judgement. All that is decided is decided in pure files; this one carries it to the store and back.
 */
export function createAlerts({ db, policy, calendar, notify, publicUrl }: AlertOptions): Alerts {
  const settings: DeskSettings = { topics: topicsOf(policy, notify), notify, calendar, publicUrl };
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
        for (const { requirement, state } of findings) await take(tx, own, siteId, requirement, "", signalOf(state), late, nowMs);
      }
    },
    onProvince: async (tx, requirement, subject, signal, nowMs) => take(tx, await standingIncidents(tx, [0]), 0, requirement, subject, signal, false, nowMs),
    tick: (nowMs) =>
      db.transaction(async (tx) => {
        await lockIncidents(tx);
        const book = await readBook(tx, nowMs, (digest) => isDigestDue(settings, digest, nowMs));
        await writeBook(tx, stepBook(settings, book, nowMs), nowMs);
      }),
  };
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
