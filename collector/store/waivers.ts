import type { Waiver } from "#schemas/attestation.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";

const LISTED = 1_000;

/** Keeps a waiver. The same id twice changes nothing. False when the centre is not known. */
export async function addWaiver(db: Db, waiver: Waiver): Promise<boolean> {
  const sites = await db.query(
    `WITH place AS (SELECT site_id FROM site WHERE centre_code = $1),
       added AS (INSERT INTO waiver (site_id, id, requirement, from_day, until_day, body)
         SELECT site_id, $2, $3, ($4::text)::date, ($5::text)::date, ($6::text)::jsonb FROM place ON CONFLICT DO NOTHING)
     SELECT site_id FROM place`,
    [waiver.centre, waiver.id, waiver.requirement, waiver.from, waiver.until, jsonText(waiver)],
  );
  return sites.length > 0;
}

/** Waivers that end on `day` or later, of one centre or of all, those that end first at the top. */
export async function waiversFrom(db: Db, day: string, centre?: string): Promise<Waiver[]> {
  const rows = await db.query<{ body: Waiver }>(
    `SELECT w.body FROM waiver w JOIN site USING (site_id)
     WHERE w.until_day >= ($1::text)::date AND ($2::text IS NULL OR site.centre_code = $2::text)
     ORDER BY w.until_day, site.centre_code, w.id LIMIT $3`,
    [day, centre ?? null, LISTED],
  );
  return rows.map(({ body }) => body);
}
