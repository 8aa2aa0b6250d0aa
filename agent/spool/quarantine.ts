import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Observation } from "#schemas/observation.ts";
import { syncFolder } from "../atomic-file.ts";
import { bundledCalendar } from "../bundled-policy.ts";
import { type DayFacts, noteDays, readDays, writeDays } from "./day-facts.ts";
import { parsedBody } from "./inspect.ts";
import { insertObservation, transaction } from "./rows.ts";

const KEPT = 2;
const SALVAGED_MAX = 200_000;
const companions = ["-wal", "-shm"] as const;

/** Sets a damaged spool aside as `spool.corrupt-<time>` with its log and keeps the newest two of them. Gives the new path. */
export function quarantine(file: string, nowMs: number): string {
  const folder = dirname(file);
  const prefix = `${basename(file, ".db")}.corrupt-`;
  const aside = join(folder, `${prefix}${new Date(nowMs).toISOString().replace(/[:.]/g, "-")}`);
  for (const suffix of ["", ...companions]) if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${aside}${suffix}`);
  const old = readdirSync(folder).filter((name) => name.startsWith(prefix) && !companions.some((suffix) => name.endsWith(suffix)));
  for (const name of old.sort().slice(0, -KEPT)) for (const suffix of ["", ...companions]) rmSync(join(folder, `${name}${suffix}`), { force: true });
  syncFolder(folder);
  return aside;
}

/**
 * Reads what a damaged spool still gives of rows that were never answered, oldest first, until the first row that cannot be read.
 * Best effort: a row that had been sent but not answered may come twice, under two streams.
 */
export function* salvage(aside: string): Generator<string> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(aside, { readOnly: true });
    const rows = database.prepare("SELECT body FROM observation WHERE state < 2 ORDER BY seq LIMIT ?").iterate(SALVAGED_MAX);
    for (const { body } of rows) if (typeof body === "string") yield body;
  } catch {
    // The damaged part begins here; what was read so far is kept.
  } finally {
    database?.close();
  }
}

/** Reads what a damaged spool still gives of days; undefined where they cannot be read. */
export function salvagedDays(aside: string): DayFacts | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(aside, { readOnly: true });
    return readDays(database);
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

/** Takes what was saved over into a new spool, in one transaction; gives how many rows it was. */
export function refill(database: DatabaseSync, bodies: Iterable<string>, days: DayFacts | undefined): number {
  let saved = 0;
  transaction(database, () => {
    if (days) writeDays(database, days);
    for (const body of bodies) {
      const observation = Observation.omit({ seq: true }).safeParse(parsedBody(body));
      if (!observation.success) continue;
      insertObservation(database, observation.data);
      noteDays(database, observation.data.outcome, { atMs: Date.parse(observation.data.takenAt), calendar: bundledCalendar });
      saved++;
    }
  });
  return saved;
}
