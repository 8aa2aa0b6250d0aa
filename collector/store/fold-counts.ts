import type { Db } from "./db.ts";

/** Tables whose rows of one key add up to its count `n`. */
const countTables = {
  run_hour: "hour, lane, kind",
  unmeasured_day: "time, site_id, probe, kind, reason",
} as const;

/**
 * Makes one row of the several that writers have added for one key: they only ever add, so none waits for another. Readers see the same sums
 * before and after, and two that fold at once each add up what they took away.
 */
export async function foldCounts(db: Db): Promise<void> {
  for (const [table, key] of Object.entries(countTables)) {
    await db.query(
      `WITH gone AS (
         DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
           SELECT place FROM (SELECT ctid AS place, count(*) OVER (PARTITION BY ${key}) AS same FROM ${table}) AS counted WHERE same > 1
         )) RETURNING *
       )
       INSERT INTO ${table} (${key}, n) SELECT ${key}, sum(n) FROM gone GROUP BY ${key}`,
    );
  }
}
