import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { textsLiteral } from "../../../collector/store/array-literal.ts";
import type { Db } from "../../../collector/store/db.ts";
import { writeParts } from "../../../collector/store/flush-part.ts";
import { type IngestTools, writeGroup } from "../../../collector/store/ingest.ts";
import { jsonText } from "../../../collector/store/json-text.ts";
import { knownMigrations, migrate } from "../../../collector/store/migrate.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { openPostgres, type PostgresDb } from "../../../collector/store/postgres-db.ts";
import type { RunRow } from "../../../collector/store/received.ts";
import { runsOf } from "../../../collector/store/run-reads.ts";
import { RunIds, runRowsOf } from "../../../collector/store/run-rows.ts";
import { SITE_SOURCES_MAX } from "../../../collector/store/run-sources.ts";
import { SITE_SERIES_MAX } from "../../../collector/store/series.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { type StoredRow, storedColumns, storedRuns } from "../../../collector/store/stored-runs.ts";
import { copyRuns, runsPart } from "../../../collector/store/write-runs.ts";
import type { Observation, Outcome } from "../../../schemas/observation.ts";
import { batchOf, measured, receivedOf, T0, workWeek } from "../../support/batches.ts";
import { randomOutcome } from "../../support/random-outcomes.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { MIGRATED } from "../../support/run-server.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

/** More runs take seeds of their own. */
const RUNS = Number(process.env.HCC_PROPERTY_RUNS ?? 12);
const property = process.env.HCC_PROPERTY_RUNS === undefined ? { numRuns: RUNS, seed: 890 } : { numRuns: RUNS };
const DAY = "2026-11-28";

describe.skipIf(!requirePeer("postgres"))("runs that are stored once", () => {
  let database: ServerDatabase;
  let db: PostgresDb;
  let tools: IngestTools;

  beforeAll(async () => {
    database = await serverDatabase(MIGRATED);
    db = openPostgres(database.url, { connections: 6, statementTimeoutMs: 60_000 });
    await importCentres(
      db,
      ["mot", "hai", "ba"].map((code) => ({ code, name: code, keyArea: false, devices: [] })),
      T0,
    );
    tools = { db, partitions: new Partitions(db), ids: new RunIds(), calendar: workWeek };
    await tools.partitions.ensureAhead(T0);
  }, 60_000);
  afterAll(async () => {
    await db?.close();
    await database?.drop();
  });
  beforeEach(() => db.script("TRUNCATE run, ingest_ledger, stream_state"));

  const each = (outcomes: readonly Outcome[]) => (index: number) => ({ target: `t-${index % 3}`, outcome: outcomes[index] }) as Partial<Observation>;
  const asJson = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => JSON.parse(jsonText(outcome)) as unknown);
  const asStored = async (of: Db = db) => (await of.query<{ outcome: Outcome }>("SELECT outcome FROM observation ORDER BY seq")).map(({ outcome }) => outcome);
  const everyRun = runsOf({ site: "s.site_id", source: "s.source_id", since: "timestamptz '-infinity'", until: "timestamptz 'infinity'" });
  const asRead = async () => {
    const rows = await db.query<StoredRow>(`SELECT ${storedColumns} FROM run_source AS s, LATERAL ${everyRun} AS r WHERE s.site_id = 1 ORDER BY r.seq`);
    return (await storedRuns(db, rows, { evidence: true })).map(({ outcome }) => outcome);
  };
  const writers: readonly { readonly name: string; readonly write: (tx: Db, rows: readonly RunRow[]) => Promise<unknown> }[] = [
    { name: "a statement", write: (tx, rows) => writeParts(tx, [runsPart(rows)]) },
    { name: "a block", write: copyRuns },
  ];

  it.each(writers)(
    "gives back every outcome as it was told, written as $name",
    async ({ write }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(randomOutcome, { minLength: 1, maxLength: 6 }), async (outcomes) => {
          await db.script("DELETE FROM run");
          const received = receivedOf(batchOf({ count: outcomes.length, stepMs: 1_000, each: each(outcomes) }));
          // A collector that has just started knows no id; one that runs knows most.
          for (const ids of [tools.ids, new RunIds()]) {
            const [rows = []] = await runRowsOf(db, ids, [received]);
            await db.script("DELETE FROM run");
            await db.transaction((tx) => write(tx, rows as RunRow[]));
            expect(await asStored()).toEqual(asJson(outcomes));
            expect(asJson(await asRead())).toEqual(asJson(outcomes));
          }
        }),
        property,
      );
    },
    3_600_000,
  );

  it("keeps all other words of a run, whatever it was written as", async () => {
    const told: Partial<Observation>[] = [
      { clock: "bad", takenAt: "2026-11-28T01:00:00.000Z", elapsedMs: 0.125 },
      { probe: "host", outcome: { kind: "failed", reason: "timeout", detail: "5 s" } },
      { clock: "skewed", outcome: { kind: "skipped", reason: "line_busy" } },
    ];
    const batch = { ...batchOf({ stream: "f00000000000000a", lane: "backlog", each: (index) => told[index] ?? {} }) };
    const received = receivedOf(batch, { receivedMs: T0 + 65_432 });
    const moved = { ...received, filed: { ...received.filed, observations: received.filed.observations.map((one) => ({ ...one, takenMs: one.takenMs + 1 })) } };
    const seen: unknown[] = [];
    for (const { write } of writers) {
      const [rows = []] = await runRowsOf(db, tools.ids, [moved]);
      await db.transaction((tx) => write(tx, rows));
      seen.push(await db.query("SELECT *, taken_at::text AS t, raw_taken_at::text AS raw, received_at::text AS r, seq::int AS n FROM observation ORDER BY n"));
      await db.script("DELETE FROM run");
    }
    expect(seen[0]).toEqual(seen[1]);
    const common = { site_id: 1, stream: "f00000000000000a", target: "gateway", lane: "backlog", r: "2026-11-28 02:01:05.432+00" };
    expect(seen[0]).toMatchObject([
      {
        ...common,
        probe: "link-quality",
        n: 1,
        clock: "bad",
        elapsed_ms: 0.125,
        kind: "measured",
        t: "2026-11-28 01:00:00.001+00",
        raw: "2026-11-28 01:00:00+00",
      },
      { ...common, probe: "host", n: 2, clock: "ok", kind: "failed", reason: "timeout", outcome: { kind: "failed", reason: "timeout", detail: "5 s" } },
      { ...common, n: 3, clock: "skewed", kind: "skipped", reason: "line_busy", t: "2026-11-28 02:02:00.001+00", raw: "2026-11-28 02:02:00+00" },
    ]);
  });

  it("takes over the runs of a database of the version before, word by word", async () => {
    const before = await serverDatabase();
    const old = openPostgres(before.url, { connections: 2, statementTimeoutMs: 60_000 });
    await migrate(old, T0, { count: (await knownMigrations()).findIndex(({ name }) => name === "0020_runs.sql") });
    await old.script(`INSERT INTO site (centre_code, name, changed_at) VALUES ('mot', 'Một', now());
      CREATE TABLE observation_20261128 PARTITION OF observation FOR VALUES FROM ('${DAY}T00:00:00Z') TO ('2026-11-29T00:00:00Z');
      INSERT INTO series (site_id, metric, target, labels) SELECT 1, 'loss_percent', 'invented-' || n, '{}' FROM generate_series(1, 4970) AS n;
      INSERT INTO series (site_id, metric, target, labels) VALUES (1, 'camera_up', '', '{}')`);
    const outcomes = fc.sample(randomOutcome, { numRuns: 150, seed: 890 });
    await old.query(
      `INSERT INTO observation (site_id, stream, seq, probe, target, taken_at, raw_taken_at, received_at, lane, clock, elapsed_ms, kind, reason, outcome)
       SELECT 1, CASE WHEN n % 2 = 0 THEN '00000000000000ab' ELSE 'fedcba9876543210' END, n, 'host', CASE WHEN n % 3 > 0 THEN 't-' || n % 3 END,
         '${DAY}T00:00:00Z'::timestamptz + n * interval '1 min', '${DAY}T00:00:00Z'::timestamptz + n * interval '1 min' - n % 2 * interval '1 h', '${DAY}T12:00:00Z',
         CASE WHEN n % 2 = 0 THEN 'live' ELSE 'backlog' END, (ARRAY['ok', 'skewed', 'bad', 'unknown'])[1 + n % 4], n * 1.25, body ->> 'kind',
         coalesce(body ->> 'reason', body ->> 'excuse'), body
       FROM unnest(($1::text)::jsonb[]) WITH ORDINALITY AS o(body, n)`,
      [textsLiteral(outcomes.map(jsonText))],
    );
    const all = `SELECT site_id, stream, seq::int AS seq, probe, target, taken_at::text, raw_taken_at::text, received_at::text, lane, clock, elapsed_ms, kind, reason, outcome
      FROM observation ORDER BY seq`;
    const told = await old.query(all);
    expect(told.map(({ outcome }) => outcome)).toEqual(asJson(outcomes));
    await migrate(old, T0);
    expect(await old.query(all)).toEqual(told);
    // The site had room for some of the series that it had told: the others' readings are kept with their run.
    expect(await old.query("SELECT count(*)::int AS n FROM series")).toEqual([{ n: SITE_SERIES_MAX }]);
    const [kept] = await old.query<{ whole: number; beside: number }>(
      "SELECT (count(*) FILTER (WHERE rest ->> 'readings' IS NULL))::int AS whole, (count(*) FILTER (WHERE rest ->> 'readings' IS NOT NULL))::int AS beside FROM run WHERE kind = 'm'",
    );
    expect(kept?.whole).toBeGreaterThan(0);
    expect(kept?.beside).toBeGreaterThan(0);
    await old.close();
    await before.drop();
  });

  it("keeps equal evidence once for a site, and while it is told", async () => {
    await db.script("TRUNCATE evidence");
    const evidence = { certificate: "CN=Cổng dịch vụ công" };
    const write = (stream: string, siteId: number, receivedMs: number, ids = tools.ids) =>
      writeGroup({ ...tools, ids }, [
        receivedOf(
          batchOf({ stream, count: 20, stepMs: 1, startMs: receivedMs, each: () => ({ outcome: measured([{ metric: "loss_percent", value: 1 }], evidence) }) }),
          {
            siteId,
            receivedMs,
          },
        ),
      ]);
    // Two collectors that have just started, at once.
    await Promise.all([write("000000000000000a", 1, T0, new RunIds()), write("000000000000000b", 1, T0, new RunIds()), write("000000000000000c", 2, T0)]);
    await write("000000000000000d", 1, T0 + 86_400_000);
    expect(await db.query("SELECT site_id, body, last_day::text AS day FROM evidence ORDER BY 1")).toEqual([
      { site_id: 1, body: evidence, day: "2026-11-29" },
      { site_id: 2, body: evidence, day: DAY },
    ]);
    expect(await db.query("SELECT count(*)::int AS n FROM observation WHERE outcome -> 'evidence' = (SELECT body FROM evidence LIMIT 1)")).toEqual([{ n: 80 }]);
  });

  it("gives a site no more targets than any centre can have, and keeps what was told of the others", async () => {
    await db.query(`INSERT INTO run_source (site_id, probe, target) SELECT 3, 'host', 'invented-' || n FROM generate_series(2, ${SITE_SOURCES_MAX}) AS n`);
    const targets = ["a-last", "b-more", "c-more"];
    const outcome: Outcome = { kind: "failed", reason: "dns", detail: "none" };
    await writeGroup(tools, [receivedOf(batchOf({ each: (index) => ({ target: targets[index], outcome }) as Partial<Observation> }), { siteId: 3 })]);
    expect(await db.query("SELECT target, outcome FROM observation ORDER BY seq")).toEqual(targets.map((target) => ({ target, outcome })));
    expect(await db.query("SELECT target FROM run_source WHERE site_id = 3 AND probe = 'link-quality' ORDER BY 1")).toEqual([
      { target: "" },
      { target: "a-last" },
    ]);
  });

  it("keeps apart what targets beyond those of a site measure, also while their ids are in memory", async () => {
    await db.query(
      `INSERT INTO run_source (site_id, probe, target) SELECT 3, 'host', 'invented-' || n FROM generate_series(1, ${SITE_SOURCES_MAX}) AS n ON CONFLICT DO NOTHING`,
    );
    const targets = ["b-more", undefined, "c-more"];
    const each = (index: number) => ({ target: targets[index], outcome: measured([{ metric: "loss_percent", value: index + 1 }]) });
    for (const [nth, stream] of ["000000000000000a", "000000000000000b"].entries())
      await writeGroup(tools, [receivedOf(batchOf({ stream, each, startMs: T0 + nth * 60_000 }), { siteId: 3, receivedMs: T0 })]);
    expect(
      await db.query(
        "SELECT r.target, array_agg(s.value ORDER BY s.ts) AS told FROM sample AS s JOIN series AS r USING (site_id, series_id) WHERE site_id = 3 GROUP BY 1 ORDER BY 1",
      ),
    ).toEqual([
      { target: "", told: "{2,2}" },
      { target: "b-more", told: "{1,1}" },
      { target: "c-more", told: "{3,3}" },
    ]);
  });
});
