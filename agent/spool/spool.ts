import { randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Need } from "#schemas/facts.ts";
import type { Observation } from "#schemas/observation.ts";
import { bundledCalendar } from "../bundled-policy.ts";
import { type DayFrame, expireDays, noteDays } from "./day-facts.ts";
import { recentObservations, type SpoolStatus, spoolStatus } from "./inspect.ts";
import { isCorrupt, isDiskFull, openDatabase, SpoolDamaged } from "./open-database.ts";
import {
  type BatchView,
  type FrozenBatch,
  freezeNext,
  halve,
  type Lane,
  lanesWaiting,
  openBatch,
  refuse,
  releaseSuspects,
  rewind,
  settle,
  thaw,
  toPlain,
} from "./outbox.ts";
import { quarantine, refill, refillAnswered, salvage, salvagedAnswers, salvagedDays } from "./quarantine.ts";
import { type QuotaLimits, quotaLimits, type Space } from "./quota.ts";
import { type Reserve, reserveFile } from "./reserve.ts";
import { insertGap, insertObservation, lastSeq, moveTo, readMeta, renumber, type SpooledObservation, takeSeqs, transaction, writeMeta } from "./rows.ts";
import { evict, expireAnswered, expireWaiting, usedBytes } from "./upkeep.ts";

export type SpoolLog = (message: string, fields?: Record<string, string | number | boolean>) => void;
export type SpoolOptions = {
  readonly folder: string;
  readonly nowMs: () => number;
  readonly log: SpoolLog;
  readonly limits?: QuotaLimits;
  /** Free and whole size of the disk; replaced in tests. */
  readonly diskSpace?: (folder: string) => { readonly freeBytes: number; readonly bytes: number };
};

/**
 * The agent's memory of what it has seen and not yet delivered: one SQLite file, one connection, durable on return of `append`.
 * It never throws for reasons of the disk: a damaged file is set aside and a new stream begins, a full disk costs the least valuable rows,
 * an unwritable folder is replaced by memory, and `status` tells all of it.
 */
export class Spool implements Disposable {
  readonly #options: SpoolOptions;
  readonly #file: string;
  readonly #reserve: Reserve;
  #database: DatabaseSync;
  #durable = true;
  /** Observations that found no place at all, to be told as a gap when there is one again. */
  #unwritten = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#file = join(options.folder, "spool.db");
    this.#reserve = reserveFile(join(options.folder, "spool.reserve"));
    this.#database = this.#open();
    if (this.#durable) this.#reserve.keep();
  }

  /**
   * Stores an observation, with what it tells of its day, and gives its place in the stream; undefined when neither eviction nor the reserve made room for it.
   * `frame` is for callers that know the time better than the observation's own clock, or the province's calendar.
   */
  append(observation: SpooledObservation, frame: Partial<DayFrame> = {}): number | undefined {
    const day = { atMs: Date.parse(observation.takenAt), calendar: bundledCalendar, ...frame };
    const store = () => transaction(this.#database, () => this.#insert(observation, day));
    try {
      return this.#guarded(store);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
    this.#makeRoom();
    try {
      return this.#guarded(store);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#unwritten++;
      this.#options.log("disk full: an observation was lost", { probe: observation.probe, lost: this.#unwritten });
      return undefined;
    }
  }

  #insert(observation: SpooledObservation, day: DayFrame): number {
    if (this.#unwritten > 0) {
      const from = takeSeqs(this.#database, this.#unwritten);
      insertGap(this.#database, { from, to: from + this.#unwritten - 1, reason: "evicted_disk_full" });
    }
    const seq = insertObservation(this.#database, observation);
    noteDays(this.#database, observation.outcome, day);
    this.#unwritten = 0;
    return seq;
  }

  /** The batch to send next: one that waits for its answer, else a new one of the wanted lane, its bytes frozen on disk. */
  next(view: BatchView): FrozenBatch | undefined {
    return this.#guarded(() => openBatch(this.#database) ?? transaction(this.#database, () => freezeNext(this.#database, view)));
  }

  lanesWaiting(view: Omit<BatchView, "lane">): Record<Lane, boolean> {
    return this.#guarded(() => lanesWaiting(this.#database, view));
  }

  /** The collector has committed the batch, and wants all from `rewindTo` on once more, this batch included, as far as it is still kept: both or nothing, since the order is not given again. */
  settle(id: number, rejected: readonly { seq: number; code: string }[], rewindTo?: number): void {
    this.#guarded(() =>
      transaction(this.#database, () => {
        settle(this.#database, id, rejected, this.#options.nowMs());
        if (rewindTo !== undefined) rewind(this.#database, rewindTo);
      }),
    );
  }

  /** The collector refuses the batch itself; gives how many single rows are now suspected. */
  refuse(id: number, code: string): number {
    return this.#guarded(() => transaction(this.#database, () => refuse(this.#database, id, code)));
  }

  /** The batch is too large for the collector; false when it cannot be made smaller. */
  halve(id: number): boolean {
    return this.#guarded(() => transaction(this.#database, () => halve(this.#database, id)));
  }

  /** The collector refuses the batch for now; what it holds waits for others to go first. */
  thaw(id: number): void {
    this.#guarded(() => transaction(this.#database, () => thaw(this.#database, id)));
  }

  /** The collector does not take columns after all: the batch is made again in the plain form. */
  toPlain(id: number): void {
    this.#guarded(() => transaction(this.#database, () => toPlain(this.#database, id)));
  }

  releaseSuspects(): void {
    this.#guarded(() => transaction(this.#database, () => releaseSuspects(this.#database)));
  }

  /** The last number of the stream that was given out; 0 before the first. */
  get lastSeq(): number {
    return this.#guarded(() => lastSeq(this.#database));
  }

  /** Another sender has used this stream's numbers: what was never answered goes on under a new one. */
  restartStream(): void {
    const stream = newStreamId();
    this.#guarded(() => transaction(this.#database, () => renumber(this.#database, stream)));
    this.#options.log("a new stream begins", { stream });
  }

  /**
   * Where this PC stands now: what it has seen elsewhere, as before it was moved and enrolled there, says nothing of this place and is given up. `leave` gives up
   * what is kept beside the spool; where it throws, the next start moves again.
   */
  standAt(place: string, leave: () => void): void {
    const stream = newStreamId();
    const move = () => {
      const lost = moveTo(this.#database, place, stream);
      if (lost !== undefined) leave();
      return lost;
    };
    const lost = this.#guarded(() => transaction(this.#database, move));
    if (lost !== undefined) this.#options.log("this PC was enrolled at another place: what it has seen at the one before is given up", { place, lost, stream });
  }

  /** Expiry and quota, once a minute. `needs` are those of the rules at present. */
  maintain({ clockTrusted, needs = [] }: { clockTrusted: boolean; needs?: readonly Need[] }): void {
    const limits = this.#options.limits ?? quotaLimits;
    const nowMs = this.#options.nowMs();
    this.#guarded(() => {
      if (clockTrusted) {
        expireAnswered(this.#database, nowMs, needs);
        expireDays(this.#database, nowMs);
      }
      const lost = (clockTrusted ? expireWaiting(this.#database, nowMs, limits) : 0) + evict(this.#database, this.#space(), limits);
      if (lost > 0) this.#options.log("observations were given up for space or age", { lost });
    });
    if (this.#durable) this.#reserve.keep();
  }

  /** SQLite's level of durability as it is now: 2 is FULL. */
  synchronous(): number {
    return Number(this.#database.prepare("PRAGMA synchronous").get()?.synchronous);
  }

  /** The newest observations of a probe, newest first, answered or not. */
  recent(probe: string, limit: number): Observation[] {
    return this.#guarded(() => recentObservations(this.#database, probe, limit));
  }

  status(): SpoolStatus {
    return this.#guarded(() => ({ ...spoolStatus(this.#database), durable: this.#durable }));
  }

  [Symbol.dispose](): void {
    this.#checkpoint();
    this.#database.close();
  }

  #space(): Space {
    const spoolBytes = usedBytes(this.#database);
    if (!this.#durable) return { spoolBytes, diskFreeBytes: Number.MAX_SAFE_INTEGER, diskBytes: Number.MAX_SAFE_INTEGER };
    const { freeBytes, bytes } = (this.#options.diskSpace ?? diskSpace)(this.#options.folder);
    return { spoolBytes, diskFreeBytes: freeBytes, diskBytes: bytes };
  }

  /** Room for the rows that say that the disk is full: the reserve first, then the oldest rows. */
  #makeRoom(): void {
    this.#reserve.release();
    this.#checkpoint();
    const wanted = { ...(this.#options.limits ?? quotaLimits), spoolBytesMax: Math.floor(usedBytes(this.#database) * 0.9) };
    try {
      this.#guarded(() => evict(this.#database, this.#space(), wanted));
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
    this.#checkpoint();
  }

  /** Moves the log into the file and cuts it: on a full disk the log is the largest thing that can be given back. */
  #checkpoint(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // A disk without any room keeps its log; nothing is lost by that.
    }
  }

  /** Runs one use of the database; a file that turns out to be damaged is replaced and the use repeated once on the new one. */
  #guarded<T>(use: () => T): T {
    try {
      return use();
    } catch (error) {
      if (!isCorrupt(error) || !this.#durable) throw error;
      this.#options.log("the spool is damaged", { error: String(error) });
      this.#database.close();
      this.#database = this.#replace();
      return use();
    }
  }

  #open(): DatabaseSync {
    try {
      return started(openDatabase(this.#file));
    } catch (error) {
      if (error instanceof SpoolDamaged || isCorrupt(error)) {
        this.#options.log("the spool is damaged", { error: String(error) });
        return this.#replace();
      }
      // A full disk has several names here: the log's index that finds no room is an I/O error. A sound file with rows that wait must not stay shut for it.
      return this.#reserve.release() ? this.#open() : this.#inMemory(error);
    }
  }

  #replace(): DatabaseSync {
    try {
      const aside = quarantine(this.#file, this.#options.nowMs());
      const database = started(openDatabase(this.#file));
      const days = salvagedDays(aside);
      const saved = refill(database, salvage(aside), days);
      this.#options.log("the damaged spool was set aside", { file: aside, saved, remembered: this.#remember(database, aside, days !== undefined) });
      return database;
    } catch (error) {
      return this.#inMemory(error);
    }
  }

  /** What the collector has is worth less than what waits: a disk without room for both loses it, and whatever keeps it from being read costs nothing else. */
  #remember(database: DatabaseSync, aside: string, isNoted: boolean): number {
    try {
      return refillAnswered(database, salvagedAnswers(aside), isNoted);
    } catch (error) {
      this.#options.log("what was answered is not remembered", { error: String(error) });
      return 0;
    }
  }

  #inMemory(error: unknown): DatabaseSync {
    this.#durable = false;
    this.#options.log("the spool cannot be written, observations are kept in memory only", { folder: this.#options.folder, error: String(error) });
    return started(openDatabase(":memory:"));
  }
}

/** Gives a new file its stream. */
function started(database: DatabaseSync): DatabaseSync {
  try {
    transaction(database, () => {
      if (readMeta(database, "stream") === undefined) writeMeta(database, "stream", newStreamId());
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function newStreamId(): string {
  return randomBytes(8).toString("hex");
}

function diskSpace(folder: string): { freeBytes: number; bytes: number } {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { freeBytes: bavail * bsize, bytes: blocks * bsize };
}
