import type { Run } from "#schemas/facts.ts";
import type { Finding } from "#schemas/finding.ts";
import type { CentreBrief, Incident, StandingFinding, StoredRun } from "../web/page-store.ts";
import { type Db, instantMs } from "./db.ts";

/** Sites without their devices, with their last contact, as `SiteRow`s; conditions follow. */
export const selectSites = `SELECT site_id, centre_code AS code, name, district, latitude, longitude, officers, key_area, contract_mbps, isp, contract_number, closed_on::text AS closed_on, closed_into, ${instantMs("last_at")} AS last_contact_ms
  FROM site LEFT JOIN centre_contact USING (site_id)`;

/** Incidents of a site ($1) that people were told of and that were open after an instant ($2), open ones first; pages show the newest and count all. */
export const centreIncidents = `
  SELECT incident_id::text AS id, requirement, subject, ${instantMs("began_at")} AS began, ${instantMs("closed_at")} AS closed
  FROM incident
  WHERE site_id = $1 AND state <> 'soft' AND opened_at IS NOT NULL AND (closed_at IS NULL OR closed_at >= ($2::text)::timestamptz)
  ORDER BY closed_at IS NOT NULL, opened_at DESC LIMIT 5000`;

/** The findings of one site as they are stored, without waivers. */
export async function standingFindings(db: Db, siteId: number): Promise<StandingFinding[]> {
  const rows = await db.query<FindingRow>(`SELECT body, ${instantMs("since")} AS since FROM finding WHERE site_id = $1`, [siteId]);
  return rows.map(standingFinding);
}

export type SiteRow = {
  site_id: number;
  code: string;
  name: string;
  district: string | null;
  latitude: number | null;
  longitude: number | null;
  officers: number | null;
  key_area: boolean;
  contract_mbps: number | null;
  isp: string | null;
  contract_number: string | null;
  closed_on: string | null;
  closed_into: string | null;
  last_contact_ms: number | null;
};
export type FindingRow = { body: Finding; since: number };
export type IncidentRow = { id: string; requirement: string; subject: string; began: number; closed: number | null };

export function centreBrief(row: SiteRow): CentreBrief {
  return {
    code: row.code,
    name: row.name,
    keyArea: row.key_area,
    ...(row.district !== null && { district: row.district }),
    ...(row.latitude !== null && { latitude: row.latitude }),
    ...(row.longitude !== null && { longitude: row.longitude }),
    ...(row.officers !== null && { officers: row.officers }),
    ...(row.contract_mbps !== null && { contractMbps: row.contract_mbps }),
    ...(row.isp !== null && { isp: row.isp }),
    ...(row.contract_number !== null && { contractNumber: row.contract_number }),
    ...(row.closed_on !== null && { closed: { on: row.closed_on, ...(row.closed_into !== null && { into: row.closed_into }) } }),
    ...(row.last_contact_ms !== null && { lastContactAt: instant(row.last_contact_ms) }),
  };
}

export function standingFinding({ body, since }: FindingRow): StandingFinding {
  return { ...body, since: instant(since) };
}

export function incident({ id, requirement, subject, began, closed }: IncidentRow): Incident {
  return { id, requirement, beganAt: instant(began), ...(subject !== "" && { subject }), ...(closed !== null && { closedAt: instant(closed) }) };
}

export function storedRun({ atMs, ...run }: Run): StoredRun {
  return { ...run, takenAt: instant(atMs) };
}

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
