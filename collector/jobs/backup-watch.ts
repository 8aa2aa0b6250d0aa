import type { Alerts } from "../alert/alerts.ts";
import { BACKUP_MISSING } from "../alert/incident.ts";
import type { Log } from "../log.ts";
import { type Backups, readBackups } from "../store/backups.ts";
import type { Db } from "../store/db.ts";
import type { ClockState } from "./clock-watch.ts";

/** `none`: none was made yet, and it is early to ask for one; `missing`: the last is too old, or there should have been one. */
export type BackupState = "kept" | "none" | "missing";

const DAY_MS = 86_400_000;
/** A backup of each night may take its time, and one may fail. */
const FRESH_MS = 2 * DAY_MS;
/** A database that hears agents for so long has something to lose. */
const FIRST_MS = 7 * DAY_MS;
/** What is dated later than this was dated by a clock that was ahead, and is no proof until then. */
const AHEAD_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;
/** As long as it lasts the log says it again after this time, ms. */
const SAY_EVERY_MS = DAY_MS;

/**
 * Whether a database is backed up at an instant. One that was put back was whole then, and has as long for its next backup as after one. A server that
 * archives its log, and whose counts are young, may have lost them in a crash.
 */
export function backupState({ lastMs, restoredMs, firstHeardMs, archiving }: Backups, nowMs: number): BackupState {
  const made = [lastMs, restoredMs, archiving?.lastMs].filter((ms) => ms !== undefined);
  const proofs = [...made, ...(archiving?.countedFromMs === undefined ? [] : [archiving.countedFromMs])];
  if (proofs.some((ms) => ms <= nowMs + AHEAD_MS && nowMs - ms <= FRESH_MS)) return "kept";
  if (made.length > 0) return "missing";
  return firstHeardMs !== undefined && nowMs - firstHeardMs > FIRST_MS ? "missing" : "none";
}

type BackupWatchOptions = {
  readonly db: Db;
  readonly alerts: Pick<Alerts, "onProvince">;
  readonly log: Pick<Log, "warn" | "info">;
  /** By a wrong clock every backup is old. */
  readonly clock: () => ClockState;
  /** What a demonstration holds is nobody's loss. */
  readonly isDemo: boolean;
};

/** Knows whether the database is backed up; says it in the log, and tells province IT as a problem of the province when it is not. */
export class BackupWatch {
  readonly #options: BackupWatchOptions;
  #state: BackupState = "none";
  #backups: Backups | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(options: BackupWatchOptions) {
    this.#options = options;
  }

  /** Looks once a minute at most, and begins or ends the problem. */
  async look(nowMs: number): Promise<void> {
    const { db, alerts, clock, isDemo } = this.#options;
    if (isDemo || Math.abs(nowMs - this.#lookedMs) < LOOK_EVERY_MS) return;
    this.#lookedMs = nowMs;
    const before = this.#state;
    this.#backups = await readBackups(db, nowMs);
    this.#state = backupState(this.#backups, nowMs);
    this.#say(before, nowMs);
    const signal = clock() !== "right" ? "unclear" : this.#state === "missing" ? "bad" : "well";
    await db.transaction((tx) => alerts.onProvince(tx, BACKUP_MISSING, "", signal, nowMs));
  }

  state(): BackupState {
    return this.#state;
  }

  /** The last backup and the last archived piece of the log, and what to do where both are old. */
  sentence(): string {
    if (this.#options.isDemo) return "not watched: a demonstration";
    if (this.#backups === undefined) return "not looked at yet";
    const { lastMs, restoredMs, archiving } = this.#backups;
    const known = [
      lastMs === undefined ? "no backup was noted yet" : `last backup ${iso(lastMs)}`,
      ...(restoredMs === undefined ? [] : [`restored ${iso(restoredMs)}`]),
      ...(archiving ? [archiving.lastMs === undefined ? "its log is archived, nothing yet" : `its log was last archived ${iso(archiving.lastMs)}`] : []),
      ...(archiving?.failingMs === undefined ? [] : [`archiving fails, last ${iso(archiving.failingMs)}: see the log of PostgreSQL`]),
    ].join(", ");
    if (this.#state !== "missing") return known;
    return `The database is not backed up (${known}). Try hcc-collector backup --out FILE and look at its nightly schedule; after backups by another program run hcc-collector backup-made.`;
  }

  /** For `/metrics`. */
  gauges(nowMs: number): Readonly<Record<string, number>> {
    const { lastMs, archiving } = this.#backups ?? {};
    const seconds = (ms: number) => Math.round((nowMs - ms) / 1_000);
    return {
      hcc_backup_missing: this.#state === "missing" ? 1 : 0,
      ...(lastMs !== undefined && { hcc_backup_age_seconds: seconds(lastMs) }),
      ...(archiving?.lastMs !== undefined && { hcc_wal_archived_age_seconds: seconds(archiving.lastMs) }),
      ...(archiving && { hcc_wal_archive_failing: archiving.failingMs === undefined ? 0 : 1 }),
    };
  }

  #say(before: BackupState, nowMs: number): void {
    const { log } = this.#options;
    if (this.#state !== "missing") {
      if (before === "missing") log.info(`The database is backed up again (${this.sentence()}).`);
      return;
    }
    if (before === "missing" && Math.abs(nowMs - this.#saidMs) < SAY_EVERY_MS) return;
    this.#saidMs = nowMs;
    log.warn(this.sentence());
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
