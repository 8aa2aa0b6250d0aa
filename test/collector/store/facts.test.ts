import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { newestRuns } from "../../../collector/store/facts.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { joined, siteName } from "../../../collector/store/one-site.ts";
import { openStore, type Store } from "../../../collector/store/open.ts";
import { packDaysBefore } from "../../../collector/store/pack-days.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { newestRunsOf, runsOf } from "../../../collector/store/run-reads.ts";
import { costOf, type Plans } from "../../support/plan-cost.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse("2026-11-16T00:00:00Z");
const DAYS = 12;
const TARGETS = 3;

describe.skipIf(!requirePeer("postgres"))("runs that are read for a judgement", () => {
  let server: ServerDatabase;
  let store: Store;
  let db: Db;

  beforeAll(async () => {
    server = await serverDatabase();
    store = await openStore({ databaseUrl: server.url, dataDir: "unused" });
    db = store.db;
    await migrate(db, FIRST_MS);
    await new Partitions(db).ensure(Array.from({ length: DAYS }, (_, day) => FIRST_MS + day * DAY_MS));
    // A run every two minutes of each target, every tenth twice, every seventh late; the first two days are packed.
    await db.script(`INSERT INTO site (centre_code, name, changed_at) VALUES ('mot', 'Một', now());
      INSERT INTO run_source (site_id, probe, target) SELECT 1, 'office-devices', 't-' || n FROM generate_series(1, ${TARGETS}) AS n;
      INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, elapsed_ms, lane, clock, kind, series_ids, vals)
      SELECT 1, source_id, at, at + CASE WHEN n % 7 = 0 THEN interval '5 h' ELSE interval '1 min' END, source_id, n * 2 + again, 12.5, 'l', 'o', 'm', '{1}', ARRAY[n / 8.0]
      FROM run_source, generate_series(0, ${DAYS * 720 - 1}) AS n, LATERAL (SELECT timestamptz '2026-11-16T00:00:00Z' + n * interval '2 min' AS at) AS t, generate_series(0, (n % 10 = 0)::int) AS again`);
    await packDaysBefore(db, FIRST_MS + 2 * DAY_MS);
    await server.psql("VACUUM ANALYZE");
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    await server?.drop();
  });

  const spans = [
    { name: "the last hours", since: 282, until: 288 },
    { name: "a night over which packing ends", since: 40, until: 60 },
    { name: "packed days alone", since: 10, until: 33 },
    { name: "all", since: -1, until: 300 },
    { name: "nothing", since: 300, until: 400 },
  ];
  it.each(spans)("are the newest of each target: $name", async ({ since, until }) => {
    const [sinceMs, untilMs] = [FIRST_MS + since * 3_600_000, FIRST_MS + until * 3_600_000];
    for (const knownMs of [untilMs, untilMs + DAY_MS])
      for (const n of [1, 4, 50]) {
        const ask = (from: string) =>
          db.query<{ source_id: number; seq: number }>(
            `SELECT s.source_id, r.seq::int, r.taken_at::text, r.received_at::text, r.stream::text, r.kind::text, r.vals::text FROM run_source AS s CROSS JOIN LATERAL (${from}) AS r
             ORDER BY s.source_id, r.taken_at DESC, r.seq`,
            [sinceMs, untilMs, knownMs, n],
          );
        const span = { site: "s.site_id", source: "s.source_id", since: "to_timestamp($1::float8 / 1000)", until: "to_timestamp($2::float8 / 1000)" };
        const plain = await ask(
          `SELECT * FROM ${runsOf(span)} AS o WHERE o.taken_at > to_timestamp($1::float8 / 1000) AND o.received_at <= to_timestamp($3::float8 / 1000)
           ORDER BY o.taken_at DESC, o.stream, o.seq LIMIT $4::int`,
        );
        expect(plain).toHaveLength(since === 300 ? 0 : TARGETS * n);
        expect(await ask(`SELECT * FROM ${newestRunsOf({ ...span, known: "to_timestamp($3::float8 / 1000)", count: "$4::int" })} AS o`)).toEqual(plain);
      }
  });

  it.each([
    ["force_custom_plan", joined],
    ["force_generic_plan", joined],
    ["force_custom_plan", siteName([1], 5)],
  ])("are found without reading the others (%s, %#)", async (mode, name) => {
    const [untilMs, wanted] = [FIRST_MS + DAYS * DAY_MS, 3];
    const cost = await db.transaction(async (tx) => {
      await tx.script(
        `SET LOCAL plan_cache_mode = ${mode}; PREPARE newest (text, text, text, text, float8${name.values.length > 0 ? ", int4" : ""}) AS ${newestRuns(wanted, false, name)}`,
      );
      const [row] = await tx.query<Record<string, Plans>>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE newest ('{1}', '{office-devices}', '{${untilMs - 1.5 * DAY_MS}}', '{${untilMs}}', ${[untilMs + DAY_MS, ...name.values].join(", ")})`,
      );
      await tx.script("DEALLOCATE newest");
      return costOf(Object.values(row ?? {})[0] as Plans, /^run_\d+$/);
    });
    expect(cost.rows).toBeGreaterThanOrEqual(TARGETS * wanted);
    expect(cost.rows).toBeLessThanOrEqual(TARGETS * (wanted + 3));
    expect(cost.pages).toBeLessThan(200);
  });
});
