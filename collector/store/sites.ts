import type { SQL } from "drizzle-orm";
import { vietnamDay } from "#schemas/calendar.ts";
import { Centre, type Closing, type DeclaredCentre, isClosedOn } from "#schemas/inventory.ts";
import type { Db } from "./db.ts";
import { asc, eq, inArray } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { addSiteVersion, applySiteVersions } from "./site-versions.ts";
import { sites } from "./tables.ts";

export type Site = {
  readonly siteId: number;
  readonly centre: Centre;
  readonly version: number;
  /** Declared by `centre close`; its day may still be to come. */
  readonly closed?: Closing;
};

/**
 * Keeps what centres declare from a Vietnam day on, today when none is given; a later day waits until it has come. Verdicts change from that day on
 * and not before. A centre without `devices` keeps those of each day, a new one has none. Gives how many centres were new and how many changed.
 */
export async function importCentres(
  db: Db,
  centres: readonly DeclaredCentre[],
  nowMs: number,
  fromDay: string = vietnamDay(nowMs),
): Promise<{ added: number; changed: number }> {
  let added = 0;
  let changed = 0;
  await db.transaction(async (tx) => {
    for (const centre of centres) {
      const [fresh] = await tx.query<{ site_id: number }>(
        `INSERT INTO site (centre_code, name, changed_at) VALUES ($1, $2, to_timestamp($3::float8 / 1000)) ON CONFLICT (centre_code) DO NOTHING RETURNING site_id`,
        [centre.code, centre.name, nowMs],
      );
      const [known] = fresh ? [fresh] : await tx.query<{ site_id: number }>("SELECT site_id FROM site WHERE centre_code = $1", [centre.code]);
      const declared = fresh ? { ...centre, devices: centre.devices ?? [] } : centre;
      const isNews = known !== undefined && (await addSiteVersion(tx, known.site_id, declared, fromDay, nowMs));
      if (fresh) added++;
      else if (isNews) changed++;
    }
    await applySiteVersions(tx, vietnamDay(nowMs), nowMs);
  });
  return { added, changed };
}

/** All centres in order of their code, closed ones too. */
export async function allSites(db: Db): Promise<Site[]> {
  return sitesWhere(db, undefined);
}

/** The centres that are not closed on a Vietnam day, in order of their code. */
export async function openSites(db: Db, day: string): Promise<Site[]> {
  return (await allSites(db)).filter(({ closed }) => !isClosedOn(closed, day));
}

/** A centre by its code, or by its site's number. */
export async function findSite(db: Db, key: string | number): Promise<Site | undefined> {
  const [found] = await sitesWhere(db, typeof key === "number" ? eq(sites.siteId, key) : eq(sites.centreCode, key));
  return found;
}

/** The sites of some numbers that there are, in order of their code. */
export async function sitesOf(db: Db, siteIds: readonly number[]): Promise<Site[]> {
  return sitesWhere(db, inArray(sites.siteId, [...siteIds]));
}

async function sitesWhere(db: Db, condition: SQL | undefined): Promise<Site[]> {
  const { siteId, version, centreCode: code, name, district, latitude, longitude, officers, keyArea, contractMbps, isp, contractNumber, devices } = sites;
  const { closedOn, closedInto } = sites;
  const centre = { code, name, district, latitude, longitude, officers, keyArea, contractMbps, isp, contractNumber, devices };
  const rows = await drizzled(db, (to) => to.select({ siteId, version, centre, closedOn, closedInto }).from(sites).where(condition).orderBy(asc(code)));
  return rows.map(({ closedOn: on, closedInto: into, ...row }) => ({
    ...row,
    centre: Centre.parse(declared(row.centre)),
    ...(on !== null && { closed: { on, ...(into !== null && { into }) } }),
  }));
}

/** What was declared: a column that is NULL is no part of a centre. */
function declared(columns: object): object {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
}
