import type { Db } from "./db.ts";
import { retentionDays } from "./retention.ts";

/** Where TimescaleDB is used for, by the documented functions of 2.13 and newer. Chunks are cut at midnight UTC, as our own partitions are. */

/** The first version whose `create_hypertable` takes `by_range`. */
export const TIMESCALE_MIN = [2, 13] as const;
/** The first version that says "columnstore" for what was "compression". */
const COLUMNSTORE = [2, 18] as const;
/** Runs may come 45 days late (collector/ingest/correct-time.ts), a chunk of rollups is a week long: later than this none is written any more. */
const COLUMNSTORE_AFTER_DAYS = 60;

/** Hourly rollups: nearly half of all bytes, dropped by the week. `segmentBy` and `orderBy` follow what asks for them: series of a centre, a metric of all centres. */
const rollups = [
  { table: "rollup_1h", column: "hour", segmentBy: "site_id", orderBy: "series_id, hour" },
  { table: "rollup_site_1h", column: "hour", segmentBy: "metric", orderBy: "hour, site_id" },
] as const;
/** Tables whose old rows TimescaleDB drops by the chunk. */
export const chunkedRollups: readonly string[] = rollups.map(({ table }) => table);

/** Makes hypertables of `run` and of the hourly rollups; rows that are there already move into their chunks. */
export async function makeHypertables(tx: Db): Promise<void> {
  await tx.script("SET LOCAL statement_timeout = 0");
  await replacePartitioned(tx, "run", "SELECT create_hypertable('public.run', by_range('taken_at', INTERVAL '1 day'), create_default_indexes => false)");
  for (const { table, column } of rollups)
    await tx.script(
      `SELECT create_hypertable('public.${table}', by_range('${column}', INTERVAL '7 days'), create_default_indexes => false, migrate_data => true)`,
    );
}

/** Turns the columnstore on for the hourly rollups, with the policies that move and drop their chunks. Needs the TSL part of TimescaleDB. */
export async function addRollupPolicies(tx: Db, version: readonly number[]): Promise<void> {
  for (const { table, segmentBy, orderBy } of rollups) {
    await tx.script(
      isAtLeast(version, COLUMNSTORE)
        ? `ALTER TABLE public.${table} SET (timescaledb.enable_columnstore, timescaledb.segmentby = '${segmentBy}', timescaledb.orderby = '${orderBy}')`
        : `ALTER TABLE public.${table} SET (timescaledb.compress, timescaledb.compress_segmentby = '${segmentBy}', timescaledb.compress_orderby = '${orderBy}')`,
    );
    await tx.script(
      isAtLeast(version, COLUMNSTORE)
        ? `CALL add_columnstore_policy('public.${table}', after => INTERVAL '${COLUMNSTORE_AFTER_DAYS} days')`
        : `SELECT add_compression_policy('public.${table}', compress_after => INTERVAL '${COLUMNSTORE_AFTER_DAYS} days')`,
    );
    await tx.script(`SELECT add_retention_policy('public.${table}', drop_after => INTERVAL '${retentionDays.rollup} days')`);
  }
}

/** Whether a version such as [2, 18, 1] is this one or newer. */
export function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  for (const [place, number] of least.entries()) if ((version[place] ?? 0) !== number) return (version[place] ?? 0) > number;
  return true;
}

/** A part of a hypertable, from the first instant in it to the first that is not, ms. */
export type Chunk = { readonly name: string; readonly fromMs: number; readonly untilMs: number };

/** The chunks of a hypertable, oldest first. */
export async function chunksOf(db: Db, table: string): Promise<Chunk[]> {
  return db.query<Chunk>(
    `SELECT format('%I.%I', chunk_schema, chunk_name) AS name, (extract(epoch FROM range_start) * 1000)::float8 AS "fromMs", (extract(epoch FROM range_end) * 1000)::float8 AS "untilMs"
     FROM timescaledb_information.chunks WHERE hypertable_schema = 'public' AND hypertable_name = $1 ORDER BY range_start`,
    [table],
  );
}

/** Drops the chunks of a hypertable that end at or before one instant, and begin at or after another where that is given. Works under both licences. */
export async function dropChunks(tx: Db, table: string, { untilMs, fromMs }: { readonly untilMs: number; readonly fromMs?: number }): Promise<void> {
  const newer = fromMs === undefined ? "" : ", newer_than => to_timestamp($2::float8 / 1000)";
  await tx.query(`SELECT drop_chunks('public.${table}', older_than => to_timestamp($1::float8 / 1000)${newer})`, [
    untilMs,
    ...(fromMs === undefined ? [] : [fromMs]),
  ]);
}

/**
 * Puts an ordinary table of the same name, columns, indexes and rights in the place of a partitioned one, since a partitioned table cannot become a
 * hypertable, and moves the rows. `prepare` runs before the rows come. What looks at the table looks at the new one.
 */
async function replacePartitioned(tx: Db, table: string, prepare: string): Promise<void> {
  const old = `${table}_partitioned`;
  await tx.script(`LOCK TABLE public.${table} IN ACCESS EXCLUSIVE MODE`);
  const after = [...(await viewsOn(tx, table)), ...(await rightsOn(tx, table))];
  await tx.script(`ALTER TABLE public.${table} RENAME TO ${old}; CREATE TABLE public.${table} (LIKE public.${old} INCLUDING ALL)`);
  await tx.script(prepare);
  await tx.script([`INSERT INTO public.${table} SELECT * FROM public.${old}`, ...after, `DROP TABLE public.${old}`].join(";\n"));
}

/** The statements that make anew what stands on a table; views on such views stay as they are. */
async function viewsOn(tx: Db, table: string): Promise<string[]> {
  const rows = await tx.query<{ statement: string }>(
    `SELECT DISTINCT format('CREATE OR REPLACE VIEW %s AS %s', r.ev_class::regclass, rtrim(pg_get_viewdef(r.ev_class), ';')) AS statement
     FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ($1::text)::regclass`,
    [`public.${table}`],
  );
  return rows.map(({ statement }) => statement);
}

/** The statements that give others than the owner their rights on a table. */
async function rightsOn(tx: Db, table: string): Promise<string[]> {
  const rows = await tx.query<{ statement: string }>(
    `SELECT format('GRANT %s ON %s TO %s', a.privilege_type, c.oid::regclass, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END) AS statement
     FROM pg_class c, aclexplode(c.relacl) AS a WHERE c.oid = ($1::text)::regclass AND a.grantee <> c.relowner`,
    [`public.${table}`],
  );
  return rows.map(({ statement }) => statement);
}
