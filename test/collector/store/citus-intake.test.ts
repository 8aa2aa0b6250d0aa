import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Observation, Reading } from "#schemas/observation.ts";
import { namingCentres, Shards } from "../../../collector/store/citus.ts";
import type { Db } from "../../../collector/store/db.ts";
import { type IngestTools, writeGroup } from "../../../collector/store/ingest.ts";
import { RESTORED_KEY } from "../../../collector/store/ledger.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import type { Received } from "../../../collector/store/received.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { batchOf, measured, receivedOf, T0 } from "../../support/batches.ts";
import { toolsOn } from "../../support/filled-store.ts";
import { type StandInDb, type StandInServer, startStandIns } from "../../support/stand-ins.ts";

const HOUR_MS = 3_600_000;
const CENTRES = 40;
const up = (metric: Reading["metric"], value: number, labels?: Record<string, string>): Reading => ({ metric, value, ...(labels && { labels }) });

/** What a centre tells in turn: something for each table that a flush writes. */
const told = (turn: number): readonly Pick<Observation, "probe" | "target" | "outcome">[] => [
  { probe: "link-bandwidth", outcome: measured([up("download_mbps", 200 + turn), up("upload_mbps", 90)], { server: `m-${turn}` }) },
  { probe: "wifi-clients", outcome: measured([up("wifi_clients", 20 + turn)]) },
  {
    probe: "office-devices",
    target: "p-1",
    outcome: measured([up("device_up", 1, { device: "p-1", role: "printer" }), up("printer_pages", 1000 - turn, { device: "p-1" })]),
  },
  {
    probe: "device-discovery",
    outcome: measured([up("devices_found", 1)], {
      networks: ["10.0.0.0/24"],
      unknownComputers: 0,
      found: [{ identity: `hash aaaaaaaa ${turn % 3}`, roles: ["printer"], address: "10.0.0.9", model: `M ${turn}` }],
    }),
  },
  { probe: "link-quality", target: "gateway", outcome: measured([up("loss_percent", turn % 100), up("rtt_avg_ms", turn)]) },
  { probe: "camera-presence", target: "c-1", outcome: { kind: "failed", reason: "timeout" } },
];

type Told = { readonly from: number; readonly count?: number; readonly startMs?: number } & Omit<Parameters<typeof batchOf>[0] & object, "stream">;
type Group = (sites: readonly number[]) => readonly Received[];

/** A batch of each centre, with the same numbers. */
const each =
  ({ from, count = 12, startMs = T0 + from * 1_000, ...shape }: Told): Group =>
  (sites) =>
    sites.map((siteId) => {
      const observations = (index: number) => told(from)[index % 6] as Partial<Observation>;
      const batch = batchOf({ stream: siteId.toString(16).padStart(16, "0"), from, count, startMs, stepMs: 1_000, each: observations, ...shape });
      return receivedOf(batch, { siteId, agentId: `agt-${String(siteId).padStart(16, "0")}`, receivedMs: T0 + HOUR_MS });
    });
const readings = (metrics: readonly Reading["metric"][]) => () => ({ outcome: measured(metrics.map((metric) => up(metric, 3))), target: "gateway" });

/** In this order: what the intake takes from two agents of one shard. */
const groups: readonly (readonly [string, Group])[] = [
  ["the first batch of an agent", each({ from: 1 })],
  ...[13, 25, 37, 49, 61, 73].map((from) => [`the next batch, from ${from}`, each({ from })] as const),
  ["a batch once more", each({ from: 73 })],
  ["one with other bytes", each({ from: 73, startMs: T0 })],
  ["one that overlaps what is there", each({ from: 80, count: 10 })],
  ["one beyond a hole", each({ from: 100, count: 5 })],
  ["the hole, and a batch of the same stream behind it", (sites) => [...each({ from: 90, count: 10 })(sites), ...each({ from: 105, count: 5 })(sites)]],
  ["a gap that is told", each({ from: 110, count: 5, gaps: [{ from: 115, to: 120, reason: "evicted_disk_full" }] })],
  ["a time that cannot be true", each({ from: 121, count: 3, startMs: T0 + 900 * 24 * HOUR_MS })],
  ["newest values of more series than before", each({ from: 124, count: 3, each: readings(["loss_percent", "rtt_avg_ms", "jitter_ms"]) })],
  ["older values of some of them", each({ from: 127, count: 3, startMs: T0 - HOUR_MS, each: readings(["jitter_ms", "loss_percent"]) })],
  ["a block of runs", each({ from: 130, count: 300 })],
  ["the next batch after a block", each({ from: 430 })],
];

const tables = [
  "ingest_ledger",
  "stream_state",
  "stream_gap",
  "dead_letter",
  "run",
  "run_source",
  "series",
  "evidence",
  "newest_values",
  "run_hour",
  "unmeasured_day",
  "line_speed",
  "presence_day",
  "peak_day",
  "pages_day",
  "found_device",
  "dirty_hour",
  "contact",
] as const;
const rowsOf = async (db: Db) =>
  Object.fromEntries(await Promise.all(tables.map(async (table) => [table, await db.query(`SELECT t::text AS row FROM ${table} AS t ORDER BY 1`)] as const)));

describe("batches that are taken in on Citus, by the rules of its planner", () => {
  let server: StandInServer;
  let citus: StandInDb;
  let plain: StandInDb;
  let tools: { readonly citus: IngestTools; readonly plain: IngestTools };
  let sites: readonly number[] = [];
  let apart: readonly number[] = [];
  beforeAll(async () => {
    server = await startStandIns();
    [citus, plain] = await Promise.all([server.database({ extension: "citus", version: "13.2-1" }), server.database()]);
    await migrate(citus, T0, { storage: "citus" });
    await migrate(plain, T0, { storage: "plain" });
    const centres = Array.from({ length: CENTRES }, (_, place) => ({ code: `c-${place}`, name: `c-${place}`, keyArea: false, devices: [] }));
    for (const db of [citus, plain]) await importCentres(db, centres, T0);
    const shards = new Shards(citus);
    await shards.look();
    const byShard = Map.groupBy(
      Array.from({ length: CENTRES }, (_, place) => place + 1),
      shards.of,
    );
    sites = [...byShard.values()].find(({ length }) => length > 1)?.slice(0, 2) ?? [];
    apart = [...byShard.values()].slice(0, 2).flatMap(([first = 0]) => first);
    tools = { citus: toolsOn(namingCentres(citus.byRules)), plain: toolsOn(plain) };
  }, 120_000);
  afterAll(async () => {
    await Promise.all([citus, plain].map((db) => db?.close()));
    await server?.stop();
  });

  it.each(groups)("%s: on one node, and as in the plain mode", async (_, group) => {
    expect(sites).toHaveLength(2);
    citus.spread.length = 0;
    const written = await writeGroup(tools.citus, group(sites));
    expect(citus.spread).toEqual([]);
    expect(JSON.stringify(written)).toBe(JSON.stringify(await writeGroup(tools.plain, group(sites))));
  });

  it("streams that a restored database does not know", async () => {
    for (const db of [citus, plain]) await db.query("INSERT INTO setting (key, value) VALUES ($1, '{}')", [RESTORED_KEY]);
    const group = each({ from: 1, count: 3 })(sites).map((one) => ({ ...one, batch: { ...one.batch, stream: `f${one.batch.stream.slice(1)}` } }));
    citus.spread.length = 0;
    const written = await writeGroup(tools.citus, group);
    expect(written.map(({ rewindTo }) => rewindTo)).toEqual([4, 4]);
    expect(citus.spread).toEqual([]);
    await writeGroup(tools.plain, group);
  });

  it("leaves the same rows in every table", async () => {
    const [own, others] = await Promise.all([rowsOf(citus), rowsOf(plain)]);
    for (const table of tables) expect(own[table]?.length, table).toBeGreaterThan(0);
    expect(own).toEqual(others);
  });

  const call = "SELECT held(($1::text)::int4[])";
  it.each<[string, string, string | undefined]>([
    ["centres of one shard that a table is asked for by name", "t.site_id = ANY (sites) AND t.site_id = w.site_id", undefined],
    [
      "centres that a table is only joined with",
      "t.site_id = w.site_id",
      "correlated subqueries are not supported when the FROM clause contains a set returning function",
    ],
  ])("sees into functions: %s", async (_, condition, refusal) => {
    await citus.script(`CREATE OR REPLACE FUNCTION held(sites integer[]) RETURNS bigint LANGUAGE plpgsql AS
      $$ BEGIN RETURN (SELECT sum((SELECT count(*) FROM contact AS t WHERE ${condition})) FROM unnest(sites) AS w(site_id)); END $$`);
    const answer = citus.byRules.query(call, [`{${sites.join()}}`]);
    if (refusal === undefined) await expect(answer).resolves.toHaveLength(1);
    else await expect(answer).rejects.toThrow(refusal);
  });

  it("refuses what is planned for any values, mutable functions on a conflict, and a group of two shards", async () => {
    const db = citus.byRules;
    await citus.script(`CREATE OR REPLACE FUNCTION held(sites integer[]) RETURNS bigint LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS
      $$ BEGIN RETURN (SELECT count(*) FROM contact WHERE site_id = ANY (sites)); END $$`);
    await expect(db.query(call, ["{1}"])).rejects.toThrow("could not create distributed plan");
    const touch =
      "INSERT INTO contact (site_id, agent_id, first_at, last_at) SELECT 1, 'a', now(), now() ON CONFLICT (site_id, agent_id) DO UPDATE SET last_at =";
    await expect(db.query(`${touch} now()`)).rejects.toThrow("must be marked IMMUTABLE");
    await expect(db.query(`${touch} greatest(excluded.last_at, contact.last_at)`)).resolves.toEqual([]);
    expect(apart).toHaveLength(2);
    await expect(writeGroup(toolsOn(namingCentres(db)), each({ from: 1 })(apart))).rejects.toThrow("Only immutable functions");
  });
});
