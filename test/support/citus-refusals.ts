import type { Db, Value } from "../../collector/store/db.ts";

type PlanNode = {
  readonly [name: string]: unknown;
  readonly "Relation Name"?: string;
  readonly "Parent Relationship"?: string;
  readonly Plans?: readonly PlanNode[];
};
type Scan = { readonly site: string | undefined; readonly correlated: boolean };

type Tables = () => Promise<readonly string[]>;
type Demand = (db: Db, statement: string, values: readonly Value[]) => Promise<void>;

/** Refuses what Citus refuses of locks and keys of tables that are distributed by their centre, in its words; told by the text alone. */
export function refusingKeys(db: Db, distributed: Tables): Db {
  return refusing(db, async (_, statement) => {
    if (/FOR (UPDATE|SHARE)|SET\s+site_id\s*=/i.test(statement)) demandKeys(statement, await distributed());
  });
}

/**
 * Refuses also what Citus' planner refuses of statements on such tables. Like Citus it asks PostgreSQL's planner first: where each such table is read with the
 * same centre as a value, the statement goes to one node, which takes any SQL. Of the others it refuses what Citus' source says of them; the text is
 * looked at where the plan does not tell. That a statement passes says no more than that none of these rules forbids it. `spread` gets those that go to several
 * shards.
 */
export function refusingPlans(db: Db, distributed: Tables, spread: string[]): Db {
  return refusing(db, async (on, statement, values) => {
    if (!/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/i.test(statement)) return;
    const tables = await distributed();
    const [row] = await on.query<Record<string, readonly { readonly Plan: PlanNode }[]>>(`EXPLAIN (FORMAT JSON) ${statement}`, values);
    const scans = Object.values(row ?? {}).flatMap((plans) => plans.flatMap(({ Plan }) => scansOf(Plan, tables)));
    // multi_router_planner.c: all tables prune to one shard.
    const isRouted = scans.every(({ site }) => site !== undefined && site === scans[0]?.site);
    if (isRouted) return;
    await demandPushable(on, statement, tables, scans);
    spread.push(statement);
  });
}

function refusing(db: Db, demand: Demand): Db {
  return {
    ...db,
    transaction: (work) => db.transaction((tx) => work(refusing(tx, demand))),
    query: async <T extends object>(statement: string, values: readonly Value[] = []) => {
      await demand(db, statement, values);
      return db.query<T>(statement, values);
    },
    rows: async (statement, values = []) => {
      await demand(db, statement, values);
      return db.rows(statement, values);
    },
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
  return [{ site: /\bsite_id = (\d+)\b/.exec(conditions)?.[1], correlated }, ...below];
}

async function demandPushable(db: Db, statement: string, tables: readonly string[], scans: readonly Scan[]): Promise<void> {
  const callers = await db.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~ ('\\m(FROM|JOIN|INTO|UPDATE)\\s+(${tables.join("|")})\\M')`,
  );
  const called = callers.find(({ name }) => new RegExp(`\\b${name}\\s*\\(`).test(statement));
  // executor/multi_executor.c, EnsureTaskExecutionAllowed
  if (called) throw new Error(`cannot execute a distributed query from a query on a shard (${called.name})`);
  // query_pushdown_planning.c, DeferErrorIfFromClauseRecurs
  if (scans.every(({ correlated }) => correlated) && /\bunnest\(/.test(statement))
    throw new Error("correlated subqueries are not supported when the FROM clause contains a set returning function");
  // query_pushdown_planning.c, DeferErrorIfUnsupportedTableCombination; recursive_planning.c, ShouldTransformRTE: no function with its ordinality is asked for first.
  if (/(?<!\(SELECT \* )\bFROM unnest\(\(\$\d[^;]*? WITH ORDINALITY\b/.test(statement))
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
