import type { Db } from "./db.ts";
import { storageMode } from "./settle-storage.ts";

/**
 * How a statement names the centre of its rows. Where it asks about several, each table is joined to the others along the centre; where it asks about one,
 * that one stands in every table as a value. Only then does Citus send it whole to the node of the centre, and take any SQL there: its router planner works by
 * "routing the entire query to a single node as long as all involved tables have filters on their distribution columns" (citusdata/citus,
 * src/backend/distributed/README.md), and "Citus has 100% SQL coverage for any queries it is able to execute on a single worker node" (documentation, “SQL
 * Support and Workarounds”). Functions distributed by an argument would bring nothing more: Citus hands a call on only as `SELECT fn(...)` or `SELECT ... FROM fn(...)`,
 * with no WHERE, no second table and a constant for the centre, and without `force_delegation` "cannot delegate function calls in a multi-statement transaction"
 * (TryToDelegateFunctionCall in function_call_delegation.c), as which centres are judged and hours rolled up; elsewhere they would be slower, as
 * PostgreSQL plans no PL/pgSQL into the statement that calls it.
 */
export type SiteName = {
  /** The centre as a value, or the column given. */
  readonly site: (column: string) => string;
  /** What the statement takes for it, behind its other values. */
  readonly values: readonly number[];
};

/** The centre of a statement with so many other values. */
export function siteName(siteIds: readonly number[], others: number): SiteName {
  const [first] = siteIds;
  if (first === undefined || siteIds.some((id) => id !== first)) return joined;
  return { site: () => `$${others + 1}`, values: [first] };
}

/** Of several centres. */
export const joined: SiteName = { site: (column) => column, values: [] };

/**
 * How runs are asked for. On Citus one centre at a time; elsewhere all at once, and one as if it were several: with its number PostgreSQL would think of all
 * partitions anew at each question, which takes longer than to answer it.
 */
export type RunsAsked = {
  /** What one statement asks about. */
  readonly groups: <T>(all: readonly T[], siteOf: (one: T) => number) => readonly (readonly T[])[];
  /** The centre of a statement on runs with so many other values. */
  readonly name: typeof siteName;
};

const together: RunsAsked = { groups: (all) => [all], name: () => joined };
const oneByOne: RunsAsked = { groups: (all, siteOf) => [...Map.groupBy(all, siteOf).values()], name: siteName };

/** How runs of this database are asked for. */
export async function runsAsked(db: Db): Promise<RunsAsked> {
  return (await storageMode(db)) === "citus" ? oneByOne : together;
}
