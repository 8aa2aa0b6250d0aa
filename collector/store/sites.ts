import { asc, eq, type SQL } from "drizzle-orm";
import { Centre } from "#schemas/inventory.ts";
import type { Db } from "./db.ts";
import { drizzled } from "./drizzle-db.ts";
import { jsonText } from "./json-text.ts";
import { sites } from "./tables.ts";

export type Site = { readonly siteId: number; readonly centre: Centre; readonly version: number };

/** Writes centres as they are declared now; one that is known is replaced when it differs. Gives how many were new and how many changed. */
export async function importCentres(db: Db, centres: readonly Centre[], nowMs: number): Promise<{ added: number; changed: number }> {
  let added = 0;
  let changed = 0;
  await db.transaction(async (tx) => {
    for (const centre of centres) {
      const { code, name, district, latitude, longitude, officers, keyArea, contractMbps, isp, devices } = centre;
      // In SQL: drizzle has no words for comparing whole rows, so the longest part would be raw text there too.
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
  return sitesWhere(db, undefined);
}

/** A centre by its code, or by its site's number. */
export async function findSite(db: Db, key: string | number): Promise<Site | undefined> {
  const [found] = await sitesWhere(db, typeof key === "number" ? eq(sites.siteId, key) : eq(sites.centreCode, key));
  return found;
}

async function sitesWhere(db: Db, condition: SQL | undefined): Promise<Site[]> {
  const { siteId, version, centreCode: code, name, district, latitude, longitude, officers, keyArea, contractMbps, isp, devices } = sites;
  const centre = { code, name, district, latitude, longitude, officers, keyArea, contractMbps, isp, devices };
  const rows = await drizzled(db, (to) => to.select({ siteId, version, centre }).from(sites).where(condition).orderBy(asc(code)));
  return rows.map((row) => ({ ...row, centre: Centre.parse(declared(row.centre)) }));
}

/** What was declared: a column that is NULL is no part of a centre. */
function declared(columns: object): object {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
}
