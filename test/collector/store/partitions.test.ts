import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { createPartitions, dropPartitionsBefore, Partitions, preparePartitions } from "../../../collector/store/partitions.ts";
import { openPostgres, type PostgresDb } from "../../../collector/store/postgres-db.ts";
import { rollUpDirtyDays, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { samplesBetween } from "../../../collector/store/run-reads.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, receivedOf, T0 } from "../../support/batches.ts";
import { toolsOn } from "../../support/filled-store.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { MIGRATED } from "../../support/run-server.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

const DAY_MS = 86_400_000;
const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
const nameOf = (table: string, atMs: number) => `${table}_${dayOf(atMs).replaceAll("-", "")}`;

describe.skipIf(!requirePeer("postgres"))("partitions, while others use the table", () => {
  let own: ServerDatabase;
  let db: PostgresDb;
  let readers: PostgresDb;
  beforeAll(async () => {
    own = await serverDatabase(MIGRATED);
    db = openPostgres(own.url, { connections: 6, statementTimeoutMs: 20_000 });
    readers = openPostgres(own.url, { connections: 4, statementTimeoutMs: 20_000 });
    await importCentres(
      db,
      [1, 2].map((n) => ({ code: `c-${n}`, name: `C ${n}`, keyArea: false, devices: [] })),
      T0,
    );
    await new Partitions(db).ensureAhead(T0);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([db?.close(), readers?.close()]);
    await own?.drop();
  });

  /** Does something while a transaction holds tables as a backup or pg_dump does. */
  async function whileHeld<T>(lock: string, work: () => Promise<T>): Promise<T> {
    const held = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const holder = readers.transaction(async (tx) => {
      await tx.script(lock);
      held.resolve();
      await over.promise;
    });
    await held.promise;
    return work().finally(async () => {
      over.resolve();
      await holder;
    });
  }
  const timed = async (work: Promise<unknown>) => {
    const beganMs = performance.now();
    await work;
    return performance.now() - beganMs;
  };
  let streams = 0;
  const write = (siteId: number, startMs: number) => {
    const stream = (++streams).toString(16).padStart(16, "0");
    const lane = startMs < T0 - DAY_MS ? "backlog" : "live";
    return writeGroup(toolsOn(db), [receivedOf(batchOf({ stream, startMs, lane }), { siteId, agentId: `agt-000000000000000${siteId}` })]);
  };

  it("a late batch gets its day while a backup reads, and nobody waits for it", async () => {
    await whileHeld("LOCK TABLE run, packed_run IN ACCESS SHARE MODE", async () => {
      const took = await Promise.all([
        timed(write(2, T0 - 20 * DAY_MS)),
        timed(sleep(50).then(() => write(1, T0))),
        timed(sleep(50).then(() => db.query("SELECT count(*) FROM run"))),
      ]);
      expect(Math.max(...took)).toBeLessThan(2_000);
    });
    const [stored] = await db.query(`SELECT count(*)::int AS n FROM ${nameOf("run", T0 - 20 * DAY_MS)}`);
    expect(stored).toEqual({ n: 3 });
  });

  it("a day is packed while a backup reads", async () => {
    await write(1, T0 - 30 * DAY_MS);
    await whileHeld("LOCK TABLE run, packed_run IN ACCESS SHARE MODE", async () => {
      const packing = packDaysBefore(db, T0 - 29 * DAY_MS);
      const read = timed(sleep(50).then(() => db.query("SELECT count(*) FROM packed_run")));
      expect(await packing).toBe(3);
      expect(await read).toBeLessThan(2_000);
    });
  });

  it("a day is packed by steps that find its partition there", async () => {
    const atMs = T0 - 31 * DAY_MS;
    await write(1, atMs);
    const made: unknown[] = [];
    const asked = {
      ...db,
      transaction: <T>(work: (tx: typeof db) => Promise<T>) =>
        db.transaction(async (tx) => {
          const result = await work(tx as typeof db);
          const isMaking =
            (await tx.query("SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'packed_run'::regclass AND mode = 'ShareUpdateExclusiveLock'"))
              .length > 0;
          const isPacking =
            (await tx.query("SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'packed_run'::regclass AND mode = 'RowExclusiveLock'")).length >
            0;
          made.push({ isMaking, isPacking });
          return result;
        }),
    } as PostgresDb;
    await packDaysBefore(asked, atMs + DAY_MS);
    expect(made.slice(0, 2)).toEqual([
      { isMaking: true, isPacking: false },
      { isMaking: false, isPacking: true },
    ]);
  });

  it("making is tried again while something else holds the table, and then says what does not go", async () => {
    const atMs = T0 - 33 * DAY_MS;
    const hold = "LOCK TABLE ONLY run IN SHARE UPDATE EXCLUSIVE MODE";
    const made = whileHeld(hold, async () => {
      const making = preparePartitions(db, "run", [dayOf(atMs)]);
      making.catch(() => undefined);
      await sleep(2_500);
      return { making };
    });
    await (await made).making;
    expect(await db.query("SELECT to_regclass($1) IS NOT NULL AS there", [nameOf("run", atMs)])).toEqual([{ there: true }]);
    await whileHeld(hold, () =>
      expect(preparePartitions(db, "run", [dayOf(atMs - DAY_MS)])).rejects.toThrow(
        /^The table run gets no partition for 2026-10-25: for 6 s something else has held it/,
      ),
    );
  }, 20_000);

  it("several makers of one day are no fault", async () => {
    const days = [dayOf(T0 - 36 * DAY_MS), dayOf(T0 - 35 * DAY_MS)];
    await Promise.all(Array.from({ length: 4 }, () => preparePartitions(db, "run", days)));
    await preparePartitions(db, "run", days);
  });

  it.each(["run", "packed_run"] as const)("a partition of %s that was attached is what one made as its part is", async (table) => {
    const [ours, plain] = [T0 - 40 * DAY_MS, T0 - 41 * DAY_MS];
    await db.transaction((tx) => createPartitions(tx, table, [dayOf(ours)]));
    await db.script(`CREATE TABLE ${nameOf(table, plain)} PARTITION OF ${table} FOR VALUES FROM ('${dayOf(plain)}T00:00:00Z') TO ('${dayOf(ours)}T00:00:00Z')`);
    const looks = async (name: string) => {
      const said = await Promise.all(
        [
          "SELECT relkind, relispartition, relpersistence, relowner, relacl::text, reloptions::text, reltoastrelid <> 0 AS toast, relam, pg_get_expr(relpartbound, oid) AS bound FROM pg_class WHERE oid = $1::text::regclass",
          `SELECT attname, atttypid, attnotnull, attstorage, attcompression, attislocal, attinhcount, atthasdef, attacl::text, coalesce(attstattarget, -1) AS target
           FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 ORDER BY attnum`,
          `SELECT i.indexrelid::regclass::text AS name, c.reloptions::text, h.inhparent::regclass::text AS part_of, pg_get_indexdef(i.indexrelid) AS made
           FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid LEFT JOIN pg_inherits AS h ON h.inhrelid = i.indexrelid WHERE i.indrelid = $1::text::regclass ORDER BY 1`,
          "SELECT conname, contype, conislocal, coninhcount, pg_get_constraintdef(oid) AS made FROM pg_constraint WHERE conrelid = $1::text::regclass ORDER BY 1",
        ].map((statement) => db.query(statement, [name])),
      );
      return JSON.stringify(said).replaceAll(name, "PART");
    };
    const bounds = (text: string) => text.replaceAll(/FROM \('[^']*'\) TO \('[^']*'\)/g, "BOUNDS");
    const [made, attached] = [bounds(await looks(nameOf(table, plain))), bounds(await looks(nameOf(table, ours)))];
    expect(made).toContain(`"part_of":"${table}_source`);
    expect(attached).toBe(made);
  });

  it("readers and a drop do not lock each other out", async () => {
    const days = Array.from({ length: 20 }, (_, back) => T0 - (50 + back) * DAY_MS);
    await new Partitions(db).ensure(days);
    let on = true;
    let answered = 0;
    const failed: unknown[] = [];
    const reading = Array.from({ length: 4 }, async () => {
      while (on) {
        try {
          await readers.query(
            `SELECT count(*) FROM ${samplesBetween({ site: "1", since: "timestamptz '2000-01-01'", until: "timestamptz '2100-01-01'" })} AS s`,
          );
          answered++;
        } catch (error) {
          failed.push((error as { code?: unknown }).code);
        }
      }
    });
    const { dropped, busy } = await dropPartitionsBefore(db, "run", T0 - 49 * DAY_MS);
    on = false;
    await Promise.all(reading);
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(20);
    expect([busy, dropped.length]).toEqual([undefined, 20]);
  }, 60_000);

  it("a drop gives up where somebody reads for long, before those behind it wait for long, and is done the next time", async () => {
    const atMs = T0 - 80 * DAY_MS;
    await new Partitions(db).ensure([atMs, atMs + DAY_MS]);
    await whileHeld("LOCK TABLE run IN ACCESS SHARE MODE", async () => {
      const dropping = dropPartitionsBefore(db, "run", atMs + 2 * DAY_MS);
      const took = timed(sleep(100).then(() => write(1, T0 + 3_600_000)));
      expect(await dropping).toEqual({ dropped: [], busy: nameOf("run", atMs) });
      expect(await took).toBeLessThan(4_000);
    });
    expect((await dropPartitionsBefore(db, "run", atMs + 2 * DAY_MS)).dropped).toEqual([nameOf("run", atMs), nameOf("run", atMs + DAY_MS)]);
  });

  it("a day that still waits for its rollup takes no lock of the table", async () => {
    const atMs = T0 - 44 * DAY_MS;
    await write(1, atMs);
    await packDaysBefore(db, atMs + DAY_MS);
    await whileHeld("LOCK TABLE run IN ACCESS SHARE MODE", async () => expect(await dropPartitionsBefore(db, "run", atMs + DAY_MS)).toEqual({ dropped: [] }));
    await rollUpDirtyHours(db, T0);
    await rollUpDirtyDays(db, dayOf(T0));
    expect((await dropPartitionsBefore(db, "run", atMs + DAY_MS)).dropped).toContain(nameOf("run", atMs));
  });
});
