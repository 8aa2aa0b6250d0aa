import { Centre } from "#schemas/inventory.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";

export type Site = { readonly siteId: number; readonly centre: Centre; readonly version: number };

type SiteRow = {
  site_id: number;
  centre_code: string;
  name: string;
  district: string | null;
  latitude: number | null;
  longitude: number | null;
  officers: number | null;
  key_area: boolean;
  contract_mbps: number | null;
  isp: string | null;
  devices: unknown;
  version: number;
};

const columns = "site_id, centre_code, name, district, latitude, longitude, officers, key_area, contract_mbps, isp, devices, version";

/** Writes centres as they are declared now; one that is known is replaced when it differs. Gives how many were new and how many changed. */
export async function importCentres(db: Db, centres: readonly Centre[], nowMs: number): Promise<{ added: number; changed: number }> {
  let added = 0;
  let changed = 0;
  await db.transaction(async (tx) => {
    for (const centre of centres) {
      const { code, name, district, latitude, longitude, officers, keyArea, contractMbps, isp, devices } = centre;
      const [row] = await tx.query<{ fresh: boolean }>(
        `INSERT INTO site AS s (centre_code, name, district, latitude, longitude, officers, key_area, contract_mbps, isp, devices, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, ($10::text)::jsonb, to_timestamp($11::float8 / 1000))
         ON CONFLICT (centre_code) DO UPDATE SET name = excluded.name, district = excluded.district, latitude = excluded.latitude, longitude = excluded.longitude,
           officers = excluded.officers, key_area = excluded.key_area, contract_mbps = excluded.contract_mbps, isp = excluded.isp, devices = excluded.devices,
           changed_at = excluded.changed_at, version = s.version + 1
         WHERE (s.name, s.district, s.latitude, s.longitude, s.officers, s.key_area, s.contract_mbps, s.isp, s.devices)
           IS DISTINCT FROM (excluded.name, excluded.district, excluded.latitude, excluded.longitude, excluded.officers, excluded.key_area, excluded.contract_mbps, excluded.isp, excluded.devices)
         RETURNING version = 1 AS fresh`,
        [
          code,
          name,
          district ?? null,
          latitude ?? null,
          longitude ?? null,
          officers ?? null,
          keyArea,
          contractMbps ?? null,
          isp ?? null,
          jsonText(devices),
          nowMs,
        ],
      );
      if (row?.fresh === true) added++;
      else if (row) changed++;
    }
  });
  return { added, changed };
}

/** All centres in order of their code. */
export async function allSites(db: Db): Promise<Site[]> {
  return (await db.query<SiteRow>(`SELECT ${columns} FROM site ORDER BY centre_code`)).map(siteOf);
}

/** A centre by its code, or by its site's number. */
export async function findSite(db: Db, key: string | number): Promise<Site | undefined> {
  const [row] = await db.query<SiteRow>(`SELECT ${columns} FROM site WHERE ${typeof key === "number" ? "site_id" : "centre_code"} = $1`, [key]);
  return row && siteOf(row);
}

function siteOf(row: SiteRow): Site {
  const { site_id, centre_code, name, district, latitude, longitude, officers, key_area, contract_mbps, isp, devices, version } = row;
  const declared = { district, latitude, longitude, officers, contractMbps: contract_mbps, isp };
  const known = Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== null));
  return { siteId: site_id, version, centre: Centre.parse({ code: centre_code, name, keyArea: key_area, devices, ...known }) };
}
