import { Centre, type DeclaredCentre } from "#schemas/inventory.ts";
import { groupsInTurns } from "../groups-in-turns.ts";
import { textsLiteral } from "./array-literal.ts";
import type { Db } from "./db.ts";
import { jsonText } from "./json-text.ts";

/** Centres whose declarations are checked in one go: each may name a hundred devices. */
const PARSED_AT_ONCE = 200;

/** A centre as it was declared for some day, by what was known at some instant. */
export type DeclaredSite = { readonly siteId: number; readonly centre: Centre };

/**
 * Keeps what a centre declares from a day on. False when that is what counts on the day already. Devices that it does not name are not written: on each
 * day those count that were declared last by then.
 */
export async function addSiteVersion(tx: Db, siteId: number, centre: DeclaredCentre, fromDay: string, nowMs: number): Promise<boolean> {
  const last = (value: string) =>
    `SELECT ${value} FROM site_version WHERE site_id = $1 AND effective_from <= ($2::text)::date AND ${value} IS NOT NULL
     ORDER BY effective_from DESC, recorded_at DESC LIMIT 1`;
  const rows = await tx.query(
    `INSERT INTO site_version (site_id, effective_from, recorded_at, centre)
     SELECT $1::int, ($2::text)::date, to_timestamp($3::float8 / 1000), ($4::text)::jsonb
     WHERE ($4::text)::jsonb - 'devices' IS DISTINCT FROM (${last("centre - 'devices'")})
       OR ($4::text)::jsonb -> 'devices' <> coalesce((${last("centre -> 'devices'")}), 'null')
     ON CONFLICT (site_id, effective_from, recorded_at) DO UPDATE
       SET centre = jsonb_build_object('devices', coalesce(site_version.centre -> 'devices', '[]')) || excluded.centre RETURNING site_id`,
    [siteId, fromDay, nowMs, jsonText(centre)],
  );
  return rows.length > 0;
}

/** Brings `site` to the versions that count on `today`; gives the sites that changed. Again changes nothing. */
export async function applySiteVersions(tx: Db, today: string, nowMs: number): Promise<number[]> {
  const rows = await tx.query<{ site_id: number }>(
    `UPDATE site s SET name = v.name, district = v.district, latitude = v.latitude, longitude = v.longitude, officers = v.officers, key_area = v.key_area,
       contract_mbps = v.contract_mbps, isp = v.isp, contract_number = v.contract_number, devices = v.devices, changed_at = to_timestamp($3::float8 / 1000), version = s.version + 1
     FROM (
       SELECT site_id, centre ->> 'name' AS name, centre ->> 'district' AS district, (centre ->> 'latitude')::float8 AS latitude,
         (centre ->> 'longitude')::float8 AS longitude, (centre ->> 'officers')::int AS officers, (centre ->> 'keyArea')::boolean AS key_area,
         (centre ->> 'contractMbps')::float8 AS contract_mbps, centre ->> 'isp' AS isp, centre ->> 'contractNumber' AS contract_number, centre -> 'devices' AS devices
       FROM (${versionsAsOf()}) AS declared
     ) AS v
     WHERE v.site_id = s.site_id
       AND (s.name, s.district, s.latitude, s.longitude, s.officers, s.key_area, s.contract_mbps, s.isp, s.contract_number, s.devices)
         IS DISTINCT FROM (v.name, v.district, v.latitude, v.longitude, v.officers, v.key_area, v.contract_mbps, v.isp, v.contract_number, v.devices)
     RETURNING s.site_id`,
    [today, nowMs, nowMs],
  );
  return rows.map(({ site_id }) => site_id);
}

/**
 * The centres as they were declared for a Vietnam day, by what was known at `knownMs`, in order of their codes; without those that were closed by then.
 * `begunBy` leaves out those of which nothing was declared for that day or an earlier one; `only` names the centres that are asked for, all when absent.
 */
export async function sitesAsOf(
  db: Db,
  day: string,
  knownMs: number,
  { begunBy, only }: { readonly begunBy?: string; readonly only?: readonly string[] } = {},
): Promise<DeclaredSite[]> {
  // By their bytes, as the program compares codes: the language of a database may pass over hyphens.
  const rows = await db.query<{ site_id: number; centre: unknown }>(
    `SELECT site_id, centre FROM (${versionsAsOf(only && NAMED)}) AS declared LEFT JOIN (${closingsKnown}) AS c USING (site_id)
     WHERE (c.closed_on IS NULL OR c.closed_on > ($1::text)::date) AND ($3::text IS NULL OR effective_from <= ($3::text)::date)
     ORDER BY centre ->> 'code' COLLATE "C"`,
    [day, knownMs, begunBy ?? null, ...(only ? [textsLiteral(only)] : [])],
  );
  const sites: DeclaredSite[] = [];
  for await (const group of groupsInTurns(rows, PARSED_AT_ONCE))
    sites.push(...group.map(({ site_id, centre }) => ({ siteId: site_id, centre: Centre.parse(centre) })));
  return sites;
}

// In a statement of its own, not "of all where none are named": the plan of that reads the versions of all centres for one.
const NAMED = "site_id = ANY (ARRAY(SELECT site_id FROM site WHERE centre_code = ANY (($4::text)::text[])))";

// Of the versions known by then the newest that had begun; before the first one began, that first one.
const lastOf = (columns: string, condition: string) => `
  SELECT DISTINCT ON (site_id) site_id, ${columns} FROM site_version WHERE recorded_at <= to_timestamp($2::float8 / 1000) AND ${condition}
  ORDER BY site_id, effective_from > ($1::text)::date, CASE WHEN effective_from <= ($1::text)::date THEN effective_from END DESC, effective_from, recorded_at DESC`;

const versionsAsOf = (whose = "true") => `
  SELECT site_id, effective_from, d.devices_of || v.centre AS centre FROM (${lastOf("centre, effective_from", whose)}) AS v
  JOIN (${lastOf("jsonb_build_object('devices', centre -> 'devices') AS devices_of", `centre -> 'devices' IS NOT NULL AND ${whose}`)}) AS d USING (site_id)`;

const closingsKnown = `
  SELECT DISTINCT ON (site_id) site_id, closed_on FROM site_closing WHERE recorded_at <= to_timestamp($2::float8 / 1000) ORDER BY site_id, recorded_at DESC`;
