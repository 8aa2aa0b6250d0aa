import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openStore } from "../../../collector/store/open.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { openPostgres } from "../../../collector/store/postgres-db.ts";
import { rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { failingDb } from "../../support/failing-db.ts";
import { freeTcpPort } from "../../support/free-port.ts";
import { startPostgres, type TestPostgres } from "../../support/postgres.ts";
import { requirePeer } from "../../support/require-peer.ts";

describe.skipIf(!requirePeer("postgres"))("the store on a server of its own", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await server?.stop();
  });
  const opened = async (name: string) => openStore({ databaseUrl: await server.database(name), dataDir: "unused" });
  const refusal = (databaseUrl: string) =>
    openStore({ databaseUrl, dataDir: "unused" }).then(
      async (store) => {
        await store.close();
        return "opened";
      },
      (error: Error) => `${error.name}: ${error.message}`,
    );

  it("has its settings on each connection", async () => {
    const store = await opened("settings");
    const settings = await store.db.query(
      "SELECT current_setting('jit') AS jit, current_setting('TimeZone') AS zone, current_setting('statement_timeout') AS longest",
    );
    expect(settings).toEqual([{ jit: "off", zone: "UTC", longest: "1min" }]);
    await store.close();
  });

  it("ends a transaction whose connection is lost within a part of it, and answers again", async () => {
    const store = await opened("parts");
    const lost = store.db.transaction((tx) =>
      tx.transaction(async (part) => {
        await part.query("SELECT pg_terminate_backend(pg_backend_pid())");
      }),
    );
    await expect(lost).rejects.toThrow();
    expect(await store.db.query("SELECT 1 AS n")).toEqual([{ n: 1 }]);
    await store.close();
  });

  it("is migrated by one of several programs that start at the same moment", async () => {
    const stores = [
      await opened("together"),
      ...(await Promise.all([1, 2, 3].map(() => openStore({ databaseUrl: server.url.replace(/[^/]+$/, "together"), dataDir: "unused" })))),
    ];
    const applied = await Promise.all(stores.map(({ db }) => migrate(db, T0)));
    expect(applied.flat().sort()).toEqual([...new Set(applied.flat())].sort());
    expect(applied.flat()).toContain("0001_init.sql");
    await Promise.all(stores.map((store) => store.close()));
  });

  it("loses no sample from a rollup that runs while a flush is about to commit", async () => {
    const store = await opened("race");
    await migrate(store.db, T0);
    const gate = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const slow: Db = {
      ...store.db,
      transaction: (work) =>
        store.db.transaction(async (tx) => {
          const result = await work(tx);
          written.resolve();
          await gate.promise;
          return result;
        }),
    };
    const ids = new RunIds();
    const partitions = new Partitions(store.db);
    await partitions.ensureAhead(T0);
    const sample = (stream: string, index: number) =>
      receivedOf(batchOf({ stream, count: 1, startMs: T0 + index * 1_000, each: () => ({ outcome: measured([{ metric: "loss_percent", value: index }]) }) }));
    await writeGroup({ db: store.db, partitions, ids, calendar: workWeek }, [sample("000000000000000a", 1)]);
    const flush = writeGroup({ db: slow, partitions, ids, calendar: workWeek }, [sample("000000000000000b", 2)]);
    await written.promise;
    expect(await rollUpDirtyHours(store.db, T0 + 3_600_000)).toBe(0);
    gate.resolve();
    await flush;
    expect(await rollUpDirtyHours(store.db, T0 + 3_600_000)).toBe(1);
    expect(await store.db.query("SELECT n, vsum FROM rollup_1h")).toEqual([{ n: 2, vsum: 3 }]);
    await store.close();
  });

  it("takes what agents send while their hour is rolled up, and finishes a rollup that was broken off", async () => {
    const store = await opened("meanwhile");
    await migrate(store.db, T0);
    const tools = { db: store.db, partitions: new Partitions(store.db), ids: new RunIds(), calendar: workWeek };
    const flush = (stream: string, value: number) =>
      writeGroup(tools, [receivedOf(batchOf({ stream, count: 1, startMs: T0, each: () => ({ outcome: measured([{ metric: "loss_percent", value }]) }) }))]);
    await flush("000000000000000a", 1);
    let flushes = 0;
    const broken = failingDb(store.db, (statement) => statement.includes("INSERT INTO rollup_1h"));
    const meanwhile: Db = {
      ...broken,
      transaction: (work) =>
        broken.transaction((tx) =>
          work({
            ...tx,
            query: async (statement, values) => {
              if (statement.includes("INSERT INTO rollup_1h")) {
                await flush("000000000000000b", 2);
                flushes++;
              }
              return tx.query(statement, values);
            },
          }),
        ),
    };
    await expect(rollUpDirtyHours(meanwhile, T0 + 3_600_000)).rejects.toThrow("failed in the middle");
    expect(flushes).toBe(1);
    expect(await rollUpDirtyHours(store.db, T0 + 3_600_000)).toBe(1);
    expect(await store.db.query("SELECT n, vsum FROM rollup_1h")).toEqual([{ n: 2, vsum: 3 }]);
    expect(await store.db.query("SELECT (SELECT count(*)::int FROM rolling_hour) AS taken, (SELECT count(*)::int FROM dirty_area) AS areas")).toEqual([
      { taken: 0, areas: 0 },
    ]);
    await store.close();
  });

  it("goes on after more refused connections than its pool has places", async () => {
    const port = await freeTcpPort();
    const db = openPostgres(`postgres://hcc@127.0.0.1:${port}/postgres`, { connections: 2, statementTimeoutMs: 10_000 });
    for (let refused = 0; refused < 5; refused++) await expect(db.query("SELECT 1")).rejects.toThrow("ECONNREFUSED");
    const relay = createServer((client) => void client.pipe(createConnection(server.port, "127.0.0.1")).pipe(client)).listen(port, "127.0.0.1");
    await once(relay, "listening");
    await vi.waitUntil(
      () =>
        db.query("SELECT 1").then(
          () => true,
          () => false,
        ),
      { timeout: 15_000 },
    );
    await db.close();
    relay.close();
  });

  it("says in one sentence why a database cannot be used", async () => {
    await server.database("readonly");
    await server.psql("CREATE ROLE reader LOGIN; ALTER DATABASE readonly SET default_transaction_read_only = on");
    const at = (user: string, database: string) => `postgres://${user}@127.0.0.1:${server.port}/${database}`;
    expect(await refusal(`postgres://hcc@127.0.0.1:${await freeTcpPort()}/postgres`)).toMatch(
      /^StoreError: No PostgreSQL answers at 127\.0\.0\.1:\d+\/postgres\. Start it, or correct DATABASE_URL\.$/,
    );
    expect(await refusal(at("hcc", "nowhere"))).toMatch(/^StoreError: There is no such database at .*createdb NAME\.$/);
    expect(await refusal(at("hcc", "readonly"))).toMatch(/^StoreError: The database is read-only/);
    expect(await refusal(at("reader", "postgres"))).toMatch(/^StoreError: The database user may not create tables/);
    expect(await refusal(at("nobody-known", "postgres"))).toMatch(
      /^StoreError: The database at .* lets nobody in by DATABASE_URL: role "nobody-known" does not exist\. Check its user/,
    );
    expect(await refusal("not a url")).toMatch(/^StoreError: DATABASE_URL is not a URL such as/);
    expect(await refusal("postgres://user:secret-word@host.invalid/db")).toMatch(
      /^StoreError: The host of DATABASE_URL is not known: host\.invalid:5432\/db\. Check/,
    );
  });
});
