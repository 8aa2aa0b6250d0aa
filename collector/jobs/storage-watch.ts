import type { Log } from "../log.ts";
import { type DatabaseDisk, disksUnder, isDiskFull } from "../store/database-disks.ts";

/** The disk of the database has no room: nothing was stored, and the watch has said so already. */
export class StorageFull extends Error {
  override readonly name = "StorageFull";
}

export type StorageState = "room" | "low" | "full";
export type StorageWatchOptions = {
  /** Folders of the database on this machine; empty where it stands on another one. */
  readonly folders: readonly string[];
  readonly log: Log;
  readonly nowMs: () => number;
  /** Replaced in tests. */
  readonly disks?: (folders: readonly string[]) => Promise<DatabaseDisk[]>;
};

/** Two files of PostgreSQL's write-ahead log: below this it may end at any moment. */
const FULL_BYTES = 32 * 1024 * 1024;
/** A disk is low below a tenth of itself, and never while so much is free. */
const LOW_SHARE = 0.1;
const LOW_BYTES = 20e9;
/** As long as it lasts it is said again after this time, ms. */
const SAY_EVERY_MS = 15 * 60_000;
const GOES_ON = "Give it room (a larger disk, or delete what is not the database's, never anything in pg_wal): the collector goes on by itself.";

/**
 * Knows whether the database has room: from what its writes come back with, and from its disks where they are on this machine. Says it in one
 * sentence when it begins, now and then while it lasts, and when it is over, instead of once for each request.
 */
export class StorageWatch {
  readonly #options: StorageWatchOptions;
  /** What PostgreSQL said at the last write that found no room. */
  #refusal: string | undefined;
  #disks: readonly DatabaseDisk[] = [];
  #said: { readonly state: StorageState; readonly atMs: number } = { state: "room", atMs: 0 };

  constructor(options: StorageWatchOptions) {
    this.#options = options;
  }

  /** Runs one write. @throws StorageFull in place of the database's own error when that says that there is no room. */
  async writing<T>(write: () => Promise<T>): Promise<T> {
    try {
      const result = await write();
      this.#refusal = undefined;
      return result;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#refusal = error instanceof Error ? error.message : String(error);
      await this.look();
      throw new StorageFull(this.sentence(), { cause: error });
    }
  }

  /** Looks at the disks and says what has changed. */
  async look(): Promise<void> {
    this.#disks = await (this.#options.disks ?? disksUnder)(this.#options.folders);
    this.#say();
  }

  state(): StorageState {
    const states = this.#disks.map(stateOf);
    if (this.#refusal !== undefined || states.includes("full")) return "full";
    return states.includes("low") ? "low" : "room";
  }

  /** Least free room of the database's disks, bytes; undefined where they are not on this machine. */
  freeBytes(): number | undefined {
    return this.#disks.length > 0 ? Math.min(...this.#disks.map(({ freeBytes }) => freeBytes)) : undefined;
  }

  /** Which disk, how much, and what to do. */
  sentence(): string {
    const short = this.#disks.filter((disk) => stateOf(disk) !== "room");
    const room = (short.length > 0 ? short : this.#disks)
      .map(({ folder, freeBytes, bytes }) => `${inMegabytes(freeBytes)} of ${inMegabytes(bytes)} free at ${folder}`)
      .join(", ");
    const where = room || "the disks are on the database's own machine";
    switch (this.state()) {
      case "full":
        return `The disk of the database is full (${where}${this.#refusal ? `; PostgreSQL: ${this.#refusal}` : ""}). Nothing is stored; agents keep what they have. ${GOES_ON}`;
      case "low":
        return `The disk of the database is nearly full (${where}). When it is full nothing is stored any more. ${GOES_ON}`;
      case "room":
        return room || "not seen from this machine";
    }
  }

  #say(): void {
    const state = this.state();
    const { log, nowMs } = this.#options;
    if (state === this.#said.state && (state === "room" || nowMs() - this.#said.atMs < SAY_EVERY_MS)) return;
    this.#said = { state, atMs: nowMs() };
    if (state === "full") log.error(this.sentence());
    else if (state === "low") log.warn(this.sentence());
    else log.info(`The database has room again (${this.sentence()}).`);
  }
}

function stateOf({ freeBytes, bytes }: DatabaseDisk): StorageState {
  if (freeBytes < FULL_BYTES) return "full";
  return freeBytes < Math.min(LOW_BYTES, bytes * LOW_SHARE) ? "low" : "room";
}

function inMegabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}
