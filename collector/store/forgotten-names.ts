import { vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Db } from "./db.ts";
import { putSetting, setting } from "./settings.ts";

/** Key of the setting: the Vietnam day before which all names have gone. It comes once a month, and the tables are large. */
const FORGOTTEN_KEY = "names_forgotten";

/**
 * Takes the names of people out of what ended before a Vietnam day: of who wrote a record of a duty, took a problem, was told of it, announced work. What they
 * did, and when, stays; of who was told, how many. A storm that stands keeps the addresses of those who hear of its end.
 */
export async function forgetNamesEndedBefore(db: Db, day: string): Promise<void> {
  if ((await setting(db, FORGOTTEN_KEY)) === day) return;
  const beforeMs = vietnamDayStartMs(day);
  await db.transaction(async (tx) => {
    await tx.query("UPDATE duty_record SET body = body - 'by' WHERE recorded_at < to_timestamp($1::float8 / 1000) AND body ? 'by'", [beforeMs]);
    await tx.query("UPDATE incident SET body = body - 'acknowledgedBy' WHERE closed_at < to_timestamp($1::float8 / 1000) AND body ? 'acknowledgedBy'", [
      beforeMs,
    ]);
    await tx.query(
      `UPDATE incident SET body = body || jsonb_build_object('told', (SELECT jsonb_agg(''::text) FROM jsonb_array_elements(body -> 'told')))
       WHERE closed_at < to_timestamp($1::float8 / 1000) AND jsonb_path_exists(body, '$.told[*] ? (@ != "")')
         AND (NOT body ? 'storm' OR body @> '{"stormOver": true}')`,
      [beforeMs],
    );
    await tx.query("UPDATE maintenance SET body = body - 'person' WHERE until_day < ($1::text)::date AND body ? 'person'", [day]);
    await putSetting(tx, FORGOTTEN_KEY, day);
  });
}
