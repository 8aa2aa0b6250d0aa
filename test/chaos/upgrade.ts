import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { Spool } from "../../agent/spool/spool.ts";
import { knownMigrations, migrate } from "../../collector/store/migrate.ts";
import { openPostgres } from "../../collector/store/postgres-db.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { observation } from "../support/observations.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { projectRoot } from "../support/source-files.ts";
import { openCollectorRig } from "./collector-rig.ts";
import { promise, type Scenario } from "./scenario.ts";
import { becomeAgent, drained } from "./spooling-agent.ts";

/** The migration that rewrites every run; what came before it is the older version. */
const REWRITE = "0020_runs.sql";
const ROWS = 20_000;

/**
 * T16: the collector is killed again and again while it brings a database of the version before up to date, and a spool of the version before, with
 * thousands of rows that wait, goes on under the present agent.
 */
export const upgrade: Scenario = async ({ full, chance, print }) => {
  const killed = await killInMigration(full ? 20 : 2, chance, print);
  return { ...killed, ...(await deliverOlderSpool(full ? 10_000 : 1_000)), lost: 0, duplicates: 0 };
};

async function killInMigration(rounds: number, chance: () => number, print: (line: string) => void) {
  const server = await startPostgres({ durable: true });
  try {
    const fresh = await server.database("fresh");
    await withDatabase(fresh, (db) => migrate(db, 0));
    await makeOlder(await server.database("older"));
    const [schema, rows] = [await schemaOf(server, "fresh"), await server.psql(told, "older")];
    const whole = performance.now();
    await finish(server, "whole");
    const wholeMs = performance.now() - whole;
    promise((await server.psql(told, "whole")) === rows, "the rows are others after the upgrade");
    print(`an upgrade of ${ROWS} runs takes ${(wholeMs / 1_000).toFixed(1)} s`);
    const done = new Map<number, number>();
    for (let round = 0; round < rounds; round++) {
      const name = `round_${round}`;
      const program = await begin(server, name);
      await sleep(chance() * wholeMs);
      if (program.exitCode === null) {
        const gone = once(program, "exit");
        program.kill("SIGKILL");
        await gone;
      }
      const applied = Number(await server.psql("SELECT count(*) FROM migration", name));
      done.set(applied, (done.get(applied) ?? 0) + 1);
      await finish(server, name);
      promise((await server.psql(told, name)) === rows, `round ${round}, killed with ${applied} migrations: the rows are others`);
      promise((await schemaOf(server, name)) === schema, `round ${round}, killed with ${applied} migrations: the schema is another`);
      await server.psql(`DROP DATABASE ${name} WITH (FORCE)`);
    }
    return { rounds, killedWithMigrations: Object.fromEntries(done), runs: ROWS };
  } finally {
    await server.stop();
  }
}

/** A database of the version before, with runs and evidence of some days. */
async function makeOlder(url: string): Promise<void> {
  const count = (await knownMigrations()).findIndex(({ name }) => name === REWRITE);
  await withDatabase(url, async (db) => {
    await migrate(db, 0, { count });
    await db.script(`INSERT INTO site (centre_code, name, changed_at) SELECT 'c-' || n, 'Xã ' || n, now() FROM generate_series(1, 5) AS n;
      CREATE TABLE observation_20261101 PARTITION OF observation FOR VALUES FROM ('2026-11-01T00:00:00Z') TO ('2026-11-02T00:00:00Z');
      INSERT INTO observation (site_id, stream, seq, probe, target, taken_at, raw_taken_at, received_at, lane, clock, elapsed_ms, kind, reason, outcome)
      SELECT 1 + n % 5, lpad(to_hex(n % 5), 16, 'a'), n, 'link-quality', 't-' || n % 7, at, at, at + interval '5 s', 'live', 'ok', n / 7.0, 'measured', NULL,
        jsonb_build_object('kind', 'measured', 'evidence', jsonb_build_object('path', 'p-' || n % 50), 'readings', jsonb_build_array(
          jsonb_build_object('metric', 'rtt_avg_ms', 'value', (n / 8.0)::float8, 'labels', jsonb_build_object('hop', 'hop-' || n % 3)),
          jsonb_build_object('metric', 'loss_percent', 'value', n % 100)))
      FROM (SELECT n, '2026-11-01T00:00:00Z'::timestamptz + n * interval '4 s' AS at FROM generate_series(1, ${ROWS}) AS n) AS made`);
  });
}

/** All that was told, as one hash: the table of before and the view of now have the same columns. */
const told = `SELECT count(*) || ' ' || md5(string_agg(md5(concat_ws('|', site_id, stream, seq, probe, target, taken_at, raw_taken_at, received_at, lane, clock, elapsed_ms, kind, reason, outcome)),
  '' ORDER BY stream, seq)) FROM observation`;

/** Every table, column, index, view and function of our schemas, partitions aside, as one hash. */
function schemaOf(server: TestPostgres, database: string): Promise<string> {
  return server.psql(
    `SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
       SELECT concat_ws(' ', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS line FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace IN ('public'::regnamespace, 'grafana'::regnamespace) AND NOT c.relispartition AND c.relkind IN ('r', 'p', 'v')
       UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
       UNION ALL SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v' AND relnamespace IN ('public'::regnamespace, 'grafana'::regnamespace)
       UNION ALL SELECT concat_ws(' ', oid::regprocedure, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS lines`,
    database,
  );
}

/** Starts `collector migrate` on a copy of the older database. */
async function begin(server: TestPostgres, name: string) {
  await server.psql(`CREATE DATABASE ${name} TEMPLATE older`);
  return migrateProgram(server, name);
}

/** Brings a database up to date; makes it as a copy of the older one where it is not there. */
async function finish(server: TestPostgres, name: string): Promise<void> {
  const isThere = (await server.psql(`SELECT 1 FROM pg_database WHERE datname = '${name}'`)) === "1";
  const program = isThere ? migrateProgram(server, name) : await begin(server, name);
  const [code] = await once(program, "exit");
  promise(code === 0, `${name} could not be brought up to date (exit code ${code})`);
}

function migrateProgram(server: TestPostgres, name: string) {
  const environment = { ...process.env, DATABASE_URL: `${new URL(`/${name}`, server.url)}` };
  return spawn(process.execPath, [...nodeFlags, "collector/main.ts", "migrate"], {
    cwd: projectRoot,
    env: environment,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function withDatabase(url: string, work: (db: ReturnType<typeof openPostgres>) => Promise<unknown>): Promise<void> {
  const db = openPostgres(url, { connections: 1, statementTimeoutMs: 0 });
  try {
    await work(db);
  } finally {
    await db.close();
  }
}

/** An agent of before had frozen a batch and left thousands of rows; the present one delivers all of them, each once. */
async function deliverOlderSpool(rows: number) {
  await using rig = await openCollectorRig(1);
  const folder = await mkdtemp(join(tmpdir(), "hcc-upgrade-"));
  try {
    const [owner] = rig.agents;
    if (owner) await becomeAgent(folder, owner, rig.url);
    const spool = new Spool({ folder, nowMs: Date.now, log: () => undefined });
    for (let row = 0; row < rows; row++) spool.append({ ...observation(1), takenAt: new Date().toISOString() });
    const view = { nowMs: Date.now(), bootId: "boot-a", uptimeMs: 1e6, liveMs: 1e9, observationsMax: 500, bytesAim: 1e6, lane: "live" } as const;
    promise(spool.next(view) !== undefined, "no batch was frozen");
    spool[Symbol.dispose]();
    const older = new DatabaseSync(join(folder, "spool.db"));
    older.exec("ALTER TABLE batch DROP COLUMN form; PRAGMA user_version = 1");
    older.close();
    await rig.start();
    const { lastSeq, deadLetters, lost, stream } = await drained(folder, rig.url);
    promise(lastSeq === rows && deadLetters === 0 && lost === 0, `${lastSeq} of ${rows}, ${deadLetters} dead letters, ${lost} lost`);
    const stored = await rig.database.psql(`SELECT count(*), count(DISTINCT seq), max(seq) FROM observation WHERE stream = '${stream}'`);
    promise(stored === [rows, rows, rows].join("|"), `${stored} stored, of ${rows}`);
    return { olderSpool: rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
