import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "../../../collector/store/db.ts";
import { writeParts } from "../../../collector/store/flush-part.ts";
import { batchesPart, claimBatches, type Entry, knownSpansStatement, nextClaims } from "../../../collector/store/ledger.ts";
import { knownMigrations, migrate } from "../../../collector/store/migrate.ts";
import { openStore, type Store } from "../../../collector/store/open.ts";
import { T0 } from "../../support/batches.ts";
import { costOf, type Plans } from "../../support/plan-cost.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

const RUNS = Number(process.env.HCC_LEDGER_RUNS ?? 25);

describe.skipIf(!requirePeer("postgres"))("the ledger of batches", () => {
  let server: ServerDatabase;
  let store: Store;
  let db: Db;
  let stream = 0;

  beforeAll(async () => {
    server = await serverDatabase();
    store = await openStore({ databaseUrl: server.url, dataDir: "unused" });
    db = store.db;
    await migrate(db, T0);
  });
  afterAll(async () => {
    await store?.close();
    await server?.drop();
  });
  const freshStream = () => (++stream).toString(16).padStart(16, "0");
  const spansOf = (name: string) =>
    db.query<{ from: number; to: number; sha: string }>(
      'SELECT seq_from::int AS "from", seq_to::int AS "to", body_sha256 AS sha FROM ingest_ledger WHERE stream = $1 ORDER BY seq_from',
      [name],
    );
  const tell = (group: readonly Entry[]) =>
    db.transaction(async (tx) => {
      const claims = await claimBatches(tx, group);
      const stored = group.flatMap((received, index) => {
        const claim = claims[index];
        return claim?.result === "stored" ? [{ received, claim }] : [];
      });
      await writeParts(tx, [batchesPart(stored)]);
      return claims;
    });

  it("stores each number once whatever ranges come in whatever groups, and keeps the spans of a stream apart", async () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 1 }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(range, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }), async (groups) => {
        const own = freshStream();
        const stored = new Set<number>();
        for (const ranges of groups) {
          const group = ranges.map(([from, length, bytes]) => entry(own, from, from + length, `${bytes}`));
          const claims = await tell(group);
          for (const [index, { isFresh, accepted, duplicates, result }] of claims.entries()) {
            const numbers = group[index]?.batch.observations.map(({ seq }) => seq) ?? [];
            const fresh = numbers.filter(isFresh);
            expect([accepted, duplicates]).toEqual([fresh.length, numbers.length - fresh.length]);
            expect(fresh.filter((seq) => stored.has(seq))).toEqual([]);
            for (const seq of fresh) stored.add(seq);
            if (result === "stored") expect(numbers.filter((seq) => !stored.has(seq))).toEqual([]);
          }
        }
        const spans = await spansOf(own);
        expect(spans.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index))).toEqual([...stored].sort((a, b) => a - b));
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ["the same range with other bytes", [1, 10, "a"], [1, 10, "b"], "conflict"],
    ["the same range with the same bytes", [1, 10, "a"], [1, 10, "a"], "stored"],
    ["what an overlapping batch had left, as a batch of its own", [5, 15, "b"], [11, 15, "c"], "stored"],
  ] as const)("answers to %s", async (_, first, second, result) => {
    const own = freshStream();
    const begin = first[0] === 5 ? [entry(own, 1, 10, "a")] : [];
    await tell([...begin, entry(own, first[0], first[1], first[2])]);
    expect((await tell([entry(own, second[0], second[1], second[2])])).map((claim) => [claim.result, claim.accepted])).toEqual([[result, 0]]);
  });

  it("lets writers that share centres wait for each other before they touch a row, in whatever order they hold them", async () => {
    const sites = [1, 2, 3, 4];
    const own = freshStream();
    await db.query(
      `INSERT INTO newest_values (site_id, source_id, ts, series_ids, vals) SELECT site_id, 1, now(), '{1}', '{0}' FROM unnest(($1::text)::int4[]) AS site_id
       ON CONFLICT (site_id, source_id) DO UPDATE SET vals = excluded.vals`,
      [`{${sites.join(",")}}`],
    );
    const writers = Array.from({ length: 12 }, (_, index) => sites.map((_site, place) => sites[(place * (index % 2 === 0 ? 1 : 3) + index) % 4] ?? 1));
    await Promise.all(
      writers.map((order, index) =>
        db.transaction(async (tx) => {
          await claimBatches(
            tx,
            order.map((siteId) => ({ ...entry(own, index * 10 + 1, index * 10 + 5, "a"), siteId })),
          );
          // Row by row in an order of its own: without the centres' locks two of these end in a deadlock.
          for (const siteId of order) await tx.query("UPDATE newest_values SET vals[1] = vals[1] + 1 WHERE site_id = $1 AND source_id = 1", [siteId]);
        }),
      ),
    );
    expect(await db.query("SELECT DISTINCT vals[1] AS value FROM newest_values WHERE source_id = 1")).toEqual([{ value: 12 }]);
  });

  it("moves no mark of a group in which one batch is not the next of its stream", async () => {
    const [next, late] = [freshStream(), freshStream()];
    const marks = () => db.query("SELECT stream, acked_through::int AS acked FROM stream_state WHERE stream IN ($1, $2) ORDER BY 1", [next, late]);
    await db.query(
      `INSERT INTO stream_state (site_id, stream, agent_id, acked_through)
       SELECT 1, stream, 'agt-0000000000000001', 10 FROM unnest(($1::text)::text[]) AS stream`,
      [`{${next},${late}}`],
    );
    const claim = (from: number) => writeParts(db, [batchesPart([])], { condition: nextClaims([entry(next, 11, 20, "a"), entry(late, from, 30, "a")])?.part });
    const before = await marks();
    expect(await claim(12)).toBe(false);
    expect(await marks()).toEqual(before);
    expect(await claim(11)).toBe(true);
    expect(await marks()).toEqual([
      { stream: next, acked: 20 },
      { stream: late, acked: 30 },
    ]);
  });

  it("finds what a range touches with a handful of rows and pages, however long the stream is", async () => {
    const [short, long] = [freshStream(), freshStream()];
    // The driver plans a statement when it first meets it; a collector that starts on an empty ledger keeps that plan for long.
    await db.script("TRUNCATE ingest_ledger");
    const plans: Record<string, { rows: number; pages: number }> = {};
    await db.transaction(async (tx) => {
      await tx.script(`SET LOCAL plan_cache_mode = force_generic_plan; PREPARE known (int4[], text, text, text) AS ${knownSpansStatement}`);
      const cost = async (name: string, from: number, to: number) => {
        const [row] = await tx.query<Record<string, Plans>>(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE known ('{1}', '{${name}}', '{${from}}', '{${to}}')`,
        );
        return costOf(Object.values(row ?? {})[0] as Plans, /^ingest_ledger$/);
      };
      await cost(short, 1, 1);
      const fill = (name: string, count: number) =>
        tx.query(
          `INSERT INTO ingest_ledger (site_id, agent_id, stream, seq_from, seq_to, body_sha256, received_at)
           SELECT 1, 'agt-0000000000000001', $1, n * 40 + 1, n * 40 + 40, 'x', now() FROM generate_series(0, $2::int - 1) AS n WHERE n <> 20`,
          [name, count],
        );
      await fill(short, 50);
      await fill(long, 50_000);
      for (const [name, count] of [
        [short, 50],
        [long, 50_000],
      ] as const) {
        plans[`next ${count}`] = await cost(name, count * 40 + 1, count * 40 + 40);
        plans[`late ${count}`] = await cost(name, 801, 840);
        plans[`again ${count}`] = await cost(name, 401, 440);
      }
    });
    for (const turn of ["next", "late", "again"]) {
      expect(plans[`${turn} 50000`]?.rows, turn).toBeLessThanOrEqual(2);
      expect(plans[`${turn} 50000`]?.pages, turn).toBeLessThanOrEqual((plans[`${turn} 50`]?.pages ?? 0) + 6);
    }
  });

  it("takes over a ledger whose spans overlap: what lies together becomes one span", async () => {
    await db.script("TRUNCATE ingest_ledger");
    const enter = (name: string, from: number, to: number) =>
      db.query("INSERT INTO ingest_ledger VALUES (1, 'agt-0000000000000001', $1, $2, $3, 'x', now())", [name, from, to]);
    for (const [from, to] of [
      [1, 10],
      [5, 15],
      [12, 14],
      [16, 20],
      [30, 40],
      [31, 33],
      [50, 60],
    ] as const)
      await enter("a".repeat(16), from, to);
    await enter("b".repeat(16), 1, 10);
    const file = (await knownMigrations()).find(({ name }) => name === "0022_ledger_spans.sql");
    await db.script(file?.statements ?? "");
    expect(
      await db.query('SELECT left(stream, 1) AS s, seq_from::int AS "from", seq_to::int AS "to", body_sha256 AS sha FROM ingest_ledger ORDER BY 1, 2'),
    ).toEqual([
      { s: "a", from: 1, to: 15, sha: "" },
      { s: "a", from: 16, to: 20, sha: "x" },
      { s: "a", from: 30, to: 40, sha: "" },
      { s: "a", from: 50, to: 60, sha: "x" },
      { s: "b", from: 1, to: 10, sha: "x" },
    ]);
  });
});

function entry(stream: string, from: number, to: number, bodySha256: string): Entry {
  const observations = Array.from({ length: to - from + 1 }, (_, index) => ({ seq: from + index }));
  return { siteId: 1, agentId: "agt-0000000000000001", bodySha256, receivedMs: T0, batch: { stream, lane: "live", from, to, observations } };
}
