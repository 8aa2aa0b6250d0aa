import { vietnamDay } from "#schemas/calendar.ts";
import type { Db } from "../store/db.ts";
import { foldCounts } from "../store/fold-counts.ts";
import { forgetFoundBefore } from "../store/found-devices.ts";
import { forgetBatchesBefore } from "../store/ledger.ts";
import { dropPartitionsBefore, type Partitions } from "../store/partitions.ts";
import { forgetRollupsBefore, rollUpDirtyHours } from "../store/rollups.ts";

const DAY_MS = 86_400_000;
/** How long rows stay. Findings, revisions, attestations, records of duties and waivers have no end here. */
export const retentionDays = { sample: 14, observation: 400, ledger: 60, rollup: 400 } as const;

/** Work that comes back by itself: partitions ahead, rollups of hours that changed, rows past their time. Safe on any number of collectors at once. */
export async function upkeep(db: Db, partitions: Partitions, nowMs: number): Promise<{ rolledUp: number; dropped: string[] }> {
  await partitions.ensureAhead(nowMs);
  const rolledUp = await rollUpDirtyHours(db, nowMs);
  await foldCounts(db);
  const dropped = [
    ...(await dropPartitionsBefore(db, "sample", nowMs - retentionDays.sample * DAY_MS)),
    ...(await dropPartitionsBefore(db, "observation", nowMs - retentionDays.observation * DAY_MS)),
  ];
  if (dropped.length > 0) partitions.forget();
  await forgetBatchesBefore(db, nowMs - retentionDays.ledger * DAY_MS);
  await forgetFoundBefore(db, vietnamDay(nowMs - retentionDays.observation * DAY_MS));
  await forgetRollupsBefore(db, nowMs - retentionDays.rollup * DAY_MS);
  return { rolledUp, dropped };
}
