import { textsLiteral } from "./array-literal.ts";
import { presentViews } from "./citus-views.ts";
import type { Db } from "./db.ts";
import { StoreError } from "./store-error.ts";

/** The first version that takes identity columns of type integer in distributed tables. */
export const CITUS_MIN = [12, 0] as const;

/** Cut by `site_id` into shards, those of one centre on one node. A table that is in none of these lists fails test/collector/store/site-keys.test.ts. */
export const distributed = [
  "agent",
  "attestation",
  "config_seal",
  "contact",
  "dead_letter",
  "dirty_day",
  "dirty_hour",
  "duty_record",
  "evidence",
  "finding",
  "finding_day",
  "finding_revision",
  "found_device",
  "ingest_ledger",
  "judged_day",
  "lease",
  "line_speed",
  "newest_values",
  "packed_run",
  "page_count_day",
  "pages_day",
  "peak_day",
  "presence_day",
  "presence_role_day",
  "rolling_hour",
  "rollup_1d",
  "rollup_1h",
  "rollup_site_1h",
  "run",
  "run_source",
  "series",
  "site_closing",
  "site_version",
  "stream_gap",
  "stream_state",
  "unmeasured_day",
  "waiver",
] as const;

/**
 * Whole on every node, referred ones first: shards refer to them or are asked together with them. `site` is here for its codes, which are unique over all
 * centres, `incident` because problems are few and are locked over several centres at once.
 */
export const reference = ["site", "calendar_version", "enrol_code", "incident", "maintenance", "policy_version", "setting"] as const;

/** On the coordinator alone: no shard needs them, and what is written at every flush or taken row by row (`outbox`) would have to be agreed upon by all nodes. */
export const local = [
  "api_token",
  "audit",
  "dirty_area",
  "dossier",
  "migration",
  "outbox",
  "person",
  "person_link",
  "rollup_area_1h",
  "run_hour",
  "session",
  "sign_in_failure",
] as const;

/** Made on every node, as queries on shards call them; none of them reads a table. A function that is in neither list fails test/collector/store/site-keys.test.ts. */
export const nodeFunctions = [
  "day_start",
  "day_state",
  "merge_values",
  "packed_column",
  "packed_digits",
  "packed_numbers",
  "packed_scale",
  "run_clock",
  "run_kind",
  "run_lane",
  "run_stream",
  "sketch_bin",
  "sketch_bins",
  "sketch_quantile",
  "sketch_value",
  "unpack_runs",
  "unpack_samples",
  "view_severity",
  "view_state",
] as const;

/** On the coordinator alone: they read or write tables, which no query on a shard may begin to do, or take locks, which are those of one node. */
export const coordinatorFunctions = [
  "add_batches",
  "add_found",
  "add_pages",
  "add_peaks",
  "add_presence",
  "add_runs",
  "add_speeds",
  "audit_stays",
  "claim_next",
  "count_pages",
  "count_runs",
  "duty_record_stays",
  "flush_plan_mode",
  "lock_sites",
  "mark_hours",
  "pack_runs",
  "rollup_area",
  "rollup_days",
  "set_newest",
  "touch_contacts",
] as const;

/**
 * Distributes the tables and functions of this version over the nodes of Citus, where they are not yet: a later version may bring new ones. Rows that are
 * there move. Partitions of later days follow their table.
 */
export async function distributeTables(tx: Db): Promise<void> {
  await tx.script("SET LOCAL statement_timeout = 0");
  await distributeFunctions(tx);
  const rows = await tx.query<{ name: string }>("SELECT c.relname AS name FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid");
  const known = new Set(rows.map(({ name }) => name));
  for (const table of reference.filter((one) => !known.has(one))) await tx.script(`SELECT create_reference_table('public.${table}')`);
  // Citus takes no table with a trigger. Who serves people has no right to change these records in any mode (roles.ts); the trigger binds the owner, too.
  await tx.script("DROP TRIGGER IF EXISTS duty_record_stays ON duty_record");
  const [first] = distributed;
  for (const table of distributed.filter((one) => !known.has(one)))
    await tx.script(`SELECT create_distributed_table('public.${table}', 'site_id'${table === first ? "" : `, colocate_with => 'public.${first}'`})`);
  for (const view of presentViews) await tx.script(view);
}

/**
 * Which plans a flush and the rollup of areas use: only those that know the values. Citus sends a statement to one shard by the centres that it names, which a plan for any values does
 * not know; PostgreSQL's planner is kept from such plans by their price, and where it is told to take them all the same the statement ends with “could not create
 * distributed plan” (citusdata/citus, src/backend/distributed/planner/distributed_planner.c, CreateDistributedPlannedStmt).
 */
const plansForValues = `CREATE OR REPLACE FUNCTION flush_plan_mode() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'force_custom_plan' $$;
  ALTER FUNCTION rollup_area(timestamptz[]) SET plan_cache_mode = force_custom_plan`;

/**
 * What the intake asks for each row that it hands in names the centres of the group as well, for each table: only so Citus sends it to their shard, whole
 * (`SAORestrictions` in citusdata/citus, src/backend/distributed/planner/shard_pruning.c). Only here: PostgreSQL 15 goes through the list for each row, which for
 * a group of hundreds of centres takes many times what it is asked for.
 */
const joinsOfRows = {
  add_peaks: ["k.site_id = r.site"],
  add_found: ["k.site_id = r.site", "h.site_id = n.site"],
  add_pages: ["k.site_id = r.site", "h.site_id = n.site"],
  add_presence: ["k.site_id = r.site", "h.site_id = n.site"],
  claim_next: ["s.site_id = w.site_id", "l.site_id = w.site_id"],
  set_newest: ["k.site_id = u.site", "n.site_id = o.site_id"],
} as const;

/** @throws StoreError where a function has no such join any more */
async function nameCentres(tx: Db): Promise<void> {
  const rows = await tx.query<{ name: keyof typeof joinsOfRows; definition: string }>(
    `SELECT proname AS name, pg_get_functiondef(oid) AS definition FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND proname = ANY (($1::text)::text[]) AND prosrc !~ 'ANY'`,
    [textsLiteral(Object.keys(joinsOfRows))],
  );
  for (const { name, definition } of rows) {
    const missing = joinsOfRows[name].find((join) => !definition.includes(join));
    if (missing) throw new StoreError("store.no_join", { name, join: missing });
    await tx.script(joinsOfRows[name].reduce((text, join) => text.replaceAll(join, `${join.split(" ")[0]} = ANY (sites) AND ${join}`), definition));
  }
}

/** The intake's way to a database of Citus: its own statements get their list, too. It comes first in each of them, as an array of its own type: a cast from text would be no constant. */
export function namingCentres(db: Db): Db {
  const named = (statement: string) =>
    statement.replaceAll("($1::text)::int4[]", "$1::int4[]").replace(/((?:\w+\.)?site_id) = w\.site_id/g, "$1 = ANY ($$1::int4[]) AND $&");
  return { ...db, query: (statement, values) => db.query(named(statement), values), transaction: (work) => db.transaction((tx) => work(namingCentres(tx))) };
}

async function distributeFunctions(tx: Db): Promise<void> {
  await tx.script(plansForValues);
  await nameCentres(tx);
  const rows = await tx.query<{ signature: string }>(
    `SELECT p.oid::regprocedure::text AS signature FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.proname = ANY (($1::text)::text[])
       AND NOT EXISTS (SELECT FROM pg_dist_object AS o WHERE o.classid = 'pg_proc'::regclass AND o.objid = p.oid) ORDER BY 1`,
    [textsLiteral(nodeFunctions)],
  );
  for (const { signature } of rows) await tx.query("SELECT create_distributed_function(($1::text)::regprocedure)", [signature]);
}

/** Groups that are written at once where each keeps to one shard: they are smaller than those of one machine, and wait for other nodes. */
export const CITUS_WRITERS = 8;

/**
 * In which shard each centre lies. A flush keeps to one, and its statements name their centres in every table as a list: Citus prunes by a list of constants, too
 * (citusdata/citus, src/backend/distributed/planner/shard_pruning.c, SAORestrictions), and sends what comes to one shard there whole (multi_router_planner.c,
 * PlanRouterQuery).
 */
export class Shards {
  readonly #db: Db;
  #known: ReadonlyMap<number, number> = new Map();

  constructor(db: Db) {
    this.#db = db;
  }

  /** Asks for the centres of now; part of the upkeep. */
  async look(): Promise<void> {
    const rows = await this.#db.query<{ site: number; shard: number }>(
      "SELECT site_id AS site, get_shard_id_for_distribution_column('public.run', site_id)::float8 AS shard FROM site",
    );
    this.#known = new Map(rows.map(({ site, shard }) => [site, shard]));
  }

  /** The shard of a centre; one that is not known yet has a lane of its own. */
  readonly of = (siteId: number): number => this.#known.get(siteId) ?? -siteId;
}
