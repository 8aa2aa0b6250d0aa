import type { Db } from "./db.ts";
import { RESTORED_KEY } from "./ledger.ts";
import { putSetting, setting } from "./settings.ts";

/** Key of the setting: the last backup that was whole, `{ atMs }`, ms since the epoch. */
const BACKUP_KEY = "last_backup";

/** How a database is archived by PostgreSQL itself: when it last put a piece of its log away, and since when it has failed to, if its last try did. */
export type Archiving = { readonly lastMs: number | undefined; readonly failingMs: number | undefined; readonly countedFromMs: number | undefined };

/** What a database knows of its own copies; instants in ms since the epoch. */
export type Backups = {
  /** The newest backup that somebody noted. */
  readonly lastMs: number | undefined;
  /** When it was put back from one. */
  readonly restoredMs: number | undefined;
  /** When the first agent was heard. */
  readonly firstHeardMs: number | undefined;
  /** Undefined where `archive_mode` is off. */
  readonly archiving: Archiving | undefined;
};

/** Notes that a copy of the whole database was made, and found whole. */
export function noteBackup(db: Db, atMs: number): Promise<void> {
  return putSetting(db, BACKUP_KEY, { atMs });
}

/** Reads what is known of copies at `nowMs`. What PostgreSQL did is taken by its age, so that the clocks of two machines need not agree. */
export async function readBackups(db: Db, nowMs: number): Promise<Backups> {
  const last = (await setting(db, BACKUP_KEY)) as { atMs: number } | undefined;
  const restored = (await setting(db, RESTORED_KEY)) as { at: string } | undefined;
  const ago = (column: string) => `extract(epoch FROM clock_timestamp() - ${column})::float8 * 1000`;
  const [row] = await db.query<{ heard: number | null; archives: boolean; last: number | null; failed: number | null; reset: number | null }>(
    `SELECT (SELECT extract(epoch FROM min(first_at))::float8 * 1000 FROM contact) AS heard, current_setting('archive_mode') <> 'off' AS archives,
       ${ago("last_archived_time")} AS last, ${ago("last_failed_time")} AS failed, ${ago("stats_reset")} AS reset
     FROM pg_stat_archiver`,
  );
  const before = (age: number | null | undefined) => (age === null || age === undefined ? undefined : nowMs - age);
  const [lastMs, failedMs] = [before(row?.last), before(row?.failed)];
  return {
    lastMs: last?.atMs,
    restoredMs: restored && Date.parse(restored.at),
    firstHeardMs: row?.heard ?? undefined,
    archiving: row?.archives
      ? { lastMs, failingMs: failedMs !== undefined && failedMs > (lastMs ?? 0) ? failedMs : undefined, countedFromMs: before(row.reset) }
      : undefined,
  };
}
