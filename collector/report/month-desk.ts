import { dayAfter, endOfDayMs, vietnamDay } from "#schemas/calendar.ts";
import { groupsInTurns } from "../groups-in-turns.ts";
import { groupsOf } from "../groups-of.ts";
import { clockState } from "../jobs/clock-watch.ts";
import { withFills } from "../jobs/fill-unjudged.ts";
import { oldestPastMs, pastFindings } from "../jobs/past-findings.ts";
import { sharedFaultsAt } from "../jobs/shared-faults.ts";
import { unjudgedDays } from "../jobs/unjudged-days.ts";
import { type PolicyAt, versionsWithin } from "../policy-book.ts";
import { readClockProof } from "../store/clock-proof.ts";
import type { Db } from "../store/db.ts";
import { isSealed, type SealedPart, sealDossier, sealedParts } from "../store/dossiers.ts";
import { recordedPolicies } from "../store/policy-versions.ts";
import { centreNames, presentFindings, reportRows } from "../store/report.ts";
import { type DeclaredSite, sitesAsOf } from "../store/site-versions.ts";
import type { CentreBrief } from "../web/page-store.ts";
import { closedSites } from "./closed-sites.ts";
import { type Comparison, compareMonths } from "./comparison.ts";
import { type Dossier, type DossierCentre, dossierCentres, dossierOf, dossierOfCentre } from "./dossier.ts";
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

/** Centres that are read and counted in one piece: more would hold up whoever asks the collector meanwhile, and take its memory. */
const CENTRES_AT_ONCE = 100;

/**
 * Makes the dossiers of months. A running month is read from the present judgements; one that is over is judged again as of its last instant;
 * one that is closed is sealed, and from then on comes from its seal: byte for byte the same for ever. A clock that is not trusted closes no month: what
 * it takes for over may be running.
 */
export function monthDesk({ db, policyAt, demo, now }: MonthDeskOptions): MonthDesk {
  const build = async (month: Month, nowMs: number, only?: string): Promise<Dossier> => {
    const period = periodOf(month);
    const endMs = Date.parse(period.to) - 1;
    const { atMs, knownMs } = momentOf(period, nowMs);
    const inForce = policyAt(atMs, knownMs);
    const { policy, calendar } = inForce;
    const countedTo = vietnamDay(atMs);
    const sites = await sitesAsOf(db, countedTo, knownMs, { begunBy: period.lastDay, ...(only !== undefined && { only: [only] }) });
    const gone = await closedWithin(period, atMs, knownMs, only);
    const shared = nowMs <= endMs ? undefined : await sharedFaultsAt(db, inForce, { atMs, knownMs });
    const open = sites.map((site) => ({ site, centre: briefOf(site) }));
    const centres: DossierCentre[] = [];
    for (const group of groupsOf([...open, ...gone.centres.map((centre) => ({ site: undefined, centre }))], CENTRES_AT_ONCE)) {
      const codes = group.map(({ centre: { code } }) => code);
      const rows = await reportRows(db, period, knownMs, codes);
      const findings = shared
        ? await pastFindings(db, inForce, { atMs, knownMs }, { sites: group.flatMap(({ site }) => site ?? []), shared })
        : await presentFindings(db, codes);
      const unjudged = await unjudgedDays({ db, policyAt }, rows.changes, { firstDay: period.firstDay, lastDay: countedTo, nowMs, knownMs, only: codes });
      const all = {
        ...rows,
        centres: group.map(({ centre }) => centre),
        findings: [...findings, ...codes.flatMap((code) => gone.findings.get(code) ?? [])],
        changes: withFills(rows.changes, unjudged),
      };
      centres.push(...dossierCentres(period, policy, all, { nowMs, calendar }));
    }
    const policies = await versionsWithin(db, policy.id, period.firstDay, countedTo, knownMs);
    return dossierOf(only === undefined ? "province" : "centre", period, policy, centres, { nowMs, demo, policies });
  };

  /** The centres that closed within a month, each as it was declared and judged at the end of its last day. */
  const closedWithin = async (period: Period, atMs: number, knownMs: number, only: string | undefined) => {
    const sites = (await closedSites(db, period, { atMs, knownMs })).filter(({ centre: { code } }) => only === undefined || code === only);
    const parts = [...Map.groupBy(sites, ({ closed }) => closed.on)].map(([on, own]) => {
      const endedMs = endOfDayMs(dayAfter(on, -1));
      return pastFindings(db, policyAt(endedMs, knownMs), { atMs: endedMs, knownMs }, { sites: own });
    });
    const findings = (await Promise.all(parts)).flat();
    return { centres: sites.map((site): CentreBrief => ({ ...briefOf(site), closed: site.closed })), findings: Map.groupBy(findings, ({ centre }) => centre) };
  };

  /** What is sealed of a month, of the province or of one centre alone: of the latter a dossier without centres where it is not in it. */
  const sealedOf = async (month: Month, centre?: string): Promise<Dossier | undefined> => {
    const parts = await sealedParts(db, month, centre);
    return parts && ((await readInTurns(parts)) as Dossier);
  };
  const closed = async (month: Month, nowMs: number, centre?: string): Promise<Dossier | undefined> => {
    const known = await sealedOf(month, centre);
    if (known) return known;
    if (clockState(await readClockProof(db, nowMs), nowMs) !== "right") return undefined;
    const dossier = await build(month, nowMs);
    await sealDossier(db, month, await dossierText(dossier), await sealOf(dossier), nowMs);
    return sealedOf(month, centre);
  };
  const dossier: MonthDesk["dossier"] = async (month, centre) => {
    const nowMs = now();
    const period = periodOf(month);
    const isClosed = nowMs >= Date.parse(closesAt(period));
    if (nowMs < Date.parse(period.from)) return undefined;
    if (isClosed && Date.parse(period.to) <= oldestPastMs(nowMs) && !(await isSealed(db, month))) return undefined;
    const province = isClosed ? await closed(month, nowMs, centre) : undefined;
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

/** A sealed text, read a group of centres at a time: it has tens of megabytes of a large province. */
async function readInTurns(parts: readonly SealedPart[]): Promise<unknown> {
  const read: [string, unknown][] = [];
  for (const { key, value, items } of parts) {
    const list: unknown[] = [];
    for await (const group of groupsInTurns(items ?? [], CENTRES_AT_ONCE)) list.push(...group.map((item) => JSON.parse(item)));
    read.push([key, items ? list : JSON.parse(value)]);
  }
  return Object.fromEntries(read);
}

function briefOf({ centre: { devices: _, ...centre } }: DeclaredSite): CentreBrief {
  return centre;
}
