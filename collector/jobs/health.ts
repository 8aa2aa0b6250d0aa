import type { MeasureWatch } from "../measure/keep-measure.ts";
import type { Db } from "../store/db.ts";
import { outboxState } from "../store/outbox.ts";
import { partitionDaysAhead } from "../store/partitions.ts";
import type { BackupWatch } from "./backup-watch.ts";
import type { ClockWatch } from "./clock-watch.ts";
import type { StorageWatch } from "./storage-watch.ts";

export type Health = { readonly status: "ready" | "not_ready"; readonly checks: Readonly<Record<string, { ok: boolean; detail: string }>> };
export type HealthSources = {
  readonly db: Db;
  readonly clock: () => number;
  readonly queued: () => number;
  readonly lastJudgedMs: () => number;
  readonly startedMs: number;
  readonly storage: Pick<StorageWatch, "look" | "state" | "sentence">;
  readonly clockWatch: Pick<ClockWatch, "state" | "sentence">;
  readonly backupWatch: Pick<BackupWatch, "sentence">;
  readonly measureWatch: Pick<MeasureWatch, "sentence">;
};

const PARTITIONS_AHEAD_MIN = 2;
const JUDGED_WITHIN_MS = 5 * 60_000;
const QUEUED_MAX = 40_000;
/** A channel that rests and tries again is patient for minutes, not for an hour. */
const OUTBOX_WITHIN_MS = 60 * 60_000;

/**
 * Looks at what the collector's work needs: database, room for tomorrow's rows, a queue that moves, a judge that judges, messages that go out. Letters
 * that were given up are said, and do not make the collector unready: a new start would not bring them back. Nor does a clock that nobody has confirmed yet,
 * since the agents that are to confirm it could not come. Nor does a measure server that is down: it is started again by itself, and all else goes on. Nor does a
 * database without a fresh backup: that is a problem of the province.
 */
export async function lookAtHealth({
  db,
  clock,
  queued,
  lastJudgedMs,
  startedMs,
  storage,
  clockWatch,
  backupWatch,
  measureWatch,
}: HealthSources): Promise<Health> {
  const nowMs = clock();
  const ahead = await partitionDaysAhead(db, nowMs).catch((error: unknown) => error);
  const letters = await outboxState(db, nowMs).catch(() => undefined);
  await storage.look();
  const judgedAgoMs = nowMs - Math.max(lastJudgedMs(), startedMs);
  const checks = {
    database: { ok: typeof ahead === "number", detail: typeof ahead === "number" ? "answers" : `does not answer: ${String(ahead)}` },
    storage: { ok: storage.state() !== "full", detail: storage.sentence() },
    clock: { ok: clockWatch.state() !== "wrong", detail: clockWatch.sentence() },
    partitions: { ok: typeof ahead === "number" && ahead >= PARTITIONS_AHEAD_MIN, detail: typeof ahead === "number" ? `${ahead} days ahead` : "unknown" },
    ingest: { ok: queued() <= QUEUED_MAX, detail: `${queued()} observations wait` },
    judge: { ok: judgedAgoMs <= JUDGED_WITHIN_MS, detail: `judged ${Math.round(judgedAgoMs / 1000)} s ago` },
    backup: { ok: true, detail: backupWatch.sentence() },
    measure: { ok: true, detail: measureWatch.sentence() },
    outbox: {
      ok: letters !== undefined && letters.oldestMs <= OUTBOX_WITHIN_MS,
      detail: letters ? `${letters.waiting} wait, the oldest for ${Math.round(letters.oldestMs / 1000)} s; ${letters.dead} given up` : "unknown",
    },
  };
  return { status: Object.values(checks).every(({ ok }) => ok) ? "ready" : "not_ready", checks };
}
