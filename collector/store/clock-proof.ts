import { type Db, instantMs } from "./db.ts";
import { putSetting, setting } from "./settings.ts";

/** Key of the setting: when what is past its time was last deleted by a clock that was trusted. Migration 0041 set it for older databases. */
const KEPT_KEY = "last_upkeep";
/** Agents that were heard this long ago or later have a say, ms. */
const HEARD_MS = 3_600_000;
/** From here on the clocks of two machines differ by more than neglect, ms. */
const APART_MS = 86_400_000;

/** What the database knows of the clock of this machine. */
export type ClockProof = {
  /** The last upkeep by a clock that was trusted, ms since the epoch; undefined in a new database. */
  readonly lastMs: number | undefined;
  /** An operator has said since then that the clock is right, whatever agents say. */
  readonly confirmed: boolean;
  /** Agents that were heard within the hour and told their clock: those within a day of ours, and those that we are more than a day ahead of, or behind. */
  readonly agreeing: number;
  readonly ahead: number;
  readonly behind: number;
};

/** Reads what is known of a clock that shows `nowMs`. What is stamped by that clock itself (contacts, arrivals) proves nothing; how far agents are off does. */
export async function readClockProof(db: Db, nowMs: number): Promise<ClockProof> {
  const last = (await setting(db, KEPT_KEY)) as { atMs: number; confirmed: boolean } | undefined;
  const [agents] = await db.query<{ heard: number; ahead: number; behind: number }>(
    `SELECT count(*)::int AS heard, count(*) FILTER (WHERE clock_offset_ms > $3::float8)::int AS ahead, count(*) FILTER (WHERE clock_offset_ms < -$3::float8)::int AS behind
     FROM contact WHERE clock_offset_ms IS NOT NULL AND ${instantMs("last_at")} BETWEEN $1::float8 AND $2::float8`,
    [nowMs - HEARD_MS, nowMs + HEARD_MS, APART_MS],
  );
  const { heard = 0, ahead = 0, behind = 0 } = agents ?? {};
  return { lastMs: last?.atMs, confirmed: last?.confirmed ?? false, agreeing: heard - ahead - behind, ahead, behind };
}

/** Notes that a clock that shows `nowMs` is trusted; `confirmed` where an operator said so. */
export function trustClock(db: Db, nowMs: number, confirmed: boolean): Promise<void> {
  return putSetting(db, KEPT_KEY, { atMs: nowMs, confirmed });
}
