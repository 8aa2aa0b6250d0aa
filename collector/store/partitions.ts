import type { Db } from "./db.ts";
import { StoreError } from "./store-error.ts";
import { type Chunk, chunksOf, dropChunks } from "./timescale.ts";

const DAY_MS = 86_400_000;
/** Partitions are made this far ahead. */
export const AHEAD_DAYS = 7;
/**
 * So long a whole table's lock is waited for, ms. Whoever waits to drop a partition holds up all that come after him for a table; a vacuum that stands in the
 * way is ended by PostgreSQL after one second (`deadlock_timeout`).
 */
const LOCK_WAIT_MS = 2_000;
/** So often making partitions is tried while something else holds the table. */
const MAKING_TRIES = 3;

/**
 * Tables that are cut by day, in UTC. What is ingested goes into the first one; days of the other are made when they are packed. Where the first one is
 * a hypertable, TimescaleDB makes its parts when rows come, and here is nothing to prepare.
 */
const dayTables = ["run", "packed_run"] as const;
export type DayTable = (typeof dayTables)[number];

/** Remembers which partitions exist, and makes the missing ones before rows are routed to them. */
export class Partitions {
  readonly #known = new Set<number>();
  readonly #db: Db;
  #isPartitioned: Promise<boolean> | undefined;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Makes sure that rows of all these instants (ms) find their partition. */
  async ensure(instantsMs: Iterable<number>): Promise<void> {
    const days = new Set<number>();
    for (const atMs of instantsMs) {
      const day = Math.floor(atMs / DAY_MS);
      if (!this.#known.has(day)) days.add(day);
    }
    if (days.size === 0 || !(await this.#mustPrepare())) return;
    const missing = [...days].sort((a, b) => a - b);
    await preparePartitions(
      this.#db,
      "run",
      missing.map((day) => dayOf(day * DAY_MS)),
    );
    for (const day of missing) this.#known.add(day);
  }

  async #mustPrepare(): Promise<boolean> {
    this.#isPartitioned ??= isPartitioned(this.#db, "run");
    // A database that was away is asked again.
    this.#isPartitioned.catch(() => {
      this.#isPartitioned = undefined;
    });
    return this.#isPartitioned;
  }

  /** Forgets what was known: another collector may have dropped a partition. */
  forget(): void {
    this.#known.clear();
  }

  /** Makes today's partitions and those of the days ahead; part of the hourly upkeep. */
  async ensureAhead(nowMs: number): Promise<void> {
    await this.ensure(Array.from({ length: AHEAD_DAYS + 1 }, (_, ahead) => nowMs + ahead * DAY_MS));
  }
}

/** How many whole days ahead of `nowMs` have a partition, or need none; fewer than 2 is an alarm of `/health/ready`. */
export async function partitionDaysAhead(db: Db, nowMs: number): Promise<number> {
  if (!(await isPartitioned(db, "run"))) return AHEAD_DAYS;
  const names = new Set(await partitionsOf(db, "run"));
  let ahead = 0;
  while (ahead < AHEAD_DAYS && names.has(nameOf("run", dayOf(nowMs + (ahead + 1) * DAY_MS)))) ahead++;
  return ahead;
}

/** The days (ISO dates, UTC) that have a partition or chunk, oldest first, per table. */
export async function partitionDays(db: Db): Promise<Record<DayTable, string[]>> {
  const rows = await db.query<{ parent: DayTable; day: string }>(
    `SELECT p.relname AS parent, to_char(to_date(right(c.relname, 8), 'YYYYMMDD'), 'YYYY-MM-DD') AS day
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
     WHERE p.relname = ANY (($1::text)::text[]) AND c.relname ~ '^[a-z_]+_[0-9]{8}$' ORDER BY 1, 2`,
    [`{${dayTables.join(",")}}`],
  );
  const daysOf = (table: DayTable) => rows.filter(({ parent }) => parent === table).map(({ day }) => day);
  return { run: (await isPartitioned(db, "run")) ? daysOf("run") : (await chunksOf(db, "run")).flatMap(daysIn), packed_run: daysOf("packed_run") };
}

/**
 * Makes the partitions of one table for these days (ISO dates, UTC) where they are missing, in a transaction of its own. Nobody who reads or writes the table
 * waits for it, nor it for them: a backup may hold the table for hours.
 * @throws StoreError where something else (an index that is made, an `ANALYZE` of the whole) holds the table for longer than that is waited for.
 */
export async function preparePartitions(db: Db, table: DayTable, days: readonly string[]): Promise<void> {
  if ((await missingDays(db, table, days)).length === 0) return;
  for (let tries = 1; ; tries++) {
    try {
      await db.transaction(async (tx) => {
        await tx.script(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
        await createPartitions(tx, table, days);
      });
      return;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (tries === MAKING_TRIES)
        throw new StoreError("store.no_partition", { table, days: days.join(", "), seconds: (MAKING_TRIES * LOCK_WAIT_MS) / 1000 }, { cause: error });
    }
  }
}

/** Makes the partitions of one table for these days (ISO dates, UTC) where they are missing; a backup may name a table of an older version. */
export async function createPartitions(tx: Db, table: string, days: readonly string[]): Promise<void> {
  if (days.length === 0 || !(await isPartitioned(tx, table))) return;
  // One maker at a time; readers and writers go on.
  await tx.script(`LOCK TABLE ONLY ${table} IN SHARE UPDATE EXCLUSIVE MODE`);
  const missing = await missingDays(tx, table, days);
  if (missing.length > 0) await tx.script(missing.map((day) => createStatements(table, day)).join(";\n"));
}

async function missingDays(db: Db, table: string, days: readonly string[]): Promise<string[]> {
  const there = new Set(await partitionsOf(db, table));
  return days.filter((day) => !there.has(nameOf(table, day)));
}

/** Names of what was dropped, and of the one part that was still in use: it and what follows are left for the next time. */
export type Dropped = { readonly dropped: readonly string[]; readonly busy?: string };

/**
 * Drops the partitions or chunks of days that ended before `beforeMs`, except where hours or days still wait for their rollup, or runs for being packed.
 * Ends early where somebody reads the table for longer than that is waited for, since all others wait meanwhile.
 */
export async function dropPartitionsBefore(db: Db, table: DayTable, beforeMs: number): Promise<Dropped> {
  const parts = (await isPartitioned(db, table)) ? await oldPartitions(db, table, beforeMs) : await oldChunks(db, table, beforeMs);
  const dropped: string[] = [];
  for (const part of parts) {
    try {
      if (!(await isAwaited(db, table, part)) && (await dropSettled(db, table, part))) dropped.push(part.name);
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      return { dropped, busy: part.name };
    }
  }
  return { dropped };
}

/** A part of a table, its first and last day, what is locked before it is dropped, and how that is done. */
type Part = { readonly name: string; readonly first: string; readonly last: string; readonly locks: string; drop(tx: Db): Promise<void> };

async function oldPartitions(db: Db, table: DayTable, beforeMs: number): Promise<Part[]> {
  const last = nameOf(table, dayOf(beforeMs - DAY_MS));
  const names = (await partitionsOf(db, table)).filter((name) => /^[a-z_]+_\d{8}$/.test(name) && name <= last);
  return names.map((name) => ({
    name,
    first: name.slice(-8),
    last: name.slice(-8),
    // The whole table first, as all who read it come to its partitions by it: the other way round both wait for each other.
    locks: `LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE; LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`,
    drop: (tx) => tx.script(`DROP TABLE ${name}`),
  }));
}

async function oldChunks(db: Db, table: DayTable, beforeMs: number): Promise<Part[]> {
  const old = (await chunksOf(db, table)).filter(({ untilMs }) => untilMs <= beforeMs);
  return old.map((chunk) => ({
    name: chunk.name,
    first: dayOf(chunk.fromMs),
    last: dayOf(chunk.untilMs - 1),
    locks: `LOCK TABLE ${chunk.name} IN ACCESS EXCLUSIVE MODE`,
    drop: (tx) => dropChunks(tx, table, chunk),
  }));
}

function dropSettled(db: Db, table: DayTable, part: Part): Promise<boolean> {
  return db.transaction(async (tx) => {
    // The lock waits for flushes that write here; their marks are then seen.
    await tx.script(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}; ${part.locks}`);
    if (await isAwaited(tx, table, part)) return false;
    await part.drop(tx);
    return true;
  });
}

/** Whether anything of a part still waits for its rollup or for being packed. */
async function isAwaited(db: Db, table: DayTable, { name, first, last }: Part): Promise<boolean> {
  const [waiting] = await db.query(
    `SELECT 1 WHERE EXISTS (SELECT FROM dirty_hour WHERE hour >= ($1::text)::date AND hour < ($2::text)::date + 1)
       OR EXISTS (SELECT FROM rolling_hour WHERE hour >= ($1::text)::date AND hour < ($2::text)::date + 1)
       OR EXISTS (SELECT FROM dirty_day WHERE day BETWEEN ($1::text)::date AND ($2::text)::date + 1)
       ${table === "run" ? `OR EXISTS (SELECT FROM ${name})` : ""}`,
    [first, last],
  );
  return waiting !== undefined;
}

/** The names of a table's partitions, oldest first. */
async function partitionsOf(db: Db, table: string): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = $1 ORDER BY 1",
    [table],
  );
  return rows.map(({ name }) => name);
}

/** Whether a table is cut by PostgreSQL itself. */
async function isPartitioned(db: Db, table: string): Promise<boolean> {
  const [row] = await db.query<{ cut: boolean }>("SELECT relkind = 'p' AS cut FROM pg_class WHERE oid = to_regclass($1)", [`public.${table}`]);
  return row?.cut ?? false;
}

function daysIn({ fromMs, untilMs }: Chunk): string[] {
  return Array.from({ length: Math.ceil((untilMs - fromMs) / DAY_MS) }, (_, place) => dayOf(fromMs + place * DAY_MS));
}

/** A partition that is attached takes a lock of its table with which others go on; one that is made as a part of it takes one for which all wait. */
function createStatements(table: string, day: string): string {
  const name = nameOf(table, day);
  const next = dayOf(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
  return `CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL);
    ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${day}T00:00:00Z') TO ('${next}T00:00:00Z')`;
}

/** Whether a lock was not had in the time that was given for it. */
function isLockTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === "55P03";
}

function nameOf(table: string, day: string): string {
  return `${table}_${day.replaceAll("-", "")}`;
}

/** UTC day of an instant. */
function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
