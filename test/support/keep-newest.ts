import type { Db } from "../../collector/store/db.ts";

/** Gives a series a newest value by hand, in a row of its own: no source that a test makes has a number below 1. */
export async function keepNewest(
  db: Db,
  told: { readonly siteId: number; readonly seriesId: number; readonly at: string; readonly value: number },
): Promise<void> {
  await db.query("UPDATE series SET source_id = -series_id WHERE site_id = $1 AND series_id = $2", [told.siteId, told.seriesId]);
  await db.query(
    `INSERT INTO newest_values (site_id, source_id, ts, series_ids, vals) VALUES ($1, -($2::int4), ($3::text)::timestamptz, ARRAY[$2::int4], ARRAY[$4::float8])
     ON CONFLICT (site_id, source_id) DO UPDATE SET ts = excluded.ts, vals = excluded.vals`,
    [told.siteId, told.seriesId, told.at, told.value],
  );
}
