import { vietnamDay } from "#schemas/calendar.ts";
import type { Db } from "../store/db.ts";
import { foldCounts } from "../store/fold-counts.ts";
import { forgetFoundBefore } from "../store/found-devices.ts";
import { forgetBatchesBefore } from "../store/ledger.ts";
import { packDaysBefore } from "../store/pack-days.ts";
import { type DayTable, dropPartitionsBefore, type Partitions } from "../store/partitions.ts";
import { forgetRollupsBefore, rollUpDirtyDays, rollUpDirtyHours } from "../store/rollups.ts";

const DAY_MS = 86_400_000;
/**
 * How long rows stay. Samples of `run` days stand as they came, then they are packed. Daily rollups, findings, revisions,
 * attestations, records of duties and waivers have no end here.
 */
export const retentionDays = { run: 14, packed: 90, observation: 400, ledger: 60, rollup: 400 } as const;

/**
 * Work that comes back by itself: partitions ahead, rollups of hours and days that changed, packing, rows past their time. Safe on any number of
 * collectors at once, and to be stopped anywhere.
 */
export async function upkeep(db: Db, partitions: Partitions, nowMs: number): Promise<{ rolledUp: number; packed: number; dropped: string[] }> {
  await partitions.ensureAhead(nowMs);
  const rolledUp = await rollUpDirtyHours(db, nowMs);
  await foldCounts(db);
  await rollUpDirtyDays(db, vietnamDay(nowMs));
  const packed = await packDaysBefore(db, nowMs - retentionDays.run * DAY_MS);
  const drop = (table: DayTable, days: number) => dropPartitionsBefore(db, table, nowMs - days * DAY_MS);
  const dropped = [
    ...(await drop("sample_run", retentionDays.run)),
    ...(await drop("sample_hour", retentionDays.packed)),
    ...(await drop("observation", retentionDays.observation)),
  ];
  if (dropped.length > 0) partitions.forget();
  await forgetBatchesBefore(db, nowMs - retentionDays.ledger * DAY_MS);
  await forgetFoundBefore(db, vietnamDay(nowMs - retentionDays.observation * DAY_MS));
  await forgetRollupsBefore(db, nowMs - retentionDays.rollup * DAY_MS);
  return { rolledUp, packed, dropped };
}
