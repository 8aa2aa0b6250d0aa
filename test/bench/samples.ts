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

type Print = (line: string) => void;
type Size = { readonly sites: number; readonly days: number };

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse("2026-10-01T00:00:00Z");
/** Each site has five series of each of two metrics, a sample a minute, smooth with some noise and one decimal. */
const SERIES = 10;

/** Bytes per sample of each form in which samples are kept, and how fast one becomes the other. Default: 4 days of 45 centres, 2.6 M samples. */
export function benchStorage({ print = console.log, size = { sites: 45, days: 4 } }: { print?: Print; size?: Size } = {}): Promise<void> {
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
      day: new Date(takenMs).toISOString().slice(0, 10),
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

/**
 * The panel "95th percentile of each hour, all centres" for one metric over the whole time: from single rows, and from the rollup of centres.
 * Default: 30 days of 45 centres, 19 M samples, of which the metric has half.
 */
export function benchQuery({
  print = console.log,
  size = { sites: 45, days: 30 },
  rounds = 5,
}: {
  print?: Print;
  size?: Size;
  rounds?: number;
} = {}): Promise<void> {
  return withSamples(size, print, async (db) => {
    await rollUpDirtyHours(db, FIRST_MS + (size.days + 1) * DAY_MS);
    await db.script("ANALYZE plain_sample, rollup_site_1h");
    const raw = `SELECT site_id, date_trunc('hour', ts, 'UTC') AS hour, percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95
      FROM plain_sample JOIN series USING (site_id, series_id) WHERE metric = 'rtt_avg_ms' GROUP BY 1, 2`;
    const rolled = "SELECT site_id, hour, p95 FROM rollup_site_1h WHERE metric = 'rtt_avg_ms'";
    const [differ] = await db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM (${raw}) AS a FULL JOIN (${rolled}) AS b USING (site_id, hour) WHERE a.p95 IS DISTINCT FROM b.p95`,
    );
    if (differ?.n !== 0) throw new Error(`${differ?.n} hours differ between samples and rollup`);
    const [rawMs, rolledMs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      rawMs.push(await msOf(() => db.query(raw)));
      rolledMs.push(await msOf(() => db.query("SELECT time, centre, p95 FROM grafana.centre_hour WHERE metric = 'rtt_avg_ms' ORDER BY time")));
    }
    print("from | ms, median | times faster");
    print(`single rows | ${median(rawMs).toFixed(0)} | 1`);
    print(`rollup of centres | ${median(rolledMs).toFixed(0)} | ${(median(rawMs) / median(rolledMs)).toFixed(0)}`);
  });
}

/** Opens a server with samples in the plain layout and in ours, all hours marked for the rollup. */
async function withSamples({ sites, days }: Size, print: Print, work: (db: PostgresDb, samples: number) => Promise<void>): Promise<void> {
  if (!requirePeer("postgres")) return;
  const server = await startPostgres({ durable: true, settings: ["shared_buffers=512MB", "max_wal_size=4GB", "work_mem=64MB"] });
  const db = openPostgres(server.url, { connections: 3, statementTimeoutMs: 0 });
  try {
    await migrate(db, FIRST_MS);
    await new Partitions(db).ensure(Array.from({ length: days }, (_, day) => FIRST_MS + day * DAY_MS));
    await db.script(`INSERT INTO site (centre_code, name, changed_at) SELECT 'c-' || s, 'c-' || s, now() FROM generate_series(1, ${sites}) AS s;
      INSERT INTO series (site_id, metric, target, labels) SELECT s, CASE WHEN n % 2 = 0 THEN 'rtt_avg_ms' ELSE 'loss_percent' END, 't-' || n, '{}'
      FROM generate_series(1, ${sites}) AS s, generate_series(1, ${SERIES}) AS n;
      INSERT INTO run_source (site_id, probe, target) SELECT s, 'link-quality', '' FROM generate_series(1, ${sites}) AS s;
      CREATE TABLE plain_sample (site_id integer NOT NULL, series_id integer NOT NULL, ts timestamptz NOT NULL, value double precision NOT NULL);
      CREATE INDEX plain_sample_series ON plain_sample (site_id, series_id, ts)`);
    for (let day = 0; day < days; day++)
      await db.script(`INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, elapsed_ms, lane, clock, kind, series_ids, vals)
          SELECT site_id, source_id, ts, ts + interval '10 s', site_id, ${day * 1_440} + minute, 12.5, 'l', 'o', 'm', array_agg(series_id ORDER BY series_id), array_agg(value ORDER BY series_id) FROM (
          SELECT s.site_id, o.source_id, s.series_id, m AS minute, '${new Date(FIRST_MS + day * DAY_MS).toISOString()}'::timestamptz + m * interval '1 min' + (m * 7919 % 900) * interval '1 ms' AS ts,
            round((200 + 80 * sin(m / 200.0 + s.series_id) + random() * 20)::numeric) / 10.0 AS value FROM series AS s JOIN run_source AS o USING (site_id), generate_series(0, 1439) AS m) AS made GROUP BY site_id, source_id, ts, minute`);
    await db.script(
      "INSERT INTO plain_sample SELECT site_id, series_id, ts, value FROM sample ORDER BY ts; INSERT INTO dirty_hour SELECT DISTINCT site_id, date_trunc('hour', ts, 'UTC') FROM sample",
    );
    const samples = sites * days * 1_440 * SERIES;
    print(`${(samples / 1e6).toFixed(1)} M samples, ${sites} centres, ${days} days, PostgreSQL 15 on ${cpus().length} x ${cpus()[0]?.model.trim()}`);
    await work(db, samples);
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
