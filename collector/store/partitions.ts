import { advisoryLocks } from "./advisory-locks.ts";
import type { Db } from "./db.ts";
import { type Chunk, chunksOf, dropChunks } from "./timescale.ts";

const DAY_MS = 86_400_000;
/** Partitions are made this far ahead. */
export const AHEAD_DAYS = 7;

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
    await this.#db.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock($1::int)", [advisoryLocks.partitions]);
      for (const day of missing) await tx.script(createStatement("run", dayOf(day * DAY_MS)));
    });
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
  const rows = await db.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = 'run'",
  );
  const names = new Set(rows.map(({ name }) => name));
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

/** Makes the partitions of one table for these days (ISO dates, UTC) where they are missing; a backup may name a table of an older version. */
export async function createPartitions(tx: Db, table: string, days: readonly string[]): Promise<void> {
  if (days.length > 0 && (await isPartitioned(tx, table))) await tx.script(days.map((day) => createStatement(table, day)).join(";\n"));
}

/**
 * Drops the partitions or chunks of days that ended before `beforeMs`, except where hours or days still wait for their rollup, or runs for being packed;
 * gives the names of the dropped ones.
 */
export async function dropPartitionsBefore(db: Db, table: DayTable, beforeMs: number): Promise<string[]> {
  if (!(await isPartitioned(db, table))) return dropChunksBefore(db, table, beforeMs);
  const rows = await db.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = $1 ORDER BY 1",
    [table],
  );
  const last = nameOf(table, dayOf(beforeMs - DAY_MS));
  const dropped: string[] = [];
  for (const { name } of rows) {
    if (!/^[a-z_]+_\d{8}$/.test(name) || name > last) continue;
    const day = name.slice(-8);
    if (await dropSettled(db, table, { name, first: day, last: day, drop: (tx) => tx.script(`DROP TABLE ${name}`) })) dropped.push(name);
  }
  return dropped;
}

async function dropChunksBefore(db: Db, table: DayTable, beforeMs: number): Promise<string[]> {
  const dropped: string[] = [];
  for (const chunk of (await chunksOf(db, table)).filter(({ untilMs }) => untilMs <= beforeMs)) {
    const span = { first: dayOf(chunk.fromMs), last: dayOf(chunk.untilMs - 1) };
    if (await dropSettled(db, table, { name: chunk.name, ...span, drop: (tx) => dropChunks(tx, table, chunk) })) dropped.push(chunk.name);
  }
  return dropped;
}

type Part = { readonly name: string; readonly first: string; readonly last: string; drop(tx: Db): Promise<void> };

function dropSettled(db: Db, table: DayTable, { name, first, last, drop }: Part): Promise<boolean> {
  return db.transaction(async (tx) => {
    // The lock waits for flushes that write here; their marks are then seen.
    await tx.script(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`);
    const [waiting] = await tx.query(
      `SELECT 1 WHERE EXISTS (SELECT FROM dirty_hour WHERE hour >= ($1::text)::date AND hour < ($2::text)::date + 1)
         OR EXISTS (SELECT FROM rolling_hour WHERE hour >= ($1::text)::date AND hour < ($2::text)::date + 1)
         OR EXISTS (SELECT FROM dirty_day WHERE day BETWEEN ($1::text)::date AND ($2::text)::date + 1)
         ${table === "run" ? `OR EXISTS (SELECT FROM ${name})` : ""}`,
      [first, last],
    );
    if (waiting) return false;
    await drop(tx);
    return true;
  });
}

/** Whether a table is cut by PostgreSQL itself. */
async function isPartitioned(db: Db, table: string): Promise<boolean> {
  const [row] = await db.query<{ cut: boolean }>("SELECT relkind = 'p' AS cut FROM pg_class WHERE oid = to_regclass($1)", [`public.${table}`]);
  return row?.cut ?? false;
}

function daysIn({ fromMs, untilMs }: Chunk): string[] {
  return Array.from({ length: Math.ceil((untilMs - fromMs) / DAY_MS) }, (_, place) => dayOf(fromMs + place * DAY_MS));
}

function createStatement(table: string, day: string): string {
  const next = dayOf(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
  return `CREATE TABLE IF NOT EXISTS ${nameOf(table, day)} PARTITION OF ${table} FOR VALUES FROM ('${day}T00:00:00Z') TO ('${next}T00:00:00Z')`;
}

function nameOf(table: string, day: string): string {
  return `${table}_${day.replaceAll("-", "")}`;
}

/** UTC day of an instant. */
function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
