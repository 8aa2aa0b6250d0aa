import { vietnamDay } from "#schemas/calendar.ts";
import { pastFindings } from "../jobs/past-findings.ts";
import type { PolicyAt } from "../policy-book.ts";
import type { Db } from "../store/db.ts";
import { sealDossier, sealedDossier } from "../store/dossiers.ts";
import { centreNames, reportRows } from "../store/report.ts";
import { sitesAsOf } from "../store/site-versions.ts";
import { buildDossier, type Dossier, dossierOfCentre } from "./dossier.ts";
import { closesAt, type Month, periodOf } from "./period.ts";
import { dossierText, sealOf } from "./seal.ts";

export type MonthDeskOptions = {
  readonly db: Db;
  /** The policy and calendar that were in force at an instant. */
  readonly policyAt: PolicyAt;
  readonly demo: boolean;
  readonly now: () => number;
};

export type MonthDesk = {
  /** The dossier of a month, of the province or of one centre; undefined when the centre is not in it. */
  dossier(month: Month, centre?: string): Promise<Dossier | undefined>;
  centreNames(): Promise<readonly { code: string; name: string }[]>;
};

/**
 * Makes the dossiers of months. A running month is read from the present judgements; one that is over is judged again as of its last instant;
 * one that is closed is sealed when it is first asked for, and from then on comes from its seal: byte for byte the same for ever.
 */
export function monthDesk({ db, policyAt, demo, now }: MonthDeskOptions): MonthDesk {
  const build = async (month: Month, nowMs: number, centre?: string): Promise<Dossier> => {
    const period = periodOf(month);
    const endMs = Date.parse(period.to) - 1;
    const atMs = Math.min(endMs, nowMs);
    const knownMs = Math.min(nowMs, Date.parse(closesAt(period)));
    const inForce = policyAt(atMs, knownMs);
    const { policy } = inForce;
    const rows = await reportRows(db, period, atMs, knownMs, centre);
    const judgeAgain = async () => {
      const sites = (await sitesAsOf(db, vietnamDay(endMs), knownMs, period.lastDay)).filter((site) => centre === undefined || site.centre.code === centre);
      return pastFindings(db, inForce, { atMs: endMs, knownMs }, sites);
    };
    const findings = nowMs <= endMs ? rows.findings : await judgeAgain();
    return buildDossier(centre === undefined ? "province" : "centre", period, policy, { ...rows, findings }, { nowMs, demo });
  };

  return {
    async dossier(month, centre) {
      const nowMs = now();
      if (nowMs < Date.parse(closesAt(periodOf(month)))) {
        const dossier = await build(month, nowMs, centre);
        return dossier.scope === "centre" && dossier.centres.length === 0 ? undefined : dossier;
      }
      const province = await sealed(db, month, nowMs, () => build(month, nowMs));
      return centre === undefined ? province : dossierOfCentre(province, centre);
    },
    centreNames: () => centreNames(db),
  };
}

async function sealed(db: Db, month: Month, nowMs: number, build: () => Promise<Dossier>): Promise<Dossier> {
  const known = await sealedDossier(db, month);
  if (known !== undefined) return JSON.parse(known) as Dossier;
  const dossier = await build();
  return JSON.parse(await sealDossier(db, month, dossierText(dossier), sealOf(dossier), nowMs)) as Dossier;
}
