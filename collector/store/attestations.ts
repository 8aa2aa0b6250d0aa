import type { Attestation } from "#schemas/attestation.ts";
import { dayAfter, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { RequirementId } from "#schemas/ids.ts";
import type { Db } from "./db.ts";
import { and, asc, desc, eq, inArray, lt, notInArray, or } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { jsonText } from "./json-text.ts";
import { attestations } from "./tables.ts";

const NEWEST = 200;

/** The attestations of a site, newest first. */
export async function attestationsOf(db: Db, siteId: number): Promise<Attestation[]> {
  const { body, at, id } = attestations;
  const rows = await drizzled(db, (to) =>
    to.select({ body }).from(attestations).where(eq(attestations.siteId, siteId)).orderBy(desc(at), asc(id)).limit(NEWEST),
  );
  return rows.map(({ body }) => body);
}

/** Keeps attestations, all or none. The same id twice changes nothing, so a file can be imported again. Gives the centres that are not known. */
export async function addAttestations(db: Db, said: readonly Attestation[], nowMs: number): Promise<readonly string[]> {
  return db.transaction(async (inside) => {
    const strangers = new Set<string>();
    for (const attestation of said) if (!(await addOne(inside, attestation, nowMs))) strangers.add(attestation.centre);
    return [...strangers];
  });
}

/**
 * Forgets the attestations that ended before a Vietnam day. `validDays`: for how long words on a requirement hold by any rule that there was; on one that no
 * rule knows they hold as long as those that hold longest. Where there is no rule nothing is forgotten.
 */
export async function forgetAttestationsEndedBefore(db: Db, day: string, validDays: ReadonlyMap<RequirementId, number>): Promise<void> {
  if (validDays.size === 0) return;
  const saidBefore = (days: number) => lt(attestations.at, vietnamDayStartMs(dayAfter(day, -days)));
  const { requirement } = attestations;
  const ended = [...Map.groupBy(validDays, ([, days]) => days)].map(([days, own]) =>
    and(
      inArray(
        requirement,
        own.map(([id]) => id),
      ),
      saidBefore(days),
    ),
  );
  const unknown = and(notInArray(requirement, [...validDays.keys()]), saidBefore(Math.max(...validDays.values())));
  await drizzled(db, (to) => to.delete(attestations).where(or(...ended, unknown)));
}

async function addOne(db: Db, attestation: Attestation, nowMs: number): Promise<boolean> {
  // In SQL: one statement finds the site, writes, and says whether it found it.
  const sites = await db.query(
    `WITH place AS (SELECT site_id FROM site WHERE centre_code = $1),
       added AS (INSERT INTO attestation (site_id, id, requirement, item, at, body, recorded_at)
         SELECT site_id, $2, $3, $4, ($5::text)::timestamptz, ($6::text)::jsonb, to_timestamp($7::float8 / 1000) FROM place ON CONFLICT DO NOTHING)
     SELECT site_id FROM place`,
    [attestation.centre, attestation.id, attestation.requirement, attestation.item ?? null, attestation.at, jsonText(attestation), nowMs],
  );
  return sites.length > 0;
}
