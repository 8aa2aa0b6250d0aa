import type { Hono } from "hono";
import { type AppDeps, createApp } from "../../collector/app.ts";
import { AgentKeys } from "../../collector/auth/agent-keys.ts";
import { Nonces } from "../../collector/auth/nonces.ts";
import { readConfig } from "../../collector/config.ts";
import { Counters } from "../../collector/jobs/counters.ts";
import { createLog } from "../../collector/log.ts";
import { createPeopleDesk } from "../../collector/people/desk.ts";
import type { Db } from "../../collector/store/db.ts";
import { samplePolicy } from "./sample-policy.ts";
import { sampleNowMs } from "./sample-province.ts";

const away = () => Promise.reject(new Error("the database is away"));
/** A database that is away. */
export const noDb: Db = { query: away, rows: away, transaction: away, script: away };

/** The collector's whole app without a database: what the guard lets through and needs one is answered with 503. */
export function bareApp(more: Partial<AppDeps> = {}): Hono {
  const nonces = new Nonces("bare");
  const calendar = { timeZone: "Asia/Ho_Chi_Minh", holidays: [] } as unknown as AppDeps["calendar"];
  return createApp({
    db: noDb,
    config: readConfig({ HCC_LOG_LEVEL: "silent" }),
    policy: samplePolicy,
    calendar,
    measureServers: [],
    phones: [],
    keys: new AgentKeys(async () => undefined, nonces),
    nonces,
    clock: () => sampleNowMs,
    accept: away,
    leases: { ask: away, giveBack: away } as unknown as AppDeps["leases"],
    log: createLog("silent"),
    counters: new Counters({}),
    demo: false,
    health: away,
    storageState: () => "room",
    clockState: () => "right",
    backupState: () => "none",
    gauges: async () => ({}),
    policyAt: () => ({ policy: samplePolicy, calendar }),
    judgeAgain: async () => undefined,
    people: createPeopleDesk({ db: noDb, clock: () => sampleNowMs }),
    signOn: undefined,
    browserSecret: "bare",
    sharedFaults: () => [],
    freeze: async () => undefined,
    ...more,
  });
}
