import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeBackup } from "../../../collector/store/backup.ts";
import { distributed, nodeFunctions, reference, Shards } from "../../../collector/store/citus.ts";
import type { Db } from "../../../collector/store/db.ts";
import { drill } from "../../../collector/store/drill.ts";
import { beginIncident, standingIncidents } from "../../../collector/store/incidents.ts";
import { writeGroup } from "../../../collector/store/ingest.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openStore } from "../../../collector/store/open.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { dropPartitionsBefore, partitionDays, partitionDaysAhead } from "../../../collector/store/partitions.ts";
import { recordPolicy } from "../../../collector/store/policy-versions.ts";
import { restoreBackup, verifyBackup } from "../../../collector/store/restore.ts";
import { makeRoles } from "../../../collector/store/roles.ts";
import { forgetRollupsBefore, rollUpDirtyDays, rollUpDirtyHours } from "../../../collector/store/rollups.ts";
import { storageMode } from "../../../collector/store/settle-storage.ts";
import type { StorageWish } from "../../../collector/store/storage-mode.ts";
import { batchOf, measured, receivedOf, T0 } from "../../support/batches.ts";
import { answers, fill, toolsOn } from "../../support/filled-store.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { type StandIn, type StandInDb, type StandInServer, startStandIns } from "../../support/stand-ins.ts";
import { memoryFolder } from "../../support/temporary-folder.ts";

const DAY_MS = 86_400_000;
const apache = { extension: "timescaledb", version: "2.28.3", license: "apache" } as const;
const tsl = { ...apache, license: "timescale" } as const;

let server: StandInServer;
const opened: StandInDb[] = [];
beforeAll(async () => {
  server = await startStandIns();
}, 120_000);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()));
});
afterAll(() => server?.stop());

async function empty(standIn?: StandIn): Promise<StandInDb> {
  const db = await server.database(standIn);
  opened.push(db);
  return db;
}
async function migrated(standIn?: StandIn, storage?: StorageWish): Promise<StandInDb> {
  const db = await server.migrated(standIn, storage);
  opened.push(db);
  return db;
}

describe("the storage mode of a database", () => {
  it.each<[string, StandIn | undefined, string]>([
    ["nothing", undefined, "plain"],
    ["TimescaleDB under its Apache setting", apache, "timescale"],
    ["TimescaleDB with TSL", tsl, "timescale-tsl"],
    ["TimescaleDB that says no licence", { extension: "timescaledb", version: "2.28.3" }, "timescale"],
    ["a TimescaleDB before by_range", { ...tsl, version: "2.12.2" }, "plain"],
    ["Citus, which is never picked by itself", { extension: "citus", version: "13.2-1" }, "plain"],
  ])("is picked by what the server offers: %s", async (_, standIn, mode) => {
    expect(await storageMode(await migrated(standIn))).toBe(mode);
  });

  it("is remembered, and refuses to be another one later, in one sentence", async () => {
    const db = await migrated(apache);
    await migrate(db, T0);
    await migrate(db, T0, { storage: "timescale" });
    await expect(migrate(db, T0, { storage: "plain" })).rejects.toThrow(
      /^This database was set up with HCC_STORAGE=timescale, and plain is asked for now\. Leave HCC_STORAGE at auto, or move the rows: .*\.$/,
    );
    await expect(migrate(db, T0, { storage: "timescale-tsl" })).rejects.toThrow("set up with HCC_STORAGE=timescale, and timescale-tsl is asked for");
    expect(await storageMode(db)).toBe("timescale");
  });

  it.each<[StorageWish, StandIn | undefined, RegExp]>([
    ["timescale", undefined, /needs the extension timescaledb in this database.*CREATE EXTENSION timescaledb\.$/],
    ["timescale", { ...apache, version: "2.12.2" }, /needs timescaledb 2\.13 or newer; this database has 2\.12\.2/],
    ["timescale-tsl", apache, /needs timescaledb\.license = timescale; the server has apache/],
    ["citus", undefined, /needs the extension citus/],
    ["citus", { extension: "citus", version: "11.3-1" }, /needs citus 12\.0 or newer; this database has 11\.3/],
  ])("%s is refused where the server does not offer it, and nothing is settled", async (storage, standIn, sentence) => {
    const db = await empty(standIn);
    await expect(migrate(db, T0, { storage })).rejects.toThrow(sentence);
    await migrate(db, T0, { storage: "plain" });
    expect(await storageMode(db)).toBe("plain");
  });

  it("is refused when the licence that it needs was taken away", async () => {
    const db = await migrated(tsl);
    await db.script("SET timescaledb.license = 'apache'");
    await db.script(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timescaledb.license = ''apache''', current_database()); END $$`);
    const later = await openStore({ databaseUrl: db.url, dataDir: "unused" });
    await expect(migrate(later.db, T0)).rejects.toThrow("needs timescaledb.license = timescale; the server has apache");
    await later.close();
  });

  it("moves runs that are there only where somebody asks for it, with views and rights as they were", async () => {
    const db = await empty(apache);
    await migrate(db, T0, { storage: "plain" });
    await makeRoles(db);
    await fill(db, 30, T0 - 2 * DAY_MS);
    const [before, rights] = [await answers(db), await rightsOn(db)];
    expect(before.map((rows) => rows.length)).toEqual([30, 30, 30, 30, 1, 30]);
    await db.script("DELETE FROM setting WHERE key = 'storage'");
    await migrate(db, T0);
    expect(await storageMode(db)).toBe("plain");
    await db.script("DELETE FROM setting WHERE key = 'storage'");
    await migrate(db, T0, { storage: "timescale" });
    expect([await storageMode(db), await answers(db), await rightsOn(db)]).toEqual(["timescale", before, rights]);
    expect(await db.query("SELECT relkind, relname FROM pg_class WHERE relname ~ '^run(_|$)' AND relkind IN ('r', 'p') ORDER BY 2")).toEqual([
      { relkind: "r", relname: "run" },
      { relkind: "r", relname: "run_hour" },
      { relkind: "r", relname: "run_source" },
    ]);
    expect(await db.query("SELECT indexdef FROM pg_indexes WHERE tablename = 'run'")).toEqual([
      { indexdef: expect.stringMatching(/ON public\.run USING btree \(site_id, source_id, taken_at\)$/) },
    ]);
    // No second time: everything stands.
    await migrate(db, T0);
    await fill(db, 3, T0 + DAY_MS);
    expect((await answers(db))[0]).toHaveLength(33);
  });
});

const rightsOn = (db: Db) =>
  db.query(
    `SELECT c.oid::regclass::text AS name, a.grantee::regrole::text AS who, a.privilege_type AS what FROM pg_class c, aclexplode(c.relacl) a
     WHERE c.relname = 'run' OR c.relkind = 'v' AND c.relnamespace IN ('public'::regnamespace, 'grafana'::regnamespace) ORDER BY 1, 2, 3`,
  );

describe.each([
  ["plain", undefined],
  ["timescale", apache],
  ["timescale-tsl", tsl],
] as const)("a database in mode %s", (mode, standIn) => {
  it("takes runs in, answers for them, packs, drops and forgets", async () => {
    const db = await migrated(standIn);
    expect(await storageMode(db)).toBe(mode);
    const { partitions } = toolsOn(db);
    await partitions.ensureAhead(T0);
    expect(await partitionDaysAhead(db, T0)).toBe(7);
    if (standIn) expect(await db.query("SELECT partitions_ahead::int AS ahead FROM grafana.collector_now")).toEqual([{ ahead: 7 }]);
    const startMs = T0 - 20 * DAY_MS;
    await fill(db, 40, startMs);
    await fill(db, 500, startMs + DAY_MS);
    await rollUpDirtyHours(db, T0);
    await rollUpDirtyDays(db, "2026-11-28");
    const before = await answers(db);
    expect(before.map((rows) => rows.length)).toEqual([540, 540, 540, 540, 1, 540]);
    const hours = await db.query("SELECT hour::text, n FROM rollup_1h ORDER BY 1");
    expect(hours).toHaveLength(10);

    const beforeMs = T0 - 14 * DAY_MS;
    expect((await dropPartitionsBefore(db, "run", beforeMs)).dropped).toEqual([]);
    expect(await packDaysBefore(db, beforeMs)).toBe(540);
    expect(await answers(db)).toEqual(before);
    expect((await dropPartitionsBefore(db, "run", beforeMs)).dropped.length).toBeGreaterThanOrEqual(2);
    expect((await partitionDays(db)).run.filter((day) => day < "2026-11-14")).toEqual([]);
    expect(await answers(db)).toEqual(before);
    // Late ones of a dropped day open it again.
    await fill(db, 5, startMs);
    expect((await answers(db))[0]).toHaveLength(545);
    expect((await partitionDays(db)).run).toContain("2026-11-08");
    await rollUpDirtyHours(db, T0);

    await forgetRollupsBefore(db, startMs + 400 * DAY_MS);
    const left = (await db.query("SELECT 1 FROM rollup_1h")).length;
    expect(left).toBe(mode === "timescale-tsl" ? hours.length : 0);
  });
});

describe("what is asked of TimescaleDB", () => {
  const policies = (db: Db) => db.query("SELECT relation::text, what, age::text FROM _timescaledb_internal.policy ORDER BY 1, 2");

  it("is the columnstore for hourly rollups with its policies, under TSL alone", async () => {
    const db = await migrated(tsl);
    expect(db.alterations).toEqual([
      { table: "rollup_1h", options: { enable_columnstore: "true", segmentby: "site_id", orderby: "series_id, hour" } },
      { table: "rollup_site_1h", options: { enable_columnstore: "true", segmentby: "metric", orderby: "hour, site_id" } },
    ]);
    expect(await policies(db)).toEqual(
      ["rollup_1h", "rollup_site_1h"].flatMap((relation) => [
        { relation, what: "columnstore", age: "60 days" },
        { relation, what: "retention", age: "400 days" },
      ]),
    );
    expect(await db.query("SELECT hypertable_name AS name FROM timescaledb_information.hypertables ORDER BY 1")).toEqual(
      ["rollup_1h", "rollup_site_1h", "run"].map((name) => ({ name })),
    );
    const other = await migrated(apache);
    expect([other.alterations, await policies(other)]).toEqual([[], []]);
  });

  it("has its older names before 2.18", async () => {
    const db = await migrated({ ...tsl, version: "2.14.0" });
    expect(db.alterations[0]).toEqual({
      table: "rollup_1h",
      options: { compress: "true", compress_segmentby: "site_id", compress_orderby: "series_id, hour" },
    });
    expect((await policies(db)).map(({ what }) => what)).toEqual(["compression", "retention", "compression", "retention"]);
  });
});

describe("a backup between databases of different modes", () => {
  it.each<[string, StandIn | undefined, StandIn | undefined, string]>([
    ["plain to TimescaleDB", undefined, apache, "timescale"],
    ["TimescaleDB to plain", tsl, undefined, "plain"],
    ["TimescaleDB to TimescaleDB", apache, tsl, "timescale-tsl"],
  ])("keeps all rows and takes the mode of where it goes: %s", async (_, from, to, mode) => {
    const source = await migrated(from);
    await fill(source, 500, T0 - DAY_MS);
    const file = join(memoryFolder(), "all.backup");
    await writeBackup(source, file, { nowMs: T0 });
    const target = await empty(to);
    await restoreBackup(target, await verifyBackup(file), T0);
    expect(await storageMode(target)).toBe(mode);
    expect(await answers(target)).toEqual(await answers(source));
    expect((await answers(target))[0]).toHaveLength(500);
    await expect(restoreBackup(target, await verifyBackup(file), T0)).rejects.toThrow("The database is not empty");
  });

  it("goes into a database that was migrated before, and has only its mode in it", async () => {
    const source = await migrated();
    await fill(source, 10);
    const file = join(memoryFolder(), "all.backup");
    await writeBackup(source, file, { nowMs: T0 });
    const target = await migrated(tsl);
    await restoreBackup(target, await verifyBackup(file), T0);
    expect([await storageMode(target), await answers(target)]).toEqual(["timescale-tsl", await answers(source)]);
  });
});

describe("the drill", () => {
  const drillOf = (db: StandInDb, name: string, keep = false) => {
    const steps: string[] = [];
    return drill(db, { url: db.url, name, keep, nowMs: () => T0, told: (step) => steps.push(step) }).then((result) => ({ ...result, steps }));
  };
  const databases = (db: StandInDb, name: string) => db.query("SELECT datname FROM pg_database WHERE datname = $1", [name]);

  it("copies a database of TimescaleDB by a backup into one beside it, and drops that again", async () => {
    const db = await migrated(apache);
    await fill(db, 30);
    // New sessions of this user may make the stand-in of the extension in any database.
    await db.script(`ALTER ROLE CURRENT_USER SET extension_control_path = '${db.extensionPath}'; ALTER ROLE CURRENT_USER SET timescaledb.license = 'apache'`);
    try {
      expect(await drillOf(db, "drill_gone")).toMatchObject({
        different: [],
        centres: 1,
        streams: 1,
        auditIsWhole: true,
        steps: ["dump", "restore", "compare"],
      });
      expect(await databases(db, "drill_gone")).toEqual([]);
      expect(await db.query("SELECT FROM stream_state WHERE rewind")).toEqual([]);
      await drillOf(db, "drill_kept", true);
      const copy = await openStore({ databaseUrl: db.url.replace(/[^/]+$/, "drill_kept"), dataDir: "unused" });
      expect([await storageMode(copy.db), await answers(copy.db)]).toEqual(["timescale", await answers(db)]);
      await copy.close();
    } finally {
      await db.script("ALTER ROLE CURRENT_USER RESET ALL");
    }
  }, 60_000);

  it("says in one sentence that a database of Citus has no copy beside it", async () => {
    const db = await migrated({ extension: "citus", version: "13.2-1" }, "citus");
    await expect(drillOf(db, "drill_citus")).rejects.toThrow("a new database there has no nodes of Citus");
    expect(await databases(db, "drill_citus")).toEqual([]);
  });
});

// Five centres, of which the last has told nothing; two servers of speed tests, hops, access points and cameras each; a finding of each requirement.
const somePresent = `
  INSERT INTO site (centre_code, name, district, changed_at) SELECT 'c-' || n, 'C ' || n, 'D ' || n % 2, '2026-11-28' FROM generate_series(1, 5) AS n;
  INSERT INTO series (site_id, metric, target, labels)
  SELECT site, metric, k, CASE metric WHEN 'wifi_ap_up' THEN jsonb_build_object('ap', k) WHEN 'loss_percent' THEN jsonb_build_object('hop', CASE k WHEN 1 THEN 'gateway' ELSE 'isp' END)
    WHEN 'rtt_avg_ms' THEN jsonb_build_object('hop', 'isp') WHEN 'hop_up' THEN jsonb_build_object('hop', 'isp') WHEN 'segment_up' THEN jsonb_build_object('segment', k) ELSE '{}' END
  FROM generate_series(1, 4) AS site, generate_series(1, 2) AS k, unnest(ARRAY['download_mbps', 'upload_mbps', 'loss_percent', 'rtt_avg_ms', 'jitter_ms', 'wifi_clients',
    'wifi_limit_clients', 'wifi_ap_up', 'dhcp_free', 'camera_up', 'camera_stream_up', 'camera_clock_skew_s',
    'portal_up', 'portal_status', 'hop_up', 'segment_up']) WITH ORDINALITY AS m(metric, place) ORDER BY site, place, k;
  UPDATE series SET source_id = site_id * 10 + series_id % 4;
  INSERT INTO newest_values
  SELECT site_id, source_id, max(ts), array_agg(series_id), array_agg((series_id * 31 + site_id) % 3), array_agg(ts)
  FROM (SELECT *, CASE WHEN metric ~ 'portal|hop|segment' THEN now() - series_id % 5 * interval '50 minutes' ELSE timestamptz '2026-11-28 02:00Z' + series_id % 7 * interval '1 minute' END AS ts
        FROM series) AS s GROUP BY site_id, source_id;
  INSERT INTO finding SELECT s.site_id, r.requirement, (ARRAY['pass', 'fail', 'unknown'])[1 + s.site_id % 3], 'met', '2026-11-28', 'infinity', '2026-11-28', '{"required": 200}'
  FROM site AS s, view_requirement AS r WHERE s.site_id < 5;
  INSERT INTO line_speed SELECT n, now() - k * interval '1 hour', n * k FROM generate_series(1, 4) AS n, generate_series(1, 3) AS k;
  UPDATE series SET point = 'ia-ly' WHERE site_id IN (2, 3) AND target = '2' AND metric IN ('download_mbps', 'upload_mbps', 'loss_percent', 'rtt_avg_ms');
  INSERT INTO agent (site_id, agent_id, public_key, host_name, version, enrolled_at, state, point)
  SELECT n, 'a-' || n || p, n || p, 'pc', '1', '2026-11-28', 'active', p FROM generate_series(1, 4) AS n, unnest(ARRAY['main', 'ia-ly']) AS p WHERE n < 4 OR p = 'main';
  INSERT INTO series (site_id, metric, target, labels, point, source_id) SELECT site_id, metric, target, labels, 'ia-ly', 1000 + site_id
  FROM series WHERE metric IN ('portal_up', 'portal_status', 'hop_up', 'segment_up', 'wifi_clients', 'wifi_ap_up') AND target <> '3' ORDER BY series_id;
  INSERT INTO newest_values SELECT site_id, source_id, max(now()), array_agg(series_id), array_agg((series_id * 17 + site_id) % 2), array_agg(now() - series_id % 3 * interval '90 minutes')
  FROM series WHERE source_id > 1000 GROUP BY site_id, source_id;
  UPDATE finding SET body = body || CASE site_id WHEN 1 THEN '{"detail": {"point": "ia-ly"}}' ELSE '{"detail": {"point": "main"}}' END::jsonb WHERE site_id < 3;
  INSERT INTO line_speed SELECT n, now() - interval '1 hour', CASE n WHEN 2 THEN 1 ELSE 100 END, 'ia-ly' FROM generate_series(2, 3) AS n;
  INSERT INTO peak_day SELECT n, 'wifi_clients', (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - k, n * k FROM generate_series(1, 4) AS n, generate_series(1, 9) AS k`;

describe("mode citus", () => {
  it("distributes by centre what belongs to centres, and keeps what all ask for on every node, with rows that are there", async () => {
    const db = await empty({ extension: "citus", version: "13.2-1" });
    await migrate(db, T0, { storage: "plain" });
    await fill(db, 10);
    const before = await answers(db);
    await db.script("DELETE FROM setting WHERE key = 'storage'");
    await migrate(db, T0, { storage: "citus" });
    expect(await db.query("SELECT relation::text AS name, kind, dist_column, colocation::text AS with FROM citus.known ORDER BY kind, name")).toEqual([
      ...distributed.map((name) => ({ name, kind: "distributed", dist_column: "site_id", with: "agent" })),
      ...reference.toSorted().map((name) => ({ name, kind: "reference", dist_column: null, with: null })),
    ]);
    expect(await db.query("SELECT DISTINCT proname AS name FROM pg_dist_object JOIN pg_proc ON pg_proc.oid = objid ORDER BY 1")).toEqual(
      nodeFunctions.map((name) => ({ name })),
    );
    // A table that a later version brings is distributed when that version starts.
    await db.script("DELETE FROM citus.known WHERE relation IN ('waiver'::regclass, 'maintenance'::regclass)");
    await migrate(db, T0);
    expect(
      await db.query("SELECT relation::text AS name, kind FROM citus.known WHERE relation IN ('waiver'::regclass, 'maintenance'::regclass) ORDER BY 1"),
    ).toEqual([
      { name: "maintenance", kind: "reference" },
      { name: "waiver", kind: "distributed" },
    ]);
    const shards = new Shards(db);
    expect(shards.of(1)).toBe(-1);
    await shards.look();
    expect(shards.of(1)).toBeGreaterThanOrEqual(102008);
    expect(shards.of(2)).toBe(-2);
    await fill(db, 10, T0 + DAY_MS);
    expect((await answers(db))[0]).toEqual([...(before[0] ?? []), ...((await answers(db))[0] ?? []).slice(10)]);
  });

  it("takes marks centre by centre, which never locks rows of two shards at once, and rolls up the same hours and days", async () => {
    const rolledUp = async (db: Db) => {
      for (const siteId of [1, 2, 3])
        for (const startMs of [T0, T0 + 7_200_000])
          await writeGroup(toolsOn(db), [
            receivedOf(
              batchOf({
                stream: (startMs + siteId).toString(16).padStart(16, "0"),
                count: 5,
                startMs,
                each: (index) => ({ outcome: measured([{ metric: "rtt_avg_ms", value: index }]) }),
              }),
              { siteId, receivedMs: startMs + 600_000 },
            ),
          ]);
      const done = [await rollUpDirtyHours(db, T0 + DAY_MS), await rollUpDirtyDays(db, "2026-12-02")];
      const rows = ["rollup_1h", "rollup_1d"].map((table) => db.query(`SELECT site_id, n::int, vmax FROM ${table} ORDER BY 1, 2, 3`));
      return [...done, ...(await Promise.all(rows)), await db.query("SELECT FROM dirty_hour UNION ALL SELECT FROM dirty_day")];
    };
    const citus = await migrated({ extension: "citus", version: "13.2-1" }, "citus");
    const answer = await rolledUp(citus);
    expect(answer).toEqual([6, 3, expect.objectContaining({ length: 6 }), expect.objectContaining({ length: 3 }), []]);
    expect(answer).toEqual(await rolledUp(await migrated()));
    await expect(citus.query("SELECT site_id FROM dirty_hour FOR UPDATE SKIP LOCKED")).rejects.toThrow("could not run distributed query with FOR UPDATE");
    await expect(citus.query("UPDATE newest_values SET site_id = 2")).rejects.toThrow("modifying the partition value");
  });

  it("answers of the present as the plain mode does, from views that ask each table once", async () => {
    const present = async (db: Db) => {
      const portals = samplePolicy.portals.flatMap((portal) => ["1", "2"].map((id) => ({ ...portal, id })));
      await recordPolicy(db, { ...samplePolicy, portals }, "sha", T0);
      await db.script(somePresent);
      return Promise.all(
        [
          "SELECT to_jsonb(x) - 'time' AS row FROM grafana.wifi_now AS x ORDER BY centre",
          ...["line_now", "camera_now", "requirement_now", "requirement_district_now", "centre_now"].map(
            (view) => `SELECT x::text AS row FROM grafana.${view} AS x ORDER BY 1`,
          ),
          "SELECT centre, portal, up, status, line_up, verdict, segment, point FROM grafana.portal_now ORDER BY 1, 2",
        ].map((asked) => db.query(asked)),
      );
    };
    const citus = await migrated({ extension: "citus", version: "13.2-1" }, "citus");
    const answer = await present(citus);
    expect(answer.map((rows) => rows.length > 3)).toEqual([true, true, true, true, true, true, true]);
    expect(new Set(answer.at(-1)?.map(({ verdict }) => verdict)).size).toBeGreaterThan(2);
    expect(answer).toEqual(await present(await migrated()));
    expect(await citus.query("SELECT centre, point FROM grafana.line_now WHERE centre IN ('c-2', 'c-3') ORDER BY 1")).toEqual([
      { centre: "c-2", point: "ia-ly" },
      { centre: "c-3", point: null },
    ]);
    expect(await citus.query("SELECT point, count(*)::int AS n FROM grafana.wifi_now WHERE centre < 'c-5' GROUP BY 1 ORDER BY 1")).toEqual([
      { point: "ia-ly", n: 3 },
      { point: null, n: 1 },
    ]);
    expect(new Set(answer.at(-1)?.map(({ point }) => point))).toEqual(new Set(["ia-ly", null]));
    const [lateral] = await citus.query(
      "SELECT string_agg(pg_get_viewdef(oid), '') ~ 'LEFT JOIN LATERAL' AS found FROM pg_class WHERE relname IN ('line_now', 'wifi_now', 'camera_now', 'portal_now')",
    );
    expect(lateral).toEqual({ found: false });
  });

  it("locks problems of several centres, whose table is whole on every node", async () => {
    const db = await migrated({ extension: "citus", version: "13.2-1" }, "citus");
    await beginIncident(db, { siteId: 1, requirement: "R01", subject: "", beganMs: T0 });
    await beginIncident(db, { siteId: 2, requirement: "R01", subject: "", beganMs: T0 });
    expect(await db.transaction((tx) => standingIncidents(tx, [1, 2]))).toHaveLength(2);
  });
});
