import { vietnamDayStartMs } from "#schemas/calendar.ts";
import type { DutyRecord, KeptDuty } from "#schemas/duty.ts";
import type { Db } from "./db.ts";
import { and, asc, desc, eq, gte, lte } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { jsonText } from "./json-text.ts";
import { FOREVER_MS, type Moment } from "./moment.ts";
import { dutyRecords } from "./tables.ts";

/** Records of one site that are read at most: sixty duties a day for two months. */
const READ_MAX = 4_000;

/** What was written of duties at a site from a Vietnam day on, as it was known at a moment; newest first. */
export async function dutiesSince(db: Db, siteId: number, fromDay: string, { atMs, knownMs = FOREVER_MS }: Moment): Promise<KeptDuty[]> {
  const { at, id, body, recordedAt } = dutyRecords;
  const asked = and(eq(dutyRecords.siteId, siteId), gte(at, vietnamDayStartMs(fromDay)), lte(at, atMs), lte(recordedAt, knownMs));
  const rows = await drizzled(db, (to) => to.select({ body }).from(dutyRecords).where(asked).orderBy(desc(at), asc(id)).limit(READ_MAX));
  return rows.map((row) => row.body);
}

/** Keeps records of duties, all or none. The same id twice changes nothing. Gives the centres that are not known; with any of these nothing is kept. */
export async function addDutyRecords(db: Db, records: readonly DutyRecord[], nowMs: number): Promise<readonly string[]> {
  const listed = jsonText(records);
  const strangers = await db.query<{ centre: string }>(
    `SELECT DISTINCT r ->> 'centre' AS centre FROM jsonb_array_elements(($1::text)::jsonb) AS r
     WHERE NOT EXISTS (SELECT 1 FROM site WHERE centre_code = r ->> 'centre') ORDER BY 1`,
    [listed],
  );
  if (strangers.length > 0) return strangers.map(({ centre }) => centre);
  await db.query(
    `INSERT INTO duty_record (site_id, id, requirement, duty, turn, at, body, recorded_at)
     SELECT s.site_id, r ->> 'id', r ->> 'requirement', r ->> 'duty', (r ->> 'turn')::date, (r ->> 'at')::timestamptz, r, to_timestamp($2::float8 / 1000)
     FROM jsonb_array_elements(($1::text)::jsonb) AS r JOIN site s ON s.centre_code = r ->> 'centre' ON CONFLICT DO NOTHING`,
    [listed, nowMs],
  );
  return [];
}
