import type { Db } from "../../collector/store/db.ts";

type PlanNode = {
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly PlanNode[];
};

/** What `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)` answers. */
export type Plans = readonly { readonly Plan: PlanNode }[];

/** Rows of some tables that a plan looked at, and pages that it took. */
export function costOf(plans: Plans, tables: RegExp): { rows: number; pages: number } {
  const walk = (node: PlanNode): number =>
    (tables.test(node["Relation Name"] ?? "") ? (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"] : 0) +
    (node.Plans ?? []).reduce((sum, child) => sum + walk(child), 0);
  const root = plans[0]?.Plan;
  return root ? { rows: walk(root), pages: root["Shared Hit Blocks"] + root["Shared Read Blocks"] } : { rows: Number.NaN, pages: Number.NaN };
}

/**
 * A count of the rows of a table that this connection has read, by whatever statement: also those of functions, whose plans `EXPLAIN` does not show. Where it
 * begins is the server's affair, and only within one transaction does it not begin anew: the difference of two counts tells what was read between them.
 */
export async function rowsRead(tx: Db, table: string): Promise<number> {
  const [row] = await tx.query<{ rows: number }>(
    "SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 AS rows FROM pg_stat_xact_user_tables WHERE relname = $1",
    [table],
  );
  return row?.rows ?? Number.NaN;
}
