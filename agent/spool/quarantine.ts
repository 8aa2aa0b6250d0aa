import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { syncFolder } from "../atomic-file.ts";
import { bundledCalendar } from "../bundled-policy.ts";
import { type DayFacts, type DayFrame, noteDays, readDays, writeDays } from "./day-facts.ts";
import { parsedBody, Unplaced } from "./inspect.ts";
import { insertAnswered, insertObservation, rowStates, type SpooledObservation, transaction } from "./rows.ts";

const KEPT = 2;
/** Of each kind, from either end. */
const SALVAGED_MAX = 200_000;
/** So far below their places answered rows are remembered: no stream comes to so many. */
const BELOW = 2 ** 40;
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

/** A row of a damaged spool. */
type Salvaged = { readonly seq: number; readonly body: string; readonly ackedMs: number };

/**
 * Reads what a damaged spool still gives of rows that were never answered, oldest first.
 * Best effort: a row that had been sent but not answered may come twice, under two streams.
 */
export function salvage(aside: string): Iterable<Salvaged> {
  return fromBothEnds(aside, `+state <> ${rowStates.acked}`);
}

/** Reads what a damaged spool still gives of rows that were answered, oldest first: the memory of the self-check. */
export function salvagedAnswers(aside: string): Iterable<Salvaged> {
  return fromBothEnds(aside, `+state = ${rowStates.acked}`);
}

/** From the oldest row to the first that cannot be read, and then those of behind the damage, as far as they can be read from the newest on. */
function* fromBothEnds(aside: string, where: string): Generator<Salvaged> {
  let last = Number.NEGATIVE_INFINITY;
  for (const row of readable(aside, where, "ASC")) {
    last = row.seq;
    yield row;
  }
  const behind: Salvaged[] = [];
  for (const row of readable(aside, where, "DESC")) {
    if (row.seq <= last) break;
    behind.push(row);
  }
  yield* behind.reverse();
}

/** In the order in which the rows lie, by no index: what is sorted first is read to its end before the first row comes. */
function* readable(aside: string, where: string, order: "ASC" | "DESC"): Generator<Salvaged> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(aside, { readOnly: true });
    const rows = database.prepare(`SELECT seq, body, acked_ms FROM observation WHERE ${where} ORDER BY seq ${order} LIMIT ?`).iterate(SALVAGED_MAX);
    for (const { seq, body, acked_ms } of rows) if (typeof body === "string") yield { seq: Number(seq), body, ackedMs: Number(acked_ms) };
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
export function refill(database: DatabaseSync, rows: Iterable<Salvaged>, days: DayFacts | undefined): number {
  return takeOver(
    database,
    rows,
    (observation) => {
      insertObservation(database, observation);
      noteDays(database, observation.outcome, dayOf(observation));
    },
    days,
  );
}

/**
 * Takes what was answered over into a new spool, in one transaction, to be remembered and not to be sent; gives how many rows it was.
 * `isNoted`: what they tell of their days is known already.
 */
export function refillAnswered(database: DatabaseSync, rows: Iterable<Salvaged>, isNoted: boolean): number {
  return takeOver(database, rows, (observation, { seq, ackedMs }) => {
    insertAnswered(database, seq - BELOW, observation, ackedMs);
    if (!isNoted) noteDays(database, observation.outcome, dayOf(observation));
  });
}

function takeOver(database: DatabaseSync, rows: Iterable<Salvaged>, take: (observation: SpooledObservation, row: Salvaged) => void, days?: DayFacts): number {
  let saved = 0;
  transaction(database, () => {
    if (days) writeDays(database, days);
    for (const row of rows) {
      const observation = Unplaced.safeParse(parsedBody(row.body));
      if (!observation.success) continue;
      take(observation.data, row);
      saved++;
    }
  });
  return saved;
}

function dayOf({ takenAt }: SpooledObservation): DayFrame {
  return { atMs: Date.parse(takenAt), calendar: bundledCalendar };
}
