import { FoundDevice, type KnownDevice } from "#schemas/asset-ledger.ts";
import { numbersLiteral, textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";

/** A device that a search has met on a Vietnam day. */
export type FoundRow = { readonly siteId: number; readonly found: FoundDevice; readonly day: string };

/** Most devices of one site that are read at once, the ones that were met last. */
const FOUND_READ_MAX = 2_000;

/** Remembers what searches have met: the first and the last day of each device, and what the newest search said of it. */
export async function writeFoundDevices(tx: Db, rows: readonly FoundRow[]): Promise<void> {
  const newest = new Map<string, FoundRow & { readonly firstDay: string }>();
  for (const row of rows) {
    const key = `${row.siteId} ${row.found.identity}`;
    const known = newest.get(key);
    const firstDay = known === undefined || row.day < known.firstDay ? row.day : known.firstDay;
    newest.set(key, { ...(known === undefined || row.day >= known.day ? row : known), firstDay });
  }
  if (newest.size === 0) return;
  const sorted = [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  await tx.query(
    `INSERT INTO found_device AS f (site_id, identity, first_day, last_day, body)
     SELECT site_id, identity, first_day::date, last_day::date, body::jsonb
     FROM unnest(($1::text)::int4[], ($2::text)::text[], ($3::text)::text[], ($4::text)::text[], ($5::text)::text[]) AS r(site_id, identity, first_day, last_day, body)
     ON CONFLICT (site_id, identity) DO UPDATE SET first_day = least(f.first_day, excluded.first_day), last_day = greatest(f.last_day, excluded.last_day),
       body = CASE WHEN excluded.last_day >= f.last_day THEN excluded.body ELSE f.body END`,
    [
      numbersLiteral(sorted.map(({ siteId }) => siteId)),
      textsLiteral(sorted.map(({ found }) => found.identity)),
      textsLiteral(sorted.map(({ firstDay }) => firstDay)),
      textsLiteral(sorted.map(({ day }) => day)),
      textsLiteral(sorted.map(({ found }) => jsonText(found))),
    ],
  );
}

/** What searches have met at a site between two Vietnam days. A device whose first day lies after `untilDay` was not known then. */
export async function foundDevices(db: Db, siteId: number, sinceDay: string, untilDay: string): Promise<KnownDevice[]> {
  const rows = await db.query<{ first_day: string; last_day: string; body: unknown }>(
    `SELECT first_day::text, last_day::text, body FROM found_device WHERE site_id = $1 AND last_day >= ($2::text)::date AND first_day <= ($3::text)::date
     ORDER BY found_device.last_day DESC, identity LIMIT $4::int`,
    [siteId, sinceDay, untilDay, FOUND_READ_MAX],
  );
  return rows.map(({ first_day, last_day, body }) => ({
    ...FoundDevice.parse(body),
    firstDay: first_day,
    lastDay: last_day < untilDay ? last_day : untilDay,
  }));
}

/** Forgets what was met last before a Vietnam day. */
export async function forgetFoundBefore(db: Db, day: string): Promise<void> {
  await db.query("DELETE FROM found_device WHERE last_day < ($1::text)::date", [day]);
}
