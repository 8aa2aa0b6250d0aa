import { firstDayOfMonth, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { forgetAttestationsEndedBefore } from "../store/attestations.ts";
import { cutAudit } from "../store/audit.ts";
import type { Db } from "../store/db.ts";
import { forgetEvidenceBefore } from "../store/evidence.ts";
import { foldCounts } from "../store/fold-counts.ts";
import { forgetNamesEndedBefore } from "../store/forgotten-names.ts";
import { forgetFoundBefore } from "../store/found-devices.ts";
import { forgetJudgedBefore } from "../store/judged-days.ts";
import { forgetBatchesBefore } from "../store/ledger.ts";
import { forgetLettersBefore } from "../store/outbox.ts";
import { packDaysBefore } from "../store/pack-days.ts";
import { dropPartitionsBefore, type Partitions } from "../store/partitions.ts";
import { longestValidDays } from "../store/policy-versions.ts";
import { ENDED_WORD_MONTHS, retentionDays } from "../store/retention.ts";
import { forgetRollupsBefore, rollUpDirtyDays, rollUpDirtyHours } from "../store/rollups.ts";
import { forgetWaiversEndedBefore } from "../store/waivers.ts";
import type { ClockWatch } from "./clock-watch.ts";

const DAY_MS = 86_400_000;

/** What upkeep did: site-hours rolled up, runs packed, partitions dropped, and those that somebody reads, which are tried again. */
export type Kept = { readonly rolledUp: number; readonly packed: number; readonly dropped: readonly string[]; readonly busy: readonly string[] };
type UpkeepOptions = {
  /** Whether rows may be deleted for the age that a clock gives them. */
  readonly clock: Pick<ClockWatch, "look">;
  /** Whole months for which the audit log is kept. */
  readonly auditMonths: number;
  /** A clock that only goes forward. */
  readonly steadyMs?: () => number;
};

/** The present hour is read whole each time it is rolled up, so that rests this many times as long as it has taken. Nothing for a province, half an hour for 3,300 centres. */
const PRESENT_RESTS = 20;

/**
 * Work that comes back by itself: partitions ahead, rollups of hours and days that changed, packing, rows past their time. Safe on any number of
 * collectors at once, and to be stopped anywhere.
 */
export function createUpkeep(
  db: Db,
  partitions: Partitions,
  { clock, auditMonths, steadyMs = () => performance.now() }: UpkeepOptions,
): (nowMs: number) => Promise<Kept> {
  let presentDueMs = Number.NEGATIVE_INFINITY;
  const rollUp = async (nowMs: number) => {
    const ended = await rollUpDirtyHours(db, nowMs, { ended: true });
    const beganMs = steadyMs();
    if (beganMs < presentDueMs) return ended;
    const present = await rollUpDirtyHours(db, nowMs);
    const endedMs = steadyMs();
    presentDueMs = endedMs + (endedMs - beganMs) * PRESENT_RESTS;
    return ended + present;
  };
  return async (nowMs) => {
    const isTrusted = await clock.look(nowMs);
    await partitions.ensureAhead(nowMs);
    const rolledUp = await rollUp(nowMs);
    await foldCounts(db);
    await rollUpDirtyDays(db, vietnamDay(nowMs));
    const packed = await packDaysBefore(db, nowMs - retentionDays.run * DAY_MS);
    if (!isTrusted) return { rolledUp, packed, dropped: [], busy: [] };
    const dropping = [
      await dropPartitionsBefore(db, "run", nowMs - retentionDays.run * DAY_MS),
      await dropPartitionsBefore(db, "packed_run", nowMs - retentionDays.packed * DAY_MS),
    ];
    const dropped = dropping.flatMap((one) => one.dropped);
    if (dropped.length > 0) partitions.forget();
    await forgetBefore(db, nowMs);
    await cutAudit(db, auditMonths, nowMs);
    return { rolledUp, packed, dropped, busy: dropping.flatMap(({ busy = [] }) => busy) };
  };
}

/** Deletes the rows, and the names in rows that stay, that are past their time. */
async function forgetBefore(db: Db, nowMs: number): Promise<void> {
  await forgetBatchesBefore(db, nowMs - retentionDays.ledger * DAY_MS);
  await forgetFoundBefore(db, vietnamDay(nowMs - retentionDays.packed * DAY_MS));
  await forgetJudgedBefore(db, vietnamDay(nowMs - retentionDays.packed * DAY_MS));
  // A run may be dated some minutes after the day on which its evidence was told.
  await forgetEvidenceBefore(db, new Date(nowMs - (retentionDays.packed + 1) * DAY_MS).toISOString().slice(0, 10));
  await forgetRollupsBefore(db, nowMs - retentionDays.rollup * DAY_MS);
  const wordsEnded = firstDayOfMonth(nowMs, ENDED_WORD_MONTHS);
  await forgetNamesEndedBefore(db, wordsEnded);
  await forgetLettersBefore(db, vietnamDayStartMs(wordsEnded));
  await forgetWaiversEndedBefore(db, wordsEnded);
  await forgetAttestationsEndedBefore(db, wordsEnded, await longestValidDays(db));
}
