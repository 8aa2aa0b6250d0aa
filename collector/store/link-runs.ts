import type { Run } from "#schemas/facts.ts";
import type { Db } from "./db.ts";
import { runsOf } from "./run-reads.ts";
import { type StoredRow, storedColumns, storedRuns } from "./stored-runs.ts";

/** Two tests a day for a year, and the runs that were put off. */
const RUNS_MAX = 5_000;

const linkSpan = runsOf({ site: "$1", source: "s.source_id", since: "to_timestamp($2::float8 / 1000)", until: "to_timestamp($3::float8 / 1000)" });

/** All bandwidth tests of a site between two instants (ms, the second one excluded), also those that could not be made; oldest first, at most 5,000. */
export async function linkRuns(db: Db, siteId: number, fromMs: number, toMs: number): Promise<Run[]> {
  const rows = await db.query<StoredRow>(
    `SELECT ${storedColumns} FROM run_source AS s, LATERAL ${linkSpan} AS r
     WHERE s.site_id = $1 AND s.probe = 'link-bandwidth' AND r.taken_at < to_timestamp($3::float8 / 1000)
     ORDER BY r.taken_at, r.stream, r.seq LIMIT $4`,
    [siteId, fromMs, toMs, RUNS_MAX],
  );
  return storedRuns(db, rows, { evidence: true });
}
