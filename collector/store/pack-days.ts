import { advisoryLocks } from "./advisory-locks.ts";
import { numbersLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { partitionDays, preparePartitions } from "./partitions.ts";

const DAY_MS = 86_400_000;
/** Sites that one transaction packs: a day of 10 centres with 40 runs a minute is half a million runs, some seconds. */
const STEP = 10;

/**
 * Packs the runs of UTC days that ended before `beforeMs`, a few sites at a time: each step is one transaction that moves them, so a run stands in
 * exactly one place whenever it ends. Late runs of a packed day are packed again with it. Gives how many runs were moved; 0 also where another
 * collector is at it.
 */
export async function packDaysBefore(db: Db, beforeMs: number): Promise<number> {
  const last = new Date(beforeMs - DAY_MS).toISOString().slice(0, 10);
  const { run: days } = await partitionDays(db);
  let moved = 0;
  for (const day of days.filter((one) => one <= last)) {
    if ((await sitesWithRuns(db, day, 0, 1)).length === 0) continue;
    // Before the steps: a new partition must not wait for what they have locked, nor the other way round.
    await preparePartitions(db, "packed_run", [day]);
    for (let after = 0; ; ) {
      const step = await packStep(db, day, after);
      if (!step) break;
      moved += step.moved;
      after = step.upTo;
    }
  }
  return moved;
}

/** Packs one day of the next sites; undefined when there are no more, or somebody else holds the lock. */
function packStep(db: Db, day: string, afterSite: number): Promise<{ moved: number; upTo: number } | undefined> {
  return db.transaction(async (tx) => {
    const [lock] = await tx.query<{ mine: boolean }>("SELECT pg_try_advisory_xact_lock($1::int) AS mine", [advisoryLocks.pack]);
    if (!lock?.mine) return undefined;
    const sites = await sitesWithRuns(tx, day, afterSite, STEP);
    const upTo = sites.at(-1);
    if (upTo === undefined) return undefined;
    const [packed] = await tx.query<{ moved: number }>("SELECT pack_runs(($1::text)::int4[], ($2::text)::date)::float8 AS moved", [numbersLiteral(sites), day]);
    return { moved: packed?.moved ?? 0, upTo };
  });
}

/** The next sites that have runs of one day as they came. */
async function sitesWithRuns(db: Db, day: string, afterSite: number, limit: number): Promise<number[]> {
  const rows = await db.query<{ site_id: number }>(
    `SELECT site_id FROM site AS s WHERE site_id > $1 AND EXISTS (
       SELECT FROM run AS r WHERE r.site_id = s.site_id AND r.taken_at >= ($2 || 'T00:00:00Z')::timestamptz AND r.taken_at < ($2 || 'T00:00:00Z')::timestamptz + interval '1 day'
     ) ORDER BY site_id LIMIT $3`,
    [afterSite, day, limit],
  );
  return rows.map(({ site_id }) => site_id);
}
