import type { Db, Value } from "../../collector/store/db.ts";
import { openPostgres, type PostgresDb } from "../../collector/store/postgres-db.ts";

type PlanNode = {
  readonly [name: string]: unknown;
  readonly "Relation Name"?: string;
  readonly "Parent Relationship"?: string;
  readonly Plans?: readonly PlanNode[];
};
/** `sites` are the centres that the reading names as values. */
type Scan = { readonly sites: readonly string[] | undefined; readonly correlated: boolean };
type Said = { readonly "Query Text": string; readonly Plan: PlanNode };

/**
 * What is known of a database that is held to the rules: asked for over a connection of its own, so that the answers are not taken for statements of what is
 * held. `spread` gets the statements that go to several shards, `asked` those that were sent, `said` the plans of what has run, also within functions.
 */
export type CitusRules = {
  readonly tables: () => Promise<readonly string[]>;
  readonly query: Db["query"];
  readonly spread: string[];
  readonly asked: Set<string>;
  readonly said: Said[];
};

export function citusRules(db: Db, spread: string[]): CitusRules {
  const tables = async () =>
    (await db.query<{ name: string }>("SELECT relation::text AS name FROM citus.known WHERE kind = 'distributed'")).map(({ name }) => name);
  return { tables, query: db.query, spread, asked: new Set(), said: [] };
}

/** A pool on which the server tells the plan of each statement that runs, those within functions too. They are planned for their values, as Citus does. */
export function openExplained(url: string, { said }: CitusRules): PostgresDb {
  const explained = new URL(url);
  const settings = { log_min_duration: "0", log_nested_statements: "on", log_verbose: "on", log_format: "json", log_level: "notice" };
  explained.searchParams.set("session_preload_libraries", "auto_explain");
  explained.searchParams.set("plan_cache_mode", "force_custom_plan");
  for (const [name, value] of Object.entries(settings)) explained.searchParams.set(`auto_explain.${name}`, value);
  return openPostgres(explained.href, {
    connections: 4,
    statementTimeoutMs: 60_000,
    onNotice: (message) => {
      const [, plan] = /^duration: .*? plan:\n([\s\S]*)$/.exec(message) ?? [];
      if (plan !== undefined) said.push(JSON.parse(plan) as Said);
    },
  });
}

/** Refuses what Citus refuses of locks and keys of tables that are distributed by their centre, in its words; told by the text alone. */
export function refusingKeys(db: Db, { tables }: CitusRules): Db {
  return refusing(db, async (_, statement) => {
    if (/FOR (UPDATE|SHARE)|SET\s+site_id\s*=/i.test(statement)) demandKeys(statement, await tables());
  });
}

/**
 * Refuses also what Citus' planner refuses of statements on such tables. Like Citus it asks PostgreSQL's planner first: where all centres that each such table is
 * asked for by value lie in one shard, the statement goes to one node, which takes any SQL. Of the others it refuses what Citus' source says of them; the text is
 * looked at where the plan does not tell. That a statement passes says no more than that none of these rules forbids it. Statements within functions are
 * held when they have run.
 */
export function refusingPlans(db: Db, rules: CitusRules): Db {
  return refusing(
    db,
    async (on, statement, values) => {
      if (!isPlanned(statement)) return;
      rules.asked.add(statement);
      const [row] = await on.query<Record<string, readonly { readonly Plan: PlanNode }[]>>(`EXPLAIN (FORMAT JSON) ${statement}`, values);
      for (const plans of Object.values(row ?? {})) for (const { Plan } of plans) await demandPlan(rules, statement, Plan);
    },
    async () => {
      // Also of what was sent over another connection meanwhile.
      const within = rules.said.splice(0).filter(({ "Query Text": text }) => !rules.asked.has(text) && !text.startsWith("EXPLAIN "));
      for (const { "Query Text": text, Plan } of within) await demandPlan(rules, text, Plan);
    },
  );
}

function isPlanned(statement: string): boolean {
  return /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/i.test(statement);
}

async function demandPlan(rules: CitusRules, statement: string, plan: PlanNode): Promise<void> {
  const tables = await rules.tables();
  const scans = scansOf(plan, tables);
  if (scans.length === 0 && !isWriting(plan, tables)) return;
  // distributed_planner.c, CreateDistributedPlannedStmt: a plan that is not for values.
  if (/\$\d/.test(JSON.stringify(plan))) throw new Error(`could not create distributed plan: ${statement}`);
  await demandConflict(rules, statement);
  if (await isRouted(rules, scans)) return;
  await demandPushable(rules, statement, tables, scans);
  rules.spread.push(statement);
}

/** multi_router_planner.c, PlanRouterQuery: all tables prune to one shard; shard_pruning.c, SAORestrictions: also by `= ANY` of a constant. */
async function isRouted({ query }: CitusRules, scans: readonly Scan[]): Promise<boolean> {
  if (scans.length === 0) return true;
  if (scans.some(({ sites }) => sites === undefined)) return false;
  const sites = [...new Set(scans.flatMap((scan) => scan.sites ?? []))];
  const [row] = await query<{ n: number }>(
    "SELECT count(DISTINCT get_shard_id_for_distribution_column('public.run', site_id))::int AS n FROM unnest($1::int4[]) AS site_id",
    [`{${sites.join()}}`],
  );
  return row?.n === 1;
}

/** multi_router_planner.c, ErrorIfOnConflictNotSupported: what is set or compared where a row is there already may call nothing that is not immutable. */
async function demandConflict({ query }: CitusRules, statement: string): Promise<void> {
  const [, clause] = /\bON CONFLICT\b([\s\S]*)/i.exec(statement) ?? [];
  if (clause === undefined) return;
  const called = [...clause.matchAll(/\b(\w+)\(|\b(current_\w+|localtime\w*)\b/gi)].map(([, name, word]) => (name ?? word ?? "").toLowerCase());
  const mutable = await query<{ name: string }>(
    `SELECT DISTINCT w.name FROM unnest(($1::text)::text[]) AS w(name) LEFT JOIN pg_proc AS p ON p.proname = w.name
     WHERE p.provolatile <> 'i' OR w.name ~ '^(current_|localtime)'`,
    [`{${called.join()}}`],
  );
  if (mutable.length > 0)
    throw new Error(`functions used in the DO UPDATE SET clause of INSERTs on distributed tables must be marked IMMUTABLE (${mutable[0]?.name})`);
}

type Demand = (db: Db, statement: string, values: readonly Value[]) => Promise<void>;

function refusing(db: Db, demand: Demand, demandRun: () => Promise<void> = async () => undefined): Db {
  let last: Promise<unknown> = Promise.resolve();
  // One after the other: what is sent in one go to one connection is done in this order, with or without questions between.
  const held = <T>(statement: string, values: readonly Value[], run: () => Promise<T>): Promise<T> => {
    const own = last.then(async () => {
      await demand(db, statement, values);
      const answer = await run();
      await demandRun();
      return answer;
    });
    last = own.catch(() => undefined);
    return own;
  };
  return {
    ...db,
    transaction: (work) => db.transaction((tx) => work(refusing(tx, demand, demandRun))),
    query: <T extends object>(statement: string, values: readonly Value[] = []) => held(statement, values, () => db.query<T>(statement, values)),
    rows: (statement, values = []) => held(statement, values, () => db.rows(statement, values)),
  };
}

function demandKeys(statement: string, tables: readonly string[]): void {
  const named = (verb: string) => new RegExp(`\\b${verb}\\s+(ONLY\\s+)?(public\\.)?"?(${tables.join("|")})\\b`, "i").test(statement);
  if (/FOR (UPDATE|SHARE)/i.test(statement) && named("(FROM|JOIN)") && !/\bsite_id = \$\d/.test(statement))
    throw new Error("could not run distributed query with FOR UPDATE/SHARE commands");
  if (/SET\s+site_id\s*=/i.test(statement) && named("UPDATE")) throw new Error("modifying the partition value of rows is not allowed");
}

/** Each reading of a table that is cut, or of a partition of one: with which centre, and whether once for each row of an outer query. */
function scansOf(node: PlanNode, tables: readonly string[], within = false): Scan[] {
  const correlated = within || node["Parent Relationship"] === "SubPlan";
  const below = (node.Plans ?? []).flatMap((child) => scansOf(child, tables, correlated));
  const table = node["Relation Name"]?.replace(/_\d{8}$/, "");
  if (table === undefined || !tables.includes(table) || node["Node Type"] === "ModifyTable") return below;
  const conditions = ["Index Cond", "Recheck Cond", "Filter"].map((name) => node[name] ?? "").join(" ");
  const [, one, several] = /\bsite_id = (?:(\d+)\b|ANY \('\{([\d,]+)\}'::integer\[\]\))/.exec(conditions) ?? [];
  return [{ sites: (one ?? several)?.split(","), correlated }, ...below];
}

function isWriting(node: PlanNode, tables: readonly string[]): boolean {
  const table = node["Relation Name"]?.replace(/_\d{8}$/, "") ?? "";
  return (node["Node Type"] === "ModifyTable" && tables.includes(table)) || (node.Plans ?? []).some((child) => isWriting(child, tables));
}

async function demandPushable({ query }: CitusRules, statement: string, tables: readonly string[], scans: readonly Scan[]): Promise<void> {
  const callers = await query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~ ('\\m(FROM|JOIN|INTO|UPDATE)\\s+(${tables.join("|")})\\M')`,
  );
  const called = callers.find(({ name }) => new RegExp(`\\b${name}\\s*\\(`).test(statement));
  // executor/multi_executor.c, EnsureTaskExecutionAllowed
  if (called) throw new Error(`cannot execute a distributed query from a query on a shard (${called.name})`);
  // query_pushdown_planning.c, DeferErrorIfFromClauseRecurs
  if (scans.every(({ correlated }) => correlated) && /\bunnest\(/.test(statement))
    throw new Error("correlated subqueries are not supported when the FROM clause contains a set returning function");
  // query_pushdown_planning.c, DeferErrorIfUnsupportedTableCombination; recursive_planning.c, ShouldTransformRTE: no function with its ordinality is asked for first.
  // A cast from text is not immutable, which is how the driver's lists come; lists of a function of ours are of their own type.
  if (/(?<!\(SELECT \* )\bFROM unnest\([^;]*?\(\$\d[^;]*? WITH ORDINALITY\b/.test(statement))
    throw new Error("cannot push down this subquery: Only immutable functions can be used as a table expressions in a multi-shard query");
  demandLaterals(statement, tables);
}

/** query_pushdown_planning.c, DeferredErrorIfUnsupportedLateralSubquery: such a subquery may name no column of a table function where it needs a merge step. */
function demandLaterals(statement: string, tables: readonly string[]): void {
  const functions = [...statement.matchAll(/\bAS (\w+)\((?:\w+(?:, )?)+\)/g)].map(([, alias]) => alias);
  for (const { index } of statement.matchAll(/\bLATERAL\s*\(/gi)) {
    const subquery = within(statement, statement.indexOf("(", index));
    const alias = functions.find((one) => new RegExp(`\\b${one}\\.\\w`).test(subquery) && !new RegExp(`\\bAS ${one}\\(`).test(subquery));
    if (alias === undefined || !new RegExp(`\\b(FROM|JOIN)\\s+(${tables.join("|")})\\b`).test(subquery)) continue;
    const clause = /\b(LIMIT|FETCH FIRST)\b/.test(subquery)
      ? "Limit clause is"
      : /\b(array_agg|count|max|min|sum|bool_or)\(/.test(subquery) && !/GROUP BY/.test(subquery)
        ? "Aggregates without group by are"
        : undefined;
    if (clause)
      throw new Error(
        `cannot push down this subquery: ${clause} currently unsupported when a lateral subquery references a column from a table function (${alias})`,
      );
  }
}

/** What stands between the parenthesis at a place and the one that closes it. */
function within(text: string, from: number): string {
  let depth = 0;
  for (let place = from; place < text.length; place++) {
    if (text[place] === "(") depth++;
    if (text[place] === ")" && --depth === 0) return text.slice(from + 1, place);
  }
  return text.slice(from + 1);
}
