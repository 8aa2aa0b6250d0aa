import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { RunIds } from "../../../collector/store/run-rows.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { rowsRead } from "../../support/plan-cost.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const tables = [
  "stream_state",
  "ingest_ledger",
  "newest_values",
  "dirty_hour",
  "contact",
  "presence_day",
  "peak_day",
  "pages_day",
  "found_device",
  "run",
] as const;

/** What 10,000 other centres have left. */
const filled = `
  INSERT INTO stream_state (site_id, stream, agent_id, acked_through) SELECT n, lpad(n::text, 16, '0'), 'agt', 40 FROM generate_series(10, 10000) AS n;
  INSERT INTO ingest_ledger SELECT n, 'agt', lpad(n::text, 16, '0'), 1, 40, 'x', now() FROM generate_series(10, 10000) AS n;
  INSERT INTO newest_values SELECT n, n, now(), ARRAY[n], ARRAY[1.5] FROM generate_series(10, 10000) AS n;
  INSERT INTO dirty_hour SELECT n, '2026-11-28T02:00Z' FROM generate_series(10, 10000) AS n;
  INSERT INTO contact SELECT n, 'agt', now(), now() FROM generate_series(10, 10000) AS n;
  INSERT INTO presence_day SELECT n, 'd', 'pc', '2026-11-28', now() FROM generate_series(10, 10000) AS n;
  INSERT INTO peak_day SELECT n, 'wifi_clients', '2026-11-28', 3, now() FROM generate_series(10, 10000) AS n;
  INSERT INTO pages_day (site_id, device, day, pages, known_at) SELECT n, 'd', '2026-11-28', 3, now() FROM generate_series(10, 10000) AS n;
  INSERT INTO found_device SELECT n, 'hash aaaaaaaa 01', '2026-11-28', '2026-11-28', '{}' FROM generate_series(10, 10000) AS n`;

describe.skipIf(!requirePeer("postgres"))("a flush", () => {
  let db: TestDb;
  beforeAll(async () => {
    db = await openTestDb();
    await importCentres(db, [{ code: "mot", name: "Một", keyArea: false, devices: [] }], T0);
    await new Partitions(db).ensureAhead(T0);
  }, 60_000);
  afterAll(() => db?.close());

  it("reads the rows of its own centres and no others, also by what was planned on an empty database", async () => {
    await db.transaction(async (tx) => {
      const tools = {
        db: { ...tx, transaction: <T>(work: (db: Db) => Promise<T>) => work(tx) },
        partitions: new Partitions(db),
        ids: new RunIds(),
        calendar: workWeek,
      };
      let from = 1;
      /** The next batch of a stream; each second one tells more series than the one before. */
      const flush = async () => {
        const found = [{ identity: `hash aaaaaaaa ${from}`, roles: ["printer"], address: "10.0.0.9" }];
        const each = (index: number) => ({
          ...(index === 1 && { probe: "device-discovery" as const }),
          outcome: measured(
            [
              { metric: "wifi_clients" as const, value: 20 + from },
              { metric: "device_up" as const, value: 1, labels: { device: "d-1", role: "printer" } },
              { metric: "printer_pages" as const, value: 900 + from, labels: { device: "d-1" } },
              ...(index === 1 ? [{ metric: "loss_percent" as const, value: from, labels: { hop: `h-${from}` } }] : []),
            ],
            index === 1 ? { networks: [], found, unknownComputers: 0 } : undefined,
          ),
        });
        await writeGroup(tools, [receivedOf(batchOf({ from, count: 2, startMs: T0 + from * 1_000, stepMs: 1_000, each }))]);
        from += 2;
      };
      for (let turn = 0; turn < 3; turn++) await flush();
      await tx.script(filled);
      const read = (of: Db) => Promise.all(tables.map((table) => rowsRead(of, table)));
      const before = await read(tx);
      await flush();
      const after = await read(tx);
      const rows = Object.fromEntries(tables.map((table, place) => [table, (after[place] ?? 0) - (before[place] ?? 0)]));
      expect(Object.entries(rows).filter(([, count]) => !(count <= 30))).toEqual([]);
    });
  });
});
