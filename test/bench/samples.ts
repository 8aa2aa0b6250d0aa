import { cpus } from "node:os";
import { EvidenceIds } from "../../collector/store/evidence.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { packDaysBefore } from "../../collector/store/pack-days.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";
import { rollUpDirtyDays, rollUpDirtyHours } from "../../collector/store/rollups.ts";
import type { ProbeKind } from "../../schemas/observation.ts";
import { startPostgres } from "../support/postgres.ts";
import { requirePeer } from "../support/require-peer.ts";
import { evidenceOfCentres } from "./evidence-day.ts";
import { treeCpuUs } from "./process-cost.ts";

type Print = (line: string) => void;
/** A site has so many series, half of each of two metrics, with a sample a minute, smooth with some noise and one decimal. */
type Size = { readonly sites: number; readonly days: number; readonly series: number };

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse("2026-10-01T00:00:00Z");

/** Bytes per sample of each form in which samples are kept, and how fast one becomes the other. Default: 4 days of 45 centres, 2.6 M samples. */
export function benchStorage({ print = console.log, size = { sites: 45, days: 4, series: 10 } }: { print?: Print; size?: Size } = {}): Promise<void> {
  return withSamples(size, print, async (db, samples) => {
    const jobs = [
      { name: "hourly rollups", run: () => rollUpDirtyHours(db, FIRST_MS + (size.days + 1) * DAY_MS) },
      { name: "daily rollups", run: () => rollUpDirtyDays(db, "2027-01-01") },
      { name: "packing", run: () => packDaysBefore(db, FIRST_MS + size.days * DAY_MS) },
    ];
    const sizes = [["one row per sample, indexed", await bytesOf(db, "plain_sample")] as const, ["one row per run", await bytesOf(db, "run")] as const];
    print("job | k samples/s");
    for (const { name, run } of jobs) {
      const startMs = performance.now();
      await run();
      print(`${name} | ${(samples / (performance.now() - startMs)).toFixed(0)}`);
    }
    print("form | bytes per sample");
    const rolled = ["packed_run", "rollup_1h", "rollup_site_1h", "rollup_1d"] as const;
    for (const [name, bytes] of sizes) print(`${name} | ${(bytes / samples).toFixed(1)}`);
    for (const table of rolled) print(`${table} | ${((await bytesOf(db, table)) / samples).toFixed(2)}`);
    await tellEvidence(db, print);
  });
}

const EVIDENCE = { centres: 20, days: 7 } as const;

/**
 * Evidence lies beside the runs and is not packed with them: what it takes for each run that tells some, and for a centre and day, by probe and in all.
 * The runs above tell none.
 */
async function tellEvidence(db: PostgresDb, print: Print): Promise<void> {
  const { centres, days } = EVIDENCE;
  const ids = new EvidenceIds();
  const told = new Map<ProbeKind, { runs: number; json: number; distinct: Set<string> }>();
  for (const [index, runs] of [...evidenceOfCentres(centres, FIRST_MS, days).values()].entries()) {
    const all = [...runs].map(({ probe, takenMs, evidence }) => ({
      probe,
      siteId: index + 1,
      body: evidence,
      day: Math.floor(takenMs / DAY_MS),
    }));
    const known = await ids.learn(db, all);
    for (const [place, { probe, body }] of all.entries()) {
      const sum = told.get(probe) ?? { runs: 0, json: 0, distinct: new Set() };
      told.set(probe, sum);
      sum.runs++;
      sum.json += Buffer.byteLength(JSON.stringify(body));
      sum.distinct.add(`${index} ${known[place]}`);
    }
  }
  await db.script("ANALYZE evidence");
  const rows = [...told].map(([probe, { runs, json, distinct }]) => ({ probe, runs, json, distinct: distinct.size }));
  const sum = (name: "runs" | "json" | "distinct") => rows.reduce((total, row) => total + row[name], 0);
  print(`evidence of ${centres} centres in ${days} days | runs that tell it | of these never told before, % | bytes of JSON a run`);
  const line = (name: string, runs: number, distinct: number, json: number) =>
    print(`${name} | ${runs} | ${((100 * distinct) / runs).toFixed(1)} | ${(json / runs).toFixed(0)}`);
  for (const { probe, runs, json, distinct } of rows.toSorted((a, b) => b.distinct - a.distinct)) line(probe, runs, distinct, json);
  line("all", sum("runs"), sum("distinct"), sum("json"));
  const bytes = await bytesOf(db, "evidence");
  print(
    `evidence table: ${(bytes / sum("runs")).toFixed(1)} bytes a run that tells evidence, ${(bytes / centres / days / 1e3).toFixed(0)} kB a centre and day`,
  );
}

/** The panel over 97 M rows, as it was demanded: 45 centres of 50 series for 30 days. */
const QUERY_SERIES = 50;

/**
 * The panel "95th percentile of each hour, all centres" for one metric over 30 days: from single rows, and from the rollup of centres. `millions` of rows,
 * of which the metric has half.
 */
export function benchQuery({ print = console.log, millions = 9.7, rounds = 5 }: { print?: Print; millions?: number; rounds?: number } = {}): Promise<void> {
  const size = { sites: 45, days: 30, series: Math.max(2, Math.round((QUERY_SERIES * millions) / 97.2)) };
  return withSamples(size, print, async (db, samples, spent) => {
    await spent("rolled up", () => rollUpDirtyHours(db, FIRST_MS + (size.days + 1) * DAY_MS));
    await db.script("ANALYZE plain_sample, rollup_site_1h");
    const raw = `SELECT site_id, date_trunc('hour', ts, 'UTC') AS hour, percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95
      FROM plain_sample JOIN series USING (site_id, series_id) WHERE metric = 'rtt_avg_ms' GROUP BY 1, 2`;
    const rolled = "SELECT site_id, hour, p95 FROM rollup_site_1h WHERE metric = 'rtt_avg_ms'";
    await spent("held against each other", async () => {
      const [differ] = await db.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM (${raw}) AS a FULL JOIN (${rolled}) AS b USING (site_id, hour) WHERE a.p95 IS DISTINCT FROM b.p95`,
      );
      if (differ?.n !== 0) throw new Error(`${differ?.n} hours differ between samples and rollup`);
    });
    const [rawMs, rolledMs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      rawMs.push(await msOf(() => db.query(raw)));
      rolledMs.push(await msOf(() => db.query("SELECT time, centre, p95 FROM grafana.centre_hour WHERE metric = 'rtt_avg_ms' ORDER BY time")));
    }
    print("from | ms, median | times faster | demand for 97 M rows | holds");
    const faster = median(rawMs.map((ms, round) => ms / (rolledMs[round] ?? Number.NaN)));
    print(`single rows | ${median(rawMs).toFixed(0)} | 1 | |`);
    const [mostMs, leastTimes] = [500, 50];
    const holds = samples < 97e6 ? "not asked" : median(rolledMs) <= mostMs && faster >= leastTimes ? "yes" : "NO";
    print(`rollup of centres | ${median(rolledMs).toFixed(0)} | ${faster.toFixed(0)} | <= ${mostMs} ms, >= ${leastTimes} times | ${holds}`);
    if (samples < 97e6) print("the size of the demand: npm run bench -- query --millions 97.2");
  });
}

/** Does something and says how long it took by the clock, and of the processors: the same on a busy machine. */
type Spent = (name: string, work: () => Promise<unknown>) => Promise<void>;

/** Opens a server with samples in the plain layout and in ours, all hours marked for the rollup. */
async function withSamples({ sites, days, series }: Size, print: Print, work: (db: PostgresDb, samples: number, spent: Spent) => Promise<void>): Promise<void> {
  if (!requirePeer("postgres")) return;
  const server = await startPostgres({ durable: true, settings: ["shared_buffers=512MB", "max_wal_size=4GB", "work_mem=64MB", "maintenance_work_mem=512MB"] });
  const db = openPostgres(server.url, { connections: 3, statementTimeoutMs: 0 });
  const spent: Spent = async (name, what) => {
    const beforeUs = treeCpuUs(server.pid);
    const ms = await msOf(what);
    print(`${name}: ${(ms / 1e3).toFixed(0)} s, ${((treeCpuUs(server.pid) - beforeUs) / 1e6).toFixed(0)} s of CPU`);
  };
  try {
    await migrate(db, FIRST_MS);
    await new Partitions(db).ensure(Array.from({ length: days }, (_, day) => FIRST_MS + day * DAY_MS));
    // Without a log of its own: it is filled once and read.
    await db.script(`INSERT INTO site (centre_code, name, changed_at) SELECT 'c-' || s, 'c-' || s, now() FROM generate_series(1, ${sites}) AS s;
      INSERT INTO series (site_id, metric, target, labels) SELECT s, CASE WHEN n % 2 = 0 THEN 'rtt_avg_ms' ELSE 'loss_percent' END, 't-' || n, '{}'
      FROM generate_series(1, ${sites}) AS s, generate_series(1, ${series}) AS n;
      INSERT INTO run_source (site_id, probe, target) SELECT s, 'link-quality', '' FROM generate_series(1, ${sites}) AS s;
      CREATE UNLOGGED TABLE plain_sample (site_id integer NOT NULL, series_id integer NOT NULL, ts timestamptz NOT NULL, value double precision NOT NULL)`);
    const samples = sites * days * 1_440 * series;
    print(`${(samples / 1e6).toFixed(1)} M samples, ${sites} centres, ${days} days, PostgreSQL 15 on ${cpus().length} x ${cpus()[0]?.model.trim()}`);
    await spent("made", async () => {
      for (let day = 0; day < days; day++) {
        const startMs = FIRST_MS + day * DAY_MS;
        const at = (ms: number) => `'${new Date(ms).toISOString()}'::timestamptz`;
        await db.script(`INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, elapsed_ms, lane, clock, kind, series_ids, vals)
            SELECT o.site_id, o.source_id, m.ts, m.ts + interval '10 s', o.site_id, ${day * 1_440} + m.minute, 12.5, 'l', 'o', 'm', o.ids, v.vals
            FROM (SELECT minute, ${at(startMs)} + minute * interval '1 min' + (minute * 7919 % 900) * interval '1 ms' AS ts FROM generate_series(0, 1439) AS minute) AS m,
              (SELECT o.site_id, o.source_id, array_agg(s.series_id ORDER BY s.series_id) AS ids FROM run_source AS o JOIN series AS s USING (site_id) GROUP BY 1, 2) AS o
              CROSS JOIN LATERAL (SELECT ARRAY(SELECT floor(200 + 80 * sin(m.minute / 200.0::float8 + id) + random() * 20) / 10 FROM unnest(o.ids) AS id) AS vals) AS v
            ORDER BY m.minute, o.site_id;
          INSERT INTO plain_sample SELECT r.site_id, s.series_id, r.taken_at, s.value FROM run AS r, unnest(r.series_ids, r.vals) AS s(series_id, value)
            WHERE r.taken_at >= ${at(startMs)} AND r.taken_at < ${at(startMs + DAY_MS)};
          INSERT INTO dirty_hour SELECT site_id, ${at(startMs)} + hour * interval '1 h' FROM site, generate_series(0, 23) AS hour`);
      }
      await db.script("CREATE INDEX plain_sample_series ON plain_sample (site_id, series_id, ts)");
    });
    const [disk] = await db.query<{ bytes: number }>("SELECT pg_database_size(current_database())::float8 AS bytes");
    print(`on disk, without the log: ${((disk?.bytes ?? 0) / 1e9).toFixed(1)} GB`);
    await work(db, samples, spent);
  } finally {
    await db.close();
    await server.stop();
  }
}

async function bytesOf(db: PostgresDb, table: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `SELECT sum(pg_total_relation_size(relid))::float8 AS n FROM (SELECT '${table}'::regclass AS relid UNION SELECT relid FROM pg_partition_tree('${table}')) AS t`,
  );
  return row?.n ?? 0;
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
