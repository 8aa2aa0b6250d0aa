import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instantMs } from "../../../collector/store/db.ts";
import { getTableConfig, getTableName, is, PgTable } from "../../../collector/store/drizzle.ts";
import { drizzled } from "../../../collector/store/drizzle-db.ts";
import { writeParts } from "../../../collector/store/flush-part.ts";
import { knownMigrations } from "../../../collector/store/migrate.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { recordPolicy } from "../../../collector/store/policy-versions.ts";
import { putSetting, setting, sharedSecret } from "../../../collector/store/settings.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import * as tables from "../../../collector/store/tables.ts";
import { newestPart } from "../../../collector/store/write-newest.ts";
import { T0 } from "../../support/batches.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { openEmptyDb, openTestDb, type TestDb } from "../../support/test-database.ts";

const defined = Object.values(tables).filter((table) => is(table, PgTable));
let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
}, 180_000);
afterAll(async () => {
  await db?.close();
});

describe("tables.ts and the migrations", () => {
  it("are about the tables of configuration and people", () => {
    expect(defined.map(getTableName).sort()).toEqual([
      "agent",
      "api_token",
      "attestation",
      "audit",
      "calendar_version",
      "config_seal",
      "contact",
      "duty_record",
      "enrol_code",
      "maintenance",
      "person",
      "person_link",
      "policy_version",
      "session",
      "setting",
      "site",
      "waiver",
    ]);
  });

  it.each(defined.map((table) => [getTableName(table), table] as const))("agree on the columns of %s: name, type, null, default", async (name, table) => {
    const columns = await db.query(
      `SELECT column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable, column_default IS NOT NULL OR is_identity = 'YES' AS preset
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`,
      [name],
    );
    const said = getTableConfig(table).columns.map((column) => ({
      name: column.name,
      type: column.getSQLType(),
      nullable: !column.notNull,
      preset: column.hasDefault,
    }));
    expect(said).toEqual(columns);
  });

  it.each(defined.map((table) => [getTableName(table), table] as const))("agree on the keys of %s: primary, unique, foreign", async (name, table) => {
    const keys = await db.query<{ key: string }>(
      `SELECT c.constraint_type || ' ' || string_agg(k.column_name, ',' ORDER BY k.ordinal_position) AS key
       FROM information_schema.table_constraints c JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name)
       WHERE c.table_schema = 'public' AND c.table_name = $1 GROUP BY c.constraint_name, c.constraint_type ORDER BY 1`,
      [name],
    );
    const { columns, primaryKeys, foreignKeys } = getTableConfig(table);
    const names = (list: readonly { name: string }[]) => list.map((column) => column.name).join(",");
    const said = [
      ...foreignKeys.map((key) => `FOREIGN KEY ${names(key.reference().columns)}`),
      ...[...primaryKeys.map((key) => names(key.columns)), ...columns.filter(({ primary }) => primary).map((column) => column.name)].map(
        (key) => `PRIMARY KEY ${key}`,
      ),
      ...columns.filter(({ isUnique }) => isUnique).map((column) => `UNIQUE ${column.name}`),
    ];
    expect(said).toEqual(keys.map(({ key }) => key));
  });
});

describe("drizzle", () => {
  it.each([["12"], ["true"], ["null"], ['Xã "Một" \\ \''], [12], [true], [null], [[1, "2"]], [{ a: { b: null } }]])(
    "gives the setting %j back as it was put",
    async (value) => {
      await putSetting(db, "any", "before");
      await putSetting(db, "any", value);
      expect(await setting(db, "any")).toEqual(value);
    },
  );

  it("keeps the first secret of a database, and knows no setting that was never put", async () => {
    expect([await sharedSecret(db, "secret", () => "0123"), await sharedSecret(db, "secret", () => "4567")]).toEqual(["0123", "0123"]);
    expect(await setting(db, "never")).toBeUndefined();
  });

  it("gives instants as ms, days as text and JSON as it was", async () => {
    await recordPolicy(db, samplePolicy, "sha", T0 + 0.5);
    expect(await drizzled(db, (to) => to.select().from(tables.policyVersions))).toEqual([
      {
        policyId: samplePolicy.id,
        version: samplePolicy.version,
        effectiveFrom: samplePolicy.effectiveFrom,
        bodySha256: "sha",
        body: samplePolicy,
        recordedAt: T0,
      },
    ]);
    await recordPolicy(db, samplePolicy, "of an older program", T0);
    await expect(recordPolicy(db, { ...samplePolicy, effectiveFrom: "2025-07-26" }, "other", T0)).rejects.toThrow(
      "has changed since this database recorded it",
    );
  });

  it("writes within a transaction of the port, or not at all", async () => {
    const work = db.transaction(async (tx) => {
      await putSetting(tx, "inside", 1);
      expect(await setting(tx, "inside")).toBe(1);
      throw new Error("given up");
    });
    await expect(work).rejects.toThrow("given up");
    expect(await setting(db, "inside")).toBeUndefined();
  });

  it("fails with the server's own words, without the values", async () => {
    await importCentres(db, [{ code: "mot", name: "Xã Một", keyArea: false, devices: [] }], T0);
    const stranger = { siteId: 9_999, agentId: "agent-of-nowhere", publicKey: "key", enrolledAt: T0 };
    const refused = drizzled(db, (to) => to.insert(tables.agents).values(stranger));
    await expect(refused).rejects.toThrow(/^insert or update on table "agent" violates foreign key constraint/);
    await expect(refused).rejects.not.toThrow("agent-of-nowhere");
  });
});

describe("0025_rollup_rows.sql", () => {
  it("keeps the rows, the indexes and what every view shows, and leaves no dropped column", async () => {
    const file = (await knownMigrations()).find(({ name }) => name === "0025_rollup_rows.sql");
    await db.script(`INSERT INTO rollup_1h SELECT 1, n, '2026-11-01T00:00:00Z', n, -n, n * 2, n / 3.0 FROM generate_series(1, 50) AS n;
      ALTER TABLE rollup_1h ADD COLUMN gone integer; ALTER TABLE rollup_1h DROP COLUMN gone`);
    const seen = async () => [
      await db.query("SELECT * FROM rollup_1h ORDER BY series_id"),
      await db.query("SELECT indexdef FROM pg_indexes WHERE tablename = 'rollup_1h' ORDER BY 1"),
      await db.query("SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname IN ('public', 'grafana') ORDER BY 1, 2"),
    ];
    const before = await seen();
    await db.transaction((tx) => tx.script(file?.statements ?? ""));
    expect(await seen()).toEqual(before);
    expect(before.map((rows) => rows.length)).toEqual([50, 2, expect.any(Number)]);
    expect(await db.query("SELECT 1 FROM pg_attribute WHERE attrelid = 'rollup_1h'::regclass AND attisdropped")).toEqual([]);
  });
});

describe("0034_newest_values.sql", () => {
  it("takes over the newest value of each series, by the source that told it lately or by none, and later runs go on from there", async () => {
    const old = await openEmptyDb();
    const all = await knownMigrations();
    const apply = async (from: string, to: string) => {
      for (const { name, statements } of all) if (name >= from && name < to) await old.transaction((tx) => tx.script(statements));
    };
    await apply("0001", "0034");
    await new Partitions(old).ensureAhead(T0);
    // Source 1 told series 1 to 3, series 3 only some runs ago; source 2 told series 4; nobody knows who told 5 and 6.
    await old.script(`INSERT INTO site (centre_code, name, changed_at) VALUES ('mot', 'Một', '2026-11-28');
      INSERT INTO run_source (site_id, probe, target) VALUES (1, 'wifi-clients', ''), (1, 'host', '');
      INSERT INTO series (site_id, metric, target, labels) SELECT 1, 'loss_percent', 't-' || n, '{}' FROM generate_series(1, 6) AS n;
      INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, elapsed_ms, lane, clock, kind, series_ids, vals)
      SELECT 1, CASE n WHEN 4 THEN 2 ELSE 1 END, timestamptz '2026-11-28 02:00Z' + n * interval '1 minute', '2026-11-28 03:00Z', 1, n, 1, 'l', 'o', 'm',
             CASE n WHEN 1 THEN '{3}' WHEN 4 THEN '{4}' ELSE '{1,2}' END::int[], CASE n WHEN 1 THEN '{30}' WHEN 4 THEN '{40}' ELSE '{10,20}' END::float8[] FROM generate_series(1, 5) AS n;
      INSERT INTO latest SELECT 1, n, timestamptz '2026-11-28 02:00Z' + CASE n WHEN 3 THEN 1 WHEN 4 THEN 4 WHEN 5 THEN -1000 WHEN 6 THEN -2000 ELSE 5 END * interval '1 minute', n * 10
      FROM generate_series(1, 6) AS n`);
    const newest = () => old.query<{ series_id: number }>(`SELECT series_id, value, ${instantMs("ts")} AS at FROM latest ORDER BY 1`);
    const before = await newest();
    await apply("0034", "0036");
    expect(before).toHaveLength(6);
    expect(await newest()).toEqual(before);
    expect(await old.query("SELECT source_id, series_ids::text AS told FROM newest_values ORDER BY 1")).toEqual([
      { source_id: 0, told: "{5,6}" },
      { source_id: 1, told: "{1,2,3}" },
      { source_id: 2, told: "{4}" },
    ]);
    // Series 5 is told again, by source 2: its value goes where the old one stands.
    const told = { siteId: 1, sourceId: 2, takenMs: T0 + 3_600_000, seriesIds: [4, 5], vals: [41, 51] };
    await writeParts(old, [newestPart({ homeOf: (seriesId, sourceId) => (seriesId === 5 ? 0 : sourceId) }, [told])]);
    expect(await newest()).toEqual(
      before.map((row) => (row.series_id === 4 || row.series_id === 5 ? { ...row, value: row.series_id * 10 + 1, at: told.takenMs } : row)),
    );
    await old.close();
  });
});
