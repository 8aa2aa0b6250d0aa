import { NotifyConfig } from "#schemas/alert.ts";
import { createAlerts } from "../../collector/alert/alerts.ts";
import type { Channels } from "../../collector/alert/channels/channels.ts";
import { createPostman } from "../../collector/alert/channels/postman.ts";
import { acceptInto } from "../../collector/ingest/accept.ts";
import { IngestQueue } from "../../collector/ingest/ingest-queue.ts";
import { createLog } from "../../collector/log.ts";
import { LISTENING_KEY } from "../../collector/store/alert-book.ts";
import type { Db } from "../../collector/store/db.ts";
import { writeFindings } from "../../collector/store/findings.ts";
import { writeGroup } from "../../collector/store/ingest.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import { RunIds } from "../../collector/store/run-rows.ts";
import { putSetting } from "../../collector/store/settings.ts";
import { allSites, importCentres } from "../../collector/store/sites.ts";
import type { ProbeKind, Reading } from "../../schemas/observation.ts";
import { batchOf, sha256Of } from "../support/batches.ts";
import { calendar, MINUTE, plan } from "../support/facts.ts";
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
  const alerts = createAlerts({ db, policyAt: () => ({ policy: plan, calendar }), notify: NotifyConfig.parse(readersOf(centres)), publicUrl: "http://hcc" });
  const tools = { db, partitions: new Partitions(db), ids: new RunIds(), calendar };
  const accept = acceptInto(new IngestQueue((group) => writeGroup(tools, group)), () => {});
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
        `INSERT INTO contact (site_id, agent_id, first_at, last_at) SELECT site, 'agt-' || site, at, at
         FROM jsonb_to_recordset(($1::text)::jsonb) AS heard (site int, at timestamptz)
         ON CONFLICT (site_id, agent_id) DO UPDATE SET last_at = excluded.last_at`,
        [rows],
      );
    },
    province: (requirement, subject, signal, nowMs) => db.transaction((tx) => alerts.onProvince(tx, requirement, subject, signal, nowMs)),
    judged: (site, findings, nowMs) =>
      db.transaction(async (tx) => {
        await writeFindings(tx, [{ siteId: siteIdOf(site), findings }]);
        await alerts.onJudged(tx, [{ siteId: siteIdOf(site), findings, transitions: [], late: false, nowMs }]);
      }),
    traced: async (site, { walks, bootMs, endedWell }, nowMs) => {
      const host: Reading[] = [
        ...(bootMs === undefined ? [] : [{ metric: "host_uptime_s" as const, value: (nowMs - bootMs) / 1_000 }]),
        ...(endedWell === undefined ? [] : [{ metric: "agent_ended_well" as const, value: endedWell ? 1 : 0 }]),
      ];
      const back = [...walks].flatMap(([segment, runs]) =>
        Array.from({ length: runs }, (_, run) => said("link-quality", nowMs - (run + 2) * MINUTE, [{ metric: "segment_up", value: 0, labels: { segment } }])),
      );
      const all = [...back.reverse(), said("host", nowMs, host)];
      const each = (index: number) => all[index] as ReturnType<typeof said>;
      const batch = batchOf({
        stream: (siteIdOf(site) + nowMs).toString(16).padStart(16, "0"),
        from: 1,
        count: all.length,
        startMs: nowMs,
        lane: "backlog",
        each,
      });
      await accept({ siteId: siteIdOf(site), agentId: "agt-0000000000000001" }, { batch, bodySha256: sha256Of(batch), nowMs });
    },
    tick: async (nowMs) => {
      // The hours that a simulation leaves out are no hours in which nobody listened.
      await putSetting(db, LISTENING_KEY, { sinceMs: fromMs, notedMs: nowMs });
      await alerts.tick(nowMs);
      while ((await postman.round(nowMs)) > 0);
    },
  };
}

function said(probe: ProbeKind, atMs: number, readings: Reading[]) {
  return { probe, takenAt: new Date(atMs).toISOString(), outcome: { kind: "measured" as const, readings } };
}
