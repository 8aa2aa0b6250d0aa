import type { Run } from "#schemas/facts.ts";
import type { Outcome } from "#schemas/observation.ts";
import { type Db, instantMs } from "./db.ts";

/** Two tests a day for a year, and the runs that were put off. */
const RUNS_MAX = 5_000;

type Row = { ref: string; taken_ms: number; outcome: Outcome };

/** All bandwidth tests of a site between two instants (ms, the second one excluded), also those that could not be made; oldest first, at most 5,000. */
export async function linkRuns(db: Db, siteId: number, fromMs: number, toMs: number): Promise<Run[]> {
  const rows = await db.query<Row>(
    `SELECT stream || ':' || seq AS ref, ${instantMs("taken_at")} AS taken_ms, outcome FROM observation
     WHERE site_id = $1 AND probe = 'link-bandwidth' AND taken_at >= to_timestamp($2::float8 / 1000) AND taken_at < to_timestamp($3::float8 / 1000)
     ORDER BY observation.taken_at, stream, seq LIMIT $4`,
    [siteId, fromMs, toMs, RUNS_MAX],
  );
  return rows.map(({ ref, taken_ms, outcome }) => ({ ref, probe: "link-bandwidth", atMs: taken_ms, outcome }));
}
