import type { Db } from "../store/db.ts";
import { dropPartitionsBefore, type Partitions } from "../store/partitions.ts";
import { rollUpDirtyHours } from "../store/rollups.ts";

const DAY_MS = 86_400_000;
/** How long rows stay. Findings, revisions, attestations and waivers have no end here. */
export const retentionDays = { sample: 14, observation: 400, ledger: 60, rollup: 400 } as const;

/** Work that comes back by itself: partitions ahead, rollups of hours that changed, rows past their time. Safe on any number of collectors at once. */
export async function upkeep(db: Db, partitions: Partitions, nowMs: number): Promise<{ rolledUp: number; dropped: string[] }> {
  await partitions.ensureAhead(nowMs);
  const rolledUp = await rollUpDirtyHours(db, nowMs);
  const dropped = [
    ...(await dropPartitionsBefore(db, "sample", nowMs - retentionDays.sample * DAY_MS)),
    ...(await dropPartitionsBefore(db, "observation", nowMs - retentionDays.observation * DAY_MS)),
  ];
  if (dropped.length > 0) partitions.forget();
  await db.query("DELETE FROM ingest_ledger WHERE received_at < to_timestamp($1::float8 / 1000)", [nowMs - retentionDays.ledger * DAY_MS]);
  await db.query("DELETE FROM rollup_1h WHERE hour < to_timestamp($1::float8 / 1000)", [nowMs - retentionDays.rollup * DAY_MS]);
  return { rolledUp, dropped };
}
