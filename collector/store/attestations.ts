import type { Attestation } from "#schemas/attestation.ts";
import type { Db } from "./db.ts";

const NEWEST = 200;

/** The attestations of a site, newest first. */
export async function attestationsOf(db: Db, siteId: number): Promise<Attestation[]> {
  const rows = await db.query<{ body: Attestation }>("SELECT body FROM attestation WHERE site_id = $1 ORDER BY at DESC, id LIMIT $2", [siteId, NEWEST]);
  return rows.map(({ body }) => body);
}

/** Keeps an attestation. The same id twice changes nothing, so a file can be imported again. False when the centre is not known. */
export async function addAttestation(db: Db, attestation: Attestation): Promise<boolean> {
  const sites = await db.query(
    `WITH place AS (SELECT site_id FROM site WHERE centre_code = $1),
       added AS (INSERT INTO attestation (site_id, id, requirement, item, at, body)
         SELECT site_id, $2, $3, $4, ($5::text)::timestamptz, ($6::text)::jsonb FROM place ON CONFLICT DO NOTHING)
     SELECT site_id FROM place`,
    [attestation.centre, attestation.id, attestation.requirement, attestation.item ?? null, attestation.at, JSON.stringify(attestation)],
  );
  return sites.length > 0;
}
