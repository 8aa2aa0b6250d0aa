import { NotifyConfig } from "#schemas/alert.ts";
import { createAlerts } from "../../collector/alert/alerts.ts";
import type { Channels } from "../../collector/alert/channels/channels.ts";
import { createPostman } from "../../collector/alert/channels/postman.ts";
import { createLog } from "../../collector/log.ts";
import type { Db } from "../../collector/store/db.ts";
import { writeFindings } from "../../collector/store/findings.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { allSites, importCentres } from "../../collector/store/sites.ts";
import { calendar, plan } from "../support/facts.ts";
import type { SentLetter } from "./letters.ts";
import { readersOf } from "./memory-alerts.ts";
import type { SimulatedAlerts } from "./simulate-province.ts";
import { World } from "./world.ts";

/** The collector's own alerts on a database: findings, problems and outbox in its transactions, and a postman who hands letters to the caller. */
export async function storeAlerts(db: Db, centres: number, fromMs: number): Promise<SimulatedAlerts & { readonly letters: SentLetter[] }> {
  await migrate(db, fromMs);
  await importCentres(db, new World(centres, []).centres, fromMs);
  const siteIds = new Map((await allSites(db)).map(({ siteId, centre }) => [centre.code, siteId]));
  const siteIdOf = (site: number) => siteIds.get(`xa-${site}`) ?? -1;
  const alerts = createAlerts({ db, policy: plan, calendar, notify: NotifyConfig.parse(readersOf(centres)), publicUrl: "http://hcc" });
  const letters: SentLetter[] = [];
  const unused = () => Promise.reject(new Error("a simulation writes letters only"));
  const channels: Channels = {
    smtp: async (letter, nowMs) => void letters.push({ atMs: nowMs, to: letter.to, message: letter.message }),
    webhook: unused,
    zalo: unused,
  };
  const postman = createPostman(db, channels, createLog("error"), () => 0.5);
  return {
    letters,
    heard: async (contacts) => {
      const rows = JSON.stringify([...contacts].map(([site, atMs]) => ({ site: siteIdOf(site), at: new Date(atMs).toISOString() })));
      await db.query(
        `UPDATE site SET first_contact_at = coalesce(first_contact_at, at), last_contact_at = at
         FROM jsonb_to_recordset(($1::text)::jsonb) AS heard (site int, at timestamptz) WHERE site_id = site`,
        [rows],
      );
    },
    province: (requirement, subject, signal, nowMs) => db.transaction((tx) => alerts.onProvince(tx, requirement, subject, signal, nowMs)),
    judged: (site, findings, nowMs) =>
      db.transaction(async (tx) => {
        await writeFindings(tx, siteIdOf(site), findings);
        await alerts.onJudged(tx, { siteId: siteIdOf(site), findings, transitions: [], late: false, nowMs });
      }),
    tick: async (nowMs) => {
      await alerts.tick(nowMs);
      while ((await postman.round(nowMs)) > 0);
    },
  };
}
