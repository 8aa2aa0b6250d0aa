import { randomBytes } from "node:crypto";
import { type Alerts, createAlerts } from "./alert/alerts.ts";
import { createAlertmanager } from "./alert/channels/alertmanager.ts";
import { channelsOf } from "./alert/channels/channels.ts";
import { createPostman, type Postman } from "./alert/channels/postman.ts";
import { type App, createApp } from "./app.ts";
import { AgentKeys } from "./auth/agent-keys.ts";
import { Nonces } from "./auth/nonces.ts";
import type { CollectorConfig } from "./config.ts";
import { type Acceptor, acceptInto } from "./ingest/accept.ts";
import { IngestQueue } from "./ingest/ingest-queue.ts";
import { BackupWatch } from "./jobs/backup-watch.ts";
import { ClockWatch } from "./jobs/clock-watch.ts";
import { Counters } from "./jobs/counters.ts";
import { lookAtHealth } from "./jobs/health.ts";
import { createJudge, type Judge } from "./jobs/judge.ts";
import { watchProvince } from "./jobs/province-watch.ts";
import { StorageWatch } from "./jobs/storage-watch.ts";
import { createUpkeep } from "./jobs/upkeep.ts";
import { createLeaseDesk } from "./lease/lease-desk.ts";
import { defaultLeaseRules } from "./lease/lease-rules.ts";
import type { Log } from "./log.ts";
import { MeasureWatch } from "./measure/keep-measure.ts";
import { readNotifyFile } from "./notify-file.ts";
import { createPeopleDesk, type PeopleDesk } from "./people/desk.ts";
import { createSignOn } from "./people/sign-on.ts";
import { readSignOnFile } from "./people/sign-on-file.ts";
import { openPolicyBook, type PolicyInForce } from "./policy-book.ts";
import { createDayCounts } from "./report/day-counts.ts";
import { monthDesk } from "./report/month-desk.ts";
import { factorRoles } from "./routes/access-table.ts";
import { serversOf } from "./served-config.ts";
import { findAgent, setAgentState } from "./store/agents.ts";
import { problemsSince } from "./store/alert-book.ts";
import { CITUS_WRITERS, namingCentres, Shards } from "./store/citus.ts";
import { databaseFolders } from "./store/database-disks.ts";
import { writeGroup } from "./store/ingest.ts";
import { leaseStore } from "./store/lease-store.ts";
import { migrate } from "./store/migrate.ts";
import type { RoleStore } from "./store/open.ts";
import { outboxState } from "./store/outbox.ts";
import { Partitions } from "./store/partitions.ts";
import { grantRights } from "./store/roles.ts";
import { RunIds } from "./store/run-rows.ts";
import { putSetting, setting, sharedSecret } from "./store/settings.ts";
import { storageMode } from "./store/settle-storage.ts";
import { findSite } from "./store/sites.ts";

export type CollectorOptions = {
  readonly config: CollectorConfig;
  /** `ingest` and `owner` are `db` where one user of the database does everything. */
  readonly store: Pick<RoleStore, "db"> & Partial<Pick<RoleStore, "ingest" | "owner" | "tend">>;
  /** ms since the epoch; the demo hands in one of its own. */
  readonly clock: () => number;
  readonly log: Log;
};

export type Collector = {
  readonly app: App;
  readonly accept: Acceptor;
  readonly judge: Judge;
  readonly alerts: Alerts;
  /** Begins and ends the problems of the whole province. */
  watchProvince(nowMs: number): Promise<void>;
  /** Begins and ends the problem that the database is not backed up. */
  watchBackups(nowMs: number): Promise<void>;
  readonly postman: Postman;
  /** Tells the Alertmanager of the settings what stands and what has ended; nothing without one. */
  pushProblems(): Promise<void>;
  readonly people: PeopleDesk;
  /** Shared with the measure servers, which check leases with it. */
  readonly measureSecret: string;
  /** Knows how the measure server fares that whoever serves this collector starts beside it. */
  readonly measureWatch: MeasureWatch;
  /** Looks whether the database's disks have room. */
  watchStorage(): Promise<void>;
  /** Partitions, rollups, retention. */
  upkeep(): Promise<void>;
  /** Counts the days of the months that are not closed, where the last count is not young. */
  countDays(): Promise<void>;
  /** Seals the month that has closed last, once. */
  sealMonth(): Promise<void>;
  /** Resolves when what was accepted is committed and judged. */
  drain(): Promise<void>;
};

/** How long an end of a problem is pushed to an Alertmanager at most, ms. */
const PUSHED_BACK_MS = 2 * 86_400_000;
const NEW_SECRET = () => randomBytes(32).toString("base64url");
const NONCE_KEY = "nonce_secret";
const MEASURE_KEY = "measure_secret";
const BROWSER_KEY = "browser_secret";
/** The id of the policy by which this database is judged: what the views for Grafana go by (migration 0055). */
const POLICY_KEY = "policy";
/** Set by the demo; pages then say so. */
export const DEMO_KEY = "demo";

/** Puts the collector together on an open store. Migrates, loads the policy in force and records it. */
export async function createCollector({ config, store: { db, ingest = db, owner = db }, clock, log }: CollectorOptions): Promise<Collector> {
  const applied = await migrate(owner, clock(), { storage: config.storage });
  await grantRights(owner);
  if (applied.length > 0) log.info({ applied }, "database schema brought up to date");
  const policyAt = await openPolicyBook(db, config.policy, clock());
  await putSetting(db, POLICY_KEY, config.policy);
  const partitions = new Partitions(owner);
  await partitions.ensureAhead(clock());
  const counters = new Counters(counterHelp);
  const ids = new RunIds();
  const storage = new StorageWatch({ folders: await databaseFolders(owner, config.databaseUrl), log, nowMs: clock });
  const shards = (await storageMode(owner)) === "citus" ? new Shards(owner) : undefined;
  if (shards) {
    log.warn(
      "storage mode citus never ran on Citus: by the rules of its planner that a stand-in knows, nothing of intake, judging, rollups and pages is refused; all else is unknown (docs/decisions/0006-storage-modes.md)",
    );
    await shards.look();
  }
  const intake = shards ? namingCentres(ingest) : ingest;
  const queue = new IngestQueue(
    (group) => storage.writing(() => writeGroup({ db: intake, partitions, ids, calendar: policyAt(clock()).calendar }, group)),
    shards && { laneOf: shards.of, writers: CITUS_WRITERS },
  );
  const notify = readNotifyFile(config.notifyFile);
  const alerts = createAlerts({ db, policyAt, notify, publicUrl: config.publicUrl });
  const alertmanager = notify.alertmanager && createAlertmanager(notify.alertmanager, alerts.topicsFor, config.publicUrl);
  const judge = createJudge({ db, policyAt, log, onJudged: alerts.onJudged });
  const accept = acceptInto(queue, (accepted) => {
    counters.add("hcc_batches_accepted_total");
    judge.touch(accepted);
  });
  const nonces = new Nonces(await sharedSecret(db, NONCE_KEY, NEW_SECRET));
  const keys = new AgentKeys((agentId) => findAgent(db, agentId), nonces);
  const measureSecret = await sharedSecret(db, MEASURE_KEY, NEW_SECRET);
  const measureWatch = new MeasureWatch(log);
  const measureServers = serversOf(config);
  const leases = createLeaseDesk({
    store: leaseStore(db),
    servers: measureServers.map((server) => ({ ...server, uplinkMbps: config.measureUplinkMbps })),
    rules: defaultLeaseRules,
    secret: measureSecret,
    nowMs: clock,
    newId: () => randomBytes(8).toString("hex"),
  });
  const people = createPeopleDesk({ db, clock, demandsFactor: (roles) => config.isFactorRequired && roles.some((role) => factorRoles.includes(role)) });
  const clockWatch = new ClockWatch(owner, log);
  const keep = createUpkeep(owner, partitions, { clock: clockWatch, auditMonths: config.auditMonths });
  const isDemo = (await setting(db, DEMO_KEY)) === true;
  const backupWatch = new BackupWatch({ db, alerts, log, clock: () => clockWatch.state(), isDemo });
  const startedMs = clock();
  const signOn = config.oidcFile === undefined ? undefined : createSignOn(readSignOnFile(config.oidcFile), config.publicUrl);
  const browserSecret = await sharedSecret(db, BROWSER_KEY, NEW_SECRET);
  const appFor = ({ policy, calendar }: PolicyInForce) =>
    createApp({
      db,
      config,
      policy,
      calendar,
      measureServers,
      phones: notify.phones,
      keys,
      nonces,
      clock,
      accept,
      leases,
      log,
      counters,
      people,
      signOn,
      browserSecret,
      demo: isDemo,
      health: () =>
        lookAtHealth({ db, clock, queued: () => queue.queued, lastJudgedMs: judge.lastTickMs, startedMs, storage, clockWatch, backupWatch, measureWatch }),
      storageState: () => storage.state(),
      clockState: () => clockWatch.state(),
      backupState: () => backupWatch.state(),
      sharedFaults: judge.sharedFaults,
      gauges: async () => {
        const { waiting, held, dead, oldestMs } = await outboxState(db, clock());
        return {
          hcc_ingest_queued: queue.queued,
          hcc_judge_waiting: judge.waiting(),
          ...(storage.freeBytes() !== undefined && { hcc_database_free_bytes: storage.freeBytes() ?? 0 }),
          ...backupWatch.gauges(clock()),
          ...(measureWatch.state() !== "off" && { hcc_measure_up: measureWatch.state() === "up" ? 1 : 0, hcc_measure_ends: measureWatch.ends() }),
          hcc_outbox_waiting: waiting,
          hcc_outbox_held: held,
          hcc_outbox_dead: dead,
          hcc_outbox_oldest_seconds: Math.round(oldestMs / 1_000),
        };
      },
      policyAt,
      judgeAgain: async (centres) => {
        for (const code of centres) {
          const site = await findSite(db, code);
          if (site) await judge.judge(site.siteId, "all", clock(), false);
        }
      },
      freeze: async (agentId, message) => {
        log.error({ agentId, message }, "an agent's stream came from two places; the key is frozen");
        await setAgentState(db, agentId, "frozen", { nowMs: clock(), reason: message });
        keys.forget(agentId);
      },
    });
  return {
    app: appInForce(() => policyAt(clock()), appFor),
    people,
    accept,
    judge,
    alerts,
    watchProvince: watchProvince(db, policyAt, alerts),
    watchBackups: (nowMs) => backupWatch.look(nowMs),
    postman: createPostman(db, channelsOf(notify), log, Math.random),
    pushProblems: async () => alertmanager?.push(await problemsSince(db, clock() - PUSHED_BACK_MS), clock()),
    measureSecret,
    measureWatch,
    watchStorage: () => storage.look(),
    countDays: createDayCounts({ db, policyAt, now: clock }),
    sealMonth: monthDesk({ db, policyAt, demo: isDemo, now: clock }).sealNewest,
    upkeep: async () => {
      await people.forgetEnded();
      await shards?.look();
      const { rolledUp, dropped, busy } = await keep(clock());
      if (dropped.length > 0) log.info({ rolledUp, dropped }, "upkeep");
      if (busy.length > 0) log.info({ busy }, "what is past its time was not dropped, as somebody reads the table (a backup?); it is tried again");
    },
    drain: async () => {
      await queue.drain();
      await judge.drain();
    },
  };
}

const counterHelp = {
  hcc_batches_accepted_total: "Batches that brought something new",
  hcc_requests_total: "Answers by status class",
  hcc_request_errors_total: "Requests that failed inside the collector",
} as const;

/** Pages, forms and what agents are told follow the policy in force: its next version begins at a midnight, and nobody starts the collector anew for it. */
function appInForce(inForce: () => PolicyInForce, appFor: (inForce: PolicyInForce) => App): App {
  let known = inForce();
  let app = appFor(known);
  const now = () => {
    const { policy, calendar } = inForce();
    if (policy !== known.policy || calendar !== known.calendar) {
      known = { policy, calendar };
      app = appFor(known);
    }
    return app;
  };
  return { fetch: (...request) => now().fetch(...request), request: (...request) => now().request(...request) };
}
