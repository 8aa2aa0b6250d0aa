import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Span } from "#schemas/facts.ts";
import type { Observation } from "#schemas/observation.ts";
import { fileFault } from "../file-fault.ts";
import { type DayFacts, readDays } from "./day-facts.ts";
import { observationsWithin, oldestMs, recentObservations, type SpoolStatus, spoolStatus } from "./inspect.ts";
import { isCorrupt } from "./open-database.ts";

/** What a spool looks like from outside, while its agent may be running. */
export type SpoolView = {
  readonly status: Omit<SpoolStatus, "durable">;
  /** Newest first. */
  readonly recent: (probe: string, limit: number) => Observation[];
  /** Those of a span, newest first. */
  readonly within: (probe: string, span: Span) => Observation[];
  /** When the oldest observation that is kept was made, ms. */
  readonly oldestMs: number | undefined;
  /** What is known of the last days, however many runs were made since; undefined in a spool of a version before them. */
  readonly days: DayFacts | undefined;
  readonly sound: boolean;
  /** Damaged files that were set aside. */
  readonly setAside: number;
};

/** Reads a spool without writing to it; undefined when there is none. Throws UsageError where this user may not, and SQLite's error for a damaged one. */
export function readSpool(folder: string): SpoolView | undefined {
  const file = join(folder, "spool.db");
  if (!existsSync(file)) return undefined;
  const setAside = readdirSync(folder).filter((name) => /^spool\.corrupt-.*Z$/.test(name)).length;
  const use = <T>(read: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
    try {
      return read(database);
    } catch (error) {
      // Of a spool that no agent has open SQLite asks the right to write beside it, even to read.
      throw isCorrupt(error) ? error : (fileFault(error, file) ?? error);
    } finally {
      database.close();
    }
  };
  const sound = use((database) => database.prepare("PRAGMA quick_check(1)").get()?.quick_check === "ok");
  const recent = (probe: string, limit: number) => use((database) => recentObservations(database, probe, limit));
  const within = (probe: string, span: Span) => use((database) => observationsWithin(database, probe, span));
  return { status: use(spoolStatus), recent, within, oldestMs: use(oldestMs), days: use(readDays), sound, setAside };
}
