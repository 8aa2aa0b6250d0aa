import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import postgres from "postgres";
import { migrate } from "../../collector/store/migrate.ts";
import { openStore } from "../../collector/store/open.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import { alertQueries, type StoredQuery, storedQueries } from "../support/dashboard-queries.ts";
import { fillWithDemo } from "../support/demo-database.ts";
import { expandQuery } from "../support/grafana-macros.ts";
import { startPostgres } from "../support/postgres.ts";
import { queryContext, type VariableValues } from "../support/query-context.ts";
import { yearOfRollups } from "../support/year-of-rollups.ts";

const DAY_MS = 86_400_000;
const CENTRES = 135;
const RUNS = 7;
/** What a person waits for without noticing; the slowest of twenty openings must stay below. */
const TARGET_MS = 300;

/** `cpuMs` is what one answer took of a processor at most: the same on a busy machine, where the times of the clock are not. */
export type PanelTime = {
  readonly name: string;
  readonly range: "day" | "year";
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly cpuMs: number;
  readonly rows: number;
};

/** Every query of every dashboard over a year of the province, for the last day and for the whole year, as the reader that Grafana uses. */
export async function benchDashboards(): Promise<{ readonly panels: number; readonly slow: readonly PanelTime[]; readonly slowest: readonly PanelTime[] }> {
  const server = await startPostgres({ parent: tmpdir() });
  try {
    await fillWithDemo(server.url, { centres: CENTRES, days: 4 });
    await makeYear(server.url);
    const times = await measureDashboards(server.url.replace("hcc@", "grafana_ro@"));
    const slowest = times.toSorted((a, b) => b.cpuMs - a.cpuMs).slice(0, 10);
    for (const { name, range, medianMs, p95Ms, cpuMs, rows } of slowest)
      console.log(`${p95Ms} ms p95, ${medianMs} ms median, ${cpuMs} ms of processor, ${rows} rows, ${range}: ${name}`);
    return { panels: times.length, slow: times.filter(({ cpuMs }) => cpuMs > TARGET_MS), slowest };
  } finally {
    await server.stop();
  }
}

/** Turns a database with some days of the demo into one with a year of it, every day with its partitions. */
export async function makeYear(url: string): Promise<void> {
  const store = await openStore({ databaseUrl: url, dataDir: "" });
  try {
    await migrate(store.db, Date.now());
    await new Partitions(store.db).ensure(Array.from({ length: 365 }, (_, back) => Date.now() - back * DAY_MS));
    await store.db.transaction(async (tx) => {
      for (const statement of yearOfRollups) await tx.script(statement);
    });
    await store.db.script("VACUUM ANALYZE");
  } finally {
    await store.close();
  }
}

/** The times of all queries, each run several times in a row on one warm connection. */
export async function measureDashboards(url: string): Promise<readonly PanelTime[]> {
  const reader = postgres(url, { max: 1, onnotice: () => undefined });
  const nowMs = Date.now();
  const times: PanelTime[] = [];
  try {
    const districts = await reader<{ code: string }[]>`SELECT DISTINCT district_code AS code FROM grafana.centre`;
    const centres = await reader<{ code: string }[]>`SELECT centre AS code FROM grafana.centre ORDER BY centre`;
    const values: VariableValues = { district: districts.map(({ code }) => code), centre: centres.map(({ code }) => code) };
    // All work of a query in one process, so that the processor's time is all there is.
    await reader`SET max_parallel_workers_per_gather = 0`;
    const [{ pid = 0 } = {}] = await reader<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    for (const query of [...storedQueries("vi"), ...alertQueries()])
      for (const range of ["day", "year"] as const) times.push(await timeOf(reader, pid, query, values, range, nowMs));
  } finally {
    await reader.end();
  }
  return times;
}

async function timeOf(
  reader: postgres.Sql,
  backend: number,
  query: StoredQuery,
  values: VariableValues,
  range: PanelTime["range"],
  nowMs: number,
): Promise<PanelTime> {
  const from = range === "day" ? "now-1d" : "now-365d";
  const asked = query.dashboard ? { ...query, dashboard: { ...query.dashboard, time: { ...query.dashboard.time, from } } } : query;
  const sql = expandQuery(asked.sql, queryContext(asked, values, nowMs));
  const spent: number[] = [];
  const busy: number[] = [];
  let rows = 0;
  for (let run = 0; run < RUNS; run++) {
    const beganMs = performance.now();
    const beganCpuMs = cpuMs(backend);
    rows = (await reader.unsafe(sql)).length;
    spent.push(performance.now() - beganMs);
    busy.push(cpuMs(backend) - beganCpuMs);
    // One that takes seconds is known well enough after two.
    if (run >= 1 && spent.every((ms) => ms > 5 * TARGET_MS)) break;
  }
  const sorted = spent.toSorted((a, b) => a - b).map(Math.round);
  return {
    name: query.name,
    range,
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    p95Ms: sorted.at(-1) ?? 0,
    cpuMs: Math.round(Math.max(...busy)),
    rows,
  };
}

/** Time that a process of this machine has had on a processor, ms (proc(5), schedstat). */
function cpuMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
}
