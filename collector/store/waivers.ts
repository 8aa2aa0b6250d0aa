import type { Waiver } from "#schemas/attestation.ts";
import type { Db } from "./db.ts";
import { and, asc, eq, gt, gte, isNull, or } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { jsonText } from "./json-text.ts";
import { sites, waivers } from "./tables.ts";

const LISTED = 1_000;

/** Keeps a waiver. The same id twice changes nothing. False when the centre is not known. */
export async function addWaiver(db: Db, waiver: Waiver, nowMs: number): Promise<boolean> {
  // In SQL: one statement finds the site, writes, and says whether it found it.
  const places = await db.query(
    `WITH place AS (SELECT site_id FROM site WHERE centre_code = $1),
       added AS (INSERT INTO waiver (site_id, id, requirement, from_day, until_day, body, recorded_at)
         SELECT site_id, $2, $3, ($4::text)::date, ($5::text)::date, ($6::text)::jsonb, to_timestamp($7::float8 / 1000) FROM place ON CONFLICT DO NOTHING)
     SELECT site_id FROM place`,
    [waiver.centre, waiver.id, waiver.requirement, waiver.from, waiver.until, jsonText(waiver), nowMs],
  );
  return places.length > 0;
}

/** Waivers that end on `day` or later, of one centre or of all that are not closed on that day, those that end first at the top. */
export async function waiversFrom(db: Db, day: string, centre?: string): Promise<Waiver[]> {
  const asked = and(gte(waivers.untilDay, day), centre === undefined ? or(isNull(sites.closedOn), gt(sites.closedOn, day)) : eq(sites.centreCode, centre));
  const rows = await drizzled(db, (to) =>
    to
      .select({ body: waivers.body })
      .from(waivers)
      .innerJoin(sites, eq(sites.siteId, waivers.siteId))
      .where(asked)
      .orderBy(asc(waivers.untilDay), asc(sites.centreCode), asc(waivers.id))
      .limit(LISTED),
  );
  return rows.map(({ body }) => body);
}
