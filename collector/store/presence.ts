import type { Presence } from "#schemas/facts.ts";
import type { Db } from "./db.ts";

/** The days between two Vietnam days on which devices of a site answered, newest first. */
export async function presenceSince(db: Db, siteId: number, sinceDay: string, untilDay: string): Promise<Presence[]> {
  return db.query<Presence>(
    "SELECT device, role, day::text AS day FROM presence_day WHERE site_id = $1 AND day BETWEEN ($2::text)::date AND ($3::text)::date ORDER BY presence_day.day DESC",
    [siteId, sinceDay, untilDay],
  );
}
