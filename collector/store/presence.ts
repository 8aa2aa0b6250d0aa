import { vietnamDay } from "#schemas/calendar.ts";
import type { Presence } from "#schemas/facts.ts";
import type { Db } from "./db.ts";
import { FOREVER_MS, type Moment } from "./moment.ts";

/** The Vietnam days from `sinceMs` to a moment on which devices of a site answered, newest first. */
export async function presenceSince(db: Db, siteId: number, sinceMs: number, { atMs, knownMs = FOREVER_MS }: Moment): Promise<Presence[]> {
  return db.query<Presence>(
    `SELECT device, role, day::text AS day FROM presence_day
     WHERE site_id = $1 AND day BETWEEN ($2::text)::date AND ($3::text)::date AND known_at <= to_timestamp($4::float8 / 1000) ORDER BY presence_day.day DESC, device`,
    [siteId, vietnamDay(sinceMs), vietnamDay(atMs), knownMs],
  );
}
