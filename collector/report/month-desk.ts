import { dayAfter, endOfDayMs, vietnamDay } from "#schemas/calendar.ts";
import { clockState } from "../jobs/clock-watch.ts";
import { withFills } from "../jobs/fill-unjudged.ts";
import { oldestPastMs, pastFindings } from "../jobs/past-findings.ts";
import { unjudgedDays } from "../jobs/unjudged-days.ts";
import { type PolicyAt, versionsWithin } from "../policy-book.ts";
import { readClockProof } from "../store/clock-proof.ts";
import type { Db } from "../store/db.ts";
import { sealDossier, sealedDossier } from "../store/dossiers.ts";
import { recordedPolicies } from "../store/policy-versions.ts";
import { centreNames, reportRows } from "../store/report.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { closedSites } from "./closed-sites.ts";
import { type Comparison, compareMonths } from "./comparison.ts";
import { buildDossier, type Dossier, dossierOfCentre, type ReportRows } from "./dossier.ts";
import { closesAt, type Month, momentOf, newestClosed, type Period, periodOf } from "./period.ts";
import { dossierText, sealOf } from "./seal.ts";

export type MonthDeskOptions = {
  readonly db: Db;
  /** The policy and calendar that were in force at an instant. */
  readonly policyAt: PolicyAt;
  readonly demo: boolean;
  readonly now: () => number;
};

export type MonthDesk = {
  /**
   * The dossier of a month, of the province or of one centre; undefined when the centre is not in it, when the month has not begun, and when it was never
   * sealed and is so old that its evidence is gone.
   */
  dossier(month: Month, centre?: string): Promise<Dossier | undefined>;
  /** Seals the newest month that is closed: by the evidence and the program of that time, whether or not anybody asks for it. */
  sealNewest(): Promise<void>;
  /** The province in two months, the earlier one first; the month of which there is no report where there is none. */
  comparison(before: Month, after: Month): Promise<Comparison | { readonly missing: Month }>;
  centreNames(): Promise<readonly { code: string; name: string }[]>;
};

/**
 * Makes the dossiers of months. A running month is read from the present judgements; one that is over is judged again as of its last instant;
 * one that is closed is sealed, and from then on comes from its seal: byte for byte the same for ever. A clock that is not trusted closes no month: what
 * it takes for over may be running.
 */
export function monthDesk({ db, policyAt, demo, now }: MonthDeskOptions): MonthDesk {
  const build = async (month: Month, nowMs: number, centre?: string): Promise<Dossier> => {
    const period = periodOf(month);
    const endMs = Date.parse(period.to) - 1;
    const { atMs, knownMs } = momentOf(period, nowMs);
    const inForce = policyAt(atMs, knownMs);
    const { policy, calendar } = inForce;
    const only = centre === undefined ? {} : { only: [centre] };
    const rows = await reportRows(db, period, atMs, knownMs, centre);
    const judgeAgain = async () => {
      const sites = await sitesAsOf(db, vietnamDay(endMs), knownMs, { begunBy: period.lastDay, ...only });
      return pastFindings(db, inForce, { atMs: endMs, knownMs }, sites);
    };
    const findings = nowMs <= endMs ? rows.findings : await judgeAgain();
    const gone = await closedWithin(period, atMs, knownMs, centre);
    const countedTo = vietnamDay(atMs);
    const unjudged = await unjudgedDays({ db, policyAt }, rows.changes, { firstDay: period.firstDay, lastDay: countedTo, nowMs, knownMs, ...only });
    const policies = await versionsWithin(db, policy.id, period.firstDay, countedTo, knownMs);
    const all = {
      ...rows,
      centres: [...rows.centres, ...gone.centres],
      findings: [...findings, ...gone.findings],
      changes: withFills(rows.changes, unjudged),
    };
    return buildDossier(centre === undefined ? "province" : "centre", period, policy, all, { nowMs, demo, calendar, policies });
  };

  /** The centres that closed within a month, each as it was declared and judged at the end of its last day. */
  const closedWithin = async (period: Period, atMs: number, knownMs: number, only: string | undefined): Promise<Pick<ReportRows, "centres" | "findings">> => {
    const sites = (await closedSites(db, period, { atMs, knownMs })).filter(({ centre: { code } }) => only === undefined || code === only);
    const parts = [...Map.groupBy(sites, ({ closed }) => closed.on)].map(([on, own]) => {
      const endedMs = endOfDayMs(dayAfter(on, -1));
      return pastFindings(db, policyAt(endedMs, knownMs), { atMs: endedMs, knownMs }, own);
    });
    return { centres: sites.map(({ centre: { devices: _, ...centre }, closed }) => ({ ...centre, closed })), findings: (await Promise.all(parts)).flat() };
  };

  const closed = async (month: Month, nowMs: number): Promise<Dossier | undefined> => {
    const known = await sealedDossier(db, month);
    if (known !== undefined) return JSON.parse(known) as Dossier;
    if (clockState(await readClockProof(db, nowMs), nowMs) !== "right") return undefined;
    const dossier = await build(month, nowMs);
    return JSON.parse(await sealDossier(db, month, dossierText(dossier), sealOf(dossier), nowMs)) as Dossier;
  };
  const dossier: MonthDesk["dossier"] = async (month, centre) => {
    const nowMs = now();
    const period = periodOf(month);
    const isClosed = nowMs >= Date.parse(closesAt(period));
    if (nowMs < Date.parse(period.from)) return undefined;
    if (isClosed && Date.parse(period.to) <= oldestPastMs(nowMs) && !(await sealedDossier(db, month))) return undefined;
    const province = isClosed ? await closed(month, nowMs) : undefined;
    if (province) return centre === undefined ? province : dossierOfCentre(province, centre);
    const open = await build(month, nowMs, centre);
    return open.scope === "centre" && open.centres.length === 0 ? undefined : { ...open, provisional: true };
  };

  /** The policy that judged the end of a month, as this database recorded it. */
  const policyOf = async ({ policy: { id, version } }: Dossier) => {
    const recorded = (await recordedPolicies(db, id)).find((one) => one.version === version);
    return recorded && "value" in recorded.body ? recorded.body.value : undefined;
  };

  return {
    dossier,
    async comparison(before, after) {
      const earlier = await dossier(before);
      if (!earlier) return { missing: before };
      const later = await dossier(after);
      if (!later) return { missing: after };
      return compareMonths(earlier, later, { before: await policyOf(earlier), after: await policyOf(later) });
    },
    async sealNewest() {
      await dossier(newestClosed(now()));
    },
    centreNames: () => centreNames(db),
  };
}
