import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ClockWatch } from "../../agent/clock-state.ts";
import { enrol } from "../../agent/enrolment.ts";
import { keyOf } from "../../agent/identity.ts";
import { Spool } from "../../agent/spool/spool.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { Uplink } from "../../agent/uplink/uplink.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import { openStore } from "../../collector/store/open.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { freeTcpPort } from "../support/free-port.ts";
import { observation } from "../support/observations.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { requirePeer } from "../support/require-peer.ts";
import { memoryFolder } from "../support/temporary-folder.ts";

const signal = new AbortController().signal;

describe.skipIf(!requirePeer("postgres"))("the drill", () => {
  let database: TestPostgres;
  beforeAll(async () => {
    database = await startPostgres();
  }, 60_000);
  afterAll(() => database?.stop());

  const command = (databaseUrl: string, ...words: string[]) => collectorCommand(words, { DATABASE_URL: databaseUrl, HCC_MEASURE_PORT: "0", HCC_LANG: "en" });
  const serve = async (databaseUrl: string, port: number) => {
    const store = await openStore({ databaseUrl, dataDir: "unused" });
    const config = readConfig({ HCC_LOG_LEVEL: "silent", HCC_MEASURE_PORT: "0", HCC_PORT: String(port) });
    const { app } = await createCollector({ config, store, clock: Date.now, log: createLog("silent") });
    const server = await listen(app, config);
    return {
      store,
      stop: async () => {
        server.close();
        server.closeAllConnections();
        await store.close();
      },
    };
  };

  it("a copy takes over: what a real agent sent after the dump is sent again, once, and nothing is lost", async () => {
    const port = await freeTcpPort();
    const url = `http://127.0.0.1:${port}`;
    let collector = await serve(database.url, port);
    await importCentres(collector.store.db, [{ code: "mot", name: "Xã Một", keyArea: false, devices: [] }], Date.now());
    const dataDir = memoryFolder();
    const { out: code } = await command(database.url, "enrol-code", "mot");
    const identity = await enrol(code, new CollectorClient({ url, version: "test" }), { dataDir, collector: url, version: "test", nowMs: Date.now }, signal);
    const spool = new Spool({ folder: dataDir, nowMs: Date.now, log: () => undefined });
    const begun = performance.now();
    const stop = new AbortController();
    const uplink = new Uplink({
      spool,
      client: new CollectorClient({ url, signer: { agent: identity.agent, key: keyOf(dataDir, identity) }, version: "test" }),
      clock: new ClockWatch(),
      readClock: () => ({ wallMs: Date.now(), steadyMs: 1e9 + performance.now() - begun }),
      bootId: "drill",
      log: () => undefined,
      chance: () => 0,
      splayMs: 0,
    });
    const sending = uplink.run(stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await sending;
      spool[Symbol.dispose]();
      await collector.stop();
    });
    const stored = async () => {
      const [row] = await collector.store.db.query<{ all: number; different: number; last: number }>(
        "SELECT count(*)::int AS all, count(DISTINCT (stream, seq))::int AS different, coalesce(max(seq), 0)::int AS last FROM observation",
      );
      return row;
    };
    const take = async (count: number, total: number) => {
      for (let index = 0; index < count; index++) spool.append({ ...observation(1), takenAt: new Date().toISOString() });
      for (let tries = 0; tries < 600 && (await stored())?.different !== total; tries++) {
        uplink.notify();
        await sleep(50);
      }
      expect(await stored()).toEqual({ all: total, different: total, last: total });
    };

    await take(30, 30);
    const drilled = await command(database.url, "drill", "--keep", "copy");
    expect([drilled.code, drilled.said]).toEqual([0, expect.stringMatching(/1 centres, 1 streams; audit log whole\nThe drill holds; copy is ready/)]);
    await take(20, 50);

    await collector.stop();
    collector = await serve(database.url.replace(/postgres$/, "copy"), port);
    expect(await stored()).toEqual({ all: 30, different: 30, last: 30 });
    await take(5, 55);
    expect(spool.status()).toMatchObject({ waiting: 0, deadLetters: 0 });
    expect(await collector.store.db.query("SELECT 1 FROM stream_gap")).toEqual([]);
  }, 120_000);

  it("leaves nothing behind, and says in one sentence what does not fit", async () => {
    const drilled = await command(database.url, "drill");
    expect([drilled.code, drilled.said.split("\n").at(-1)]).toEqual([0, "The drill holds."]);
    expect(await database.psql("SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database WHERE datname LIKE 'hcc_drill%'")).toBe("");
    expect(await command(database.url, "drill", "--keep", "x; DROP")).toMatchObject({ code: 64, said: expect.stringContaining("is no name for a database") });
    await database.psql("CREATE ROLE meek LOGIN");
    await database.psql("CREATE DATABASE meek OWNER meek");
    await expect(command(database.url.replace("hcc@", "meek@").replace(/postgres$/, "meek"), "drill")).rejects.toThrow("ALTER ROLE that-user CREATEDB");
  }, 120_000);
});
