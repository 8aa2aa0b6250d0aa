import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { textsLiteral } from "../../collector/store/array-literal.ts";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";
import { type CollectorRig, openCollectorRig } from "../chaos/collector-rig.ts";
import { percentile } from "../chaos/scenario.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { requirePeer } from "../support/require-peer.ts";
import type { FleetLoad } from "./fleet-load.ts";
import { minute, seriesOfCentre } from "./fleet-minute.ts";
import { peakMemoryOf, treeCpuUs } from "./process-cost.ts";

type Print = (line: string) => void;
export type FleetPlan = { readonly agents: number; readonly seconds: number };

/** What the whole run must show. */
const demands = { visibleP95S: 90, rssMb: 400 } as const;
const ASK_EVERY_MS = 1_000;
/** So many agents, spread over the fleet, are followed from the run to the database. */
const WITNESSES = 50;

/**
 * A fleet of agents with the real uplink, 40 runs of five readings a minute each, against a collector that serves, on Debian's PostgreSQL 15 with fsync; load,
 * collector and database share the machine. The demand is for 3,300 agents and 600 s: nothing shed, 95 of 100 runs visible to a query within 90 s,
 * collector below 400 MB. A run counts as visible when the database, asked each second, shows it.
 */
export async function benchFleet({ agents, seconds }: FleetPlan, print: Print = console.log): Promise<void> {
  if (!requirePeer("postgres")) return;
  await using rig = await openCollectorRig(agents, { settings: ["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min"] });
  const db = openPostgres(rig.database.url, { connections: 1, statementTimeoutMs: 60_000 });
  try {
    await knowSeries(db);
    await rig.start();
    print(`${agents} agents for ${seconds} s, ${agents * minute.length} runs and ${agents * seriesOfCentre().metrics.length} samples a minute`);
    const before = { collector: treeCpuUs(rig.pid), postgres: treeCpuUs(rig.database.pid) };
    const load = startLoad(rig.url, { agents, seconds });
    const ages = await watch(db, agents, load.ended);
    const { runs, waiting, answers, latencyMs, loadUs } = await load.ended;
    const [stored] = await db.query<{ runs: number; numbers: number }>(
      "SELECT count(*)::float8 AS runs, count(DISTINCT (site_id, stream, seq))::float8 AS numbers FROM observation",
    );
    const samples = runs * 5;
    const shed = (answers["429"] ?? 0) + (answers["503"] ?? 0);
    const rssMb = peakMemoryOf(rig.pid) / 1e6;
    const row = (figure: string, value: string, demand: string, holds: boolean) => print(`${figure} | ${value} | ${demand} | ${holds ? "yes" : "NO"}`);
    print("figure | seen | demand | holds");
    row("answers by status (0 = none)", JSON.stringify(answers), "no 429, no 503", shed === 0);
    row("probe to query, s, p50 / p95 / max", spread(ages), `p95 < ${demands.visibleP95S}`, percentile(ages, 0.95) < demands.visibleP95S);
    row("collector, most memory, MB", rssMb.toFixed(0), `< ${demands.rssMb}`, rssMb < demands.rssMb);
    row("runs made / stored / waiting", `${runs} / ${stored?.runs} / ${waiting}`, "all, each once", stored?.runs === runs && stored.numbers === runs);
    print(`request, ms, p50 / p95 / max: ${[latencyMs.p50, latencyMs.p95, latencyMs.max].map((ms) => ms.toFixed(0)).join(" / ")}`);
    const cost = (us: number) => `${(us / 1e6 / seconds).toFixed(2)} cores, ${(us / samples).toFixed(1)} us a sample`;
    print(`collector ${cost(treeCpuUs(rig.pid) - before.collector)}; PostgreSQL ${cost(treeCpuUs(rig.database.pid) - before.postgres)}; load ${cost(loadUs)}`);
  } finally {
    await db.close();
  }
}

/** The fleet has run before: what a centre tells is known, and by which source. New ones arrive over days, not in one minute. */
async function knowSeries(db: PostgresDb): Promise<void> {
  const { probes, metrics, targets, labels } = seriesOfCentre();
  await db.query(
    "INSERT INTO run_source (site_id, probe, target) SELECT DISTINCT site_id, probe, target FROM site, unnest(($1::text)::text[], ($2::text)::text[]) AS s(probe, target)",
    [probes, targets].map(textsLiteral),
  );
  await db.query(
    `INSERT INTO series (site_id, source_id, metric, target, labels)
     SELECT r.site_id, r.source_id, s.metric, s.target, s.labels::jsonb
     FROM unnest(($1::text)::text[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[]) AS s(probe, metric, target, labels) JOIN run_source AS r USING (probe, target)`,
    [probes, metrics, targets, labels].map(textsLiteral),
  );
  await db.script("ANALYZE run_source, series");
}

function startLoad(url: CollectorRig["url"], { agents, seconds }: FleetPlan): { ended: Promise<FleetLoad & { loadUs: number }> } {
  const words = [...nodeFlags, join(import.meta.dirname, "fleet-load.ts"), url, String(agents), String(seconds)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  let loadUs = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    // It speaks once, when all is done and while it can still be looked at.
    loadUs = treeCpuUs(child.pid ?? 0);
    said += text;
  });
  const ended = once(child, "close").then(([code]) => {
    if (code !== 0) throw new Error(`the load ended with ${code}`);
    return { ...(JSON.parse(said) as FleetLoad), loadUs };
  });
  return { ended };
}

/** Asks each second what is new of the witnesses, until the load has ended and nothing new comes; gives how old each run was when it was first seen, s. */
async function watch(db: PostgresDb, agents: number, ended: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  ended.then(over, over);
  const step = Math.max(1, Math.floor(agents / WITNESSES));
  const seenMs = new Map(Array.from({ length: Math.floor(agents / step) }, (_, index) => [index * step + 1, 0]));
  const ages: number[] = [];
  for (let last = false; !last; ) {
    last = isOver;
    // Centre by centre: joined as one, the database reads the runs of all centres each second, and its share of the processor is in the table.
    const rows = await db.query<{ site: number; taken: number }>(
      `SELECT w.site_id AS site, (extract(epoch FROM o.taken_at) * 1000)::float8 AS taken
       FROM unnest(($1::text)::int4[], ($2::text)::float8[]) AS w(site_id, since)
       CROSS JOIN LATERAL (
         SELECT taken_at FROM observation WHERE site_id = w.site_id AND taken_at > to_timestamp(w.since / 1000) AND taken_at > now() - interval '10 minutes' OFFSET 0
       ) AS o`,
      [`{${[...seenMs.keys()].join(",")}}`, `{${[...seenMs.values()].join(",")}}`],
    );
    const nowMs = Date.now();
    for (const { site, taken } of rows) {
      ages.push((nowMs - taken) / 1_000);
      seenMs.set(site, Math.max(seenMs.get(site) ?? 0, taken));
    }
    if (!last) await sleep(ASK_EVERY_MS);
  }
  return ages;
}

function spread(values: readonly number[]): string {
  return [0.5, 0.95, 1].map((share) => percentile(values, share).toFixed(1)).join(" / ");
}
