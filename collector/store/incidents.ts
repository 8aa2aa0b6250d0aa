import type { Beginning, Incident } from "../alert/incident.ts";
import { acknowledge } from "../alert/incident-step.ts";
import { numbersLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { jsonText } from "./json-text.ts";
import { type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";
import { sitesWithPoints } from "./points.ts";

/** What stands in columns of its own; the rest of a problem is its `body`. */
type Columns = Pick<Incident, "id" | "siteId" | "requirement" | "subject" | "state" | "beganMs" | "openedMs" | "acknowledgedMs" | "closedMs">;
type Body = Omit<Incident, keyof Columns>;
type Row = {
  site_id: number;
  id: number;
  requirement: string;
  subject: string;
  state: Incident["state"];
  began: number;
  opened: number | null;
  acknowledged: number | null;
  closed: number | null;
  body: Partial<Body>;
};

const columns = `site_id, incident_id::float8 AS id, requirement, subject, state, ${instantMs("began_at")} AS began, ${instantMs("opened_at")} AS opened,
  ${instantMs("acknowledged_at")} AS acknowledged, ${instantMs("closed_at")} AS closed, body`;

/** The problems of some sites that have not ended, kept from other writers until the transaction ends. Site 0 is the province. */
export async function standingIncidents(tx: Db, siteIds: readonly number[]): Promise<Incident[]> {
  const rows = await tx.query<Row>(
    `SELECT ${columns} FROM incident WHERE site_id = ANY (($1::text)::int4[]) AND state <> 'closed' ORDER BY incident_id FOR UPDATE`,
    [numbersLiteral(siteIds)],
  );
  return rows.map(incidentOf);
}

/** Keeps everybody else from changing problems until the transaction ends: one step at a time, whatever number of collectors there is. */
export async function lockIncidents(tx: Db): Promise<void> {
  await tx.query("LOCK TABLE incident IN EXCLUSIVE MODE");
}

/** All problems that have not ended, those that ended since, and those of storms whose end is not told. */
export async function incidentsSince(tx: Db, closedSinceMs: number): Promise<Incident[]> {
  const rows = await tx.query<Row>(
    `SELECT ${columns} FROM incident WHERE state <> 'closed'
     UNION SELECT ${columns} FROM incident WHERE state = 'closed' AND closed_at >= to_timestamp($1::float8 / 1000)
     UNION SELECT ${columns} FROM incident WHERE body ? 'storm' AND NOT body @> '{"stormOver": true}'`,
    [closedSinceMs],
  );
  return rows.map(incidentOf);
}

/** Begins a problem; a second beginning changes nothing. */
export async function beginIncident(tx: Db, { siteId, requirement, subject, beganMs }: Beginning): Promise<void> {
  await tx.query(
    `INSERT INTO incident (site_id, requirement, subject, state, began_at, body) VALUES ($1, $2, $3, 'soft', to_timestamp($4::float8 / 1000), '{"told": [], "level": 0}')
     ON CONFLICT (site_id, requirement, subject) WHERE state <> 'closed' DO NOTHING`,
    [siteId, requirement, subject, beganMs],
  );
}

/** Writes a problem as it is now. */
export async function writeIncident(tx: Db, incident: Incident): Promise<void> {
  const { id, siteId, requirement: _, subject: __, beganMs: ___, state, openedMs, acknowledgedMs, closedMs, ...body } = incident;
  const at = (place: number) => `to_timestamp($${place}::float8 / 1000)`;
  await tx.query(
    `UPDATE incident SET state = $3, opened_at = ${at(4)}, acknowledged_at = ${at(5)}, closed_at = ${at(6)}, body = ($7::text)::jsonb
     WHERE site_id = $1 AND incident_id = $2`,
    [siteId, id, state, openedMs ?? null, acknowledgedMs ?? null, closedMs ?? null, jsonText(body)],
  );
}

/** A problem by its number. */
export async function findIncident(db: Db, id: number): Promise<Incident | undefined> {
  const [row] = await db.query<Row>(`SELECT ${columns} FROM incident WHERE incident_id = $1`, [id]);
  return row && incidentOf(row);
}

export type IncidentFilter = { readonly centre?: string | undefined; readonly requirement?: string | undefined; readonly closed?: boolean | undefined };
/** `isp`: who provides the line of the centre's main office. `hasPoints`: the centre has, or had, a reception point beside it. */
export type ListedIncident = Incident & { readonly centre?: string; readonly centreName?: string; readonly isp?: string; readonly hasPoints?: boolean };

// $1 is whether they have ended, $2 the centre and $3 the requirement, null for all.
const openedOnes = `incident i LEFT JOIN site s USING (site_id)
     WHERE state <> 'soft' AND opened_at IS NOT NULL AND (state = 'closed') = $1 AND ($2::text IS NULL OR s.centre_code = $2) AND ($3::text IS NULL OR requirement = $3)`;

/** A page of the problems that were opened, the newest first, with the names and providers of their centres: those that stand, or the last ones that have ended. */
export function incidentPart(db: Db, filter: IncidentFilter, page: number): Promise<ListPart<ListedIncident>> {
  const { centre, requirement, closed = false } = filter;
  const counted = db.query<{ total: number }>(`SELECT count(*)::int AS total FROM ${openedOnes}`, [closed, centre ?? null, requirement ?? null]);
  return listPart(page, listIncidents(db, filter, page), counted);
}

async function listIncidents(db: Db, { centre, requirement, closed = false }: IncidentFilter, page: number): Promise<ListedIncident[]> {
  const rows = await db.query<Row & { code: string | null; name: string | null; isp: string | null }>(
    `SELECT ${columns.replace("site_id", "i.site_id")}, s.centre_code AS code, s.name, s.isp
     FROM ${openedOnes}
     ORDER BY opened_at DESC, incident_id DESC LIMIT ${PART_ROWS} OFFSET $4::int`,
    [closed, centre ?? null, requirement ?? null, rowsBefore(page)],
  );
  const withPoints = await sitesWithPoints(db, [...new Set(rows.map(({ site_id }) => site_id))]);
  return rows.map((row) => ({
    ...incidentOf(row),
    ...(row.code !== null && { centre: row.code }),
    ...(row.name !== null && { centreName: row.name }),
    ...(row.isp !== null && { isp: row.isp }),
    ...(withPoints.has(row.site_id) && { hasPoints: true }),
  }));
}

/**
 * Marks that somebody takes care of a problem, and of all others of its storm; of those of one centre alone where he is `confinedTo` it. Gives the numbers
 * that were open until now; none is nobody's to take.
 */
export async function acknowledgeIncident(db: Db, id: number, by: string, nowMs: number, confinedTo?: string): Promise<number[]> {
  return db.transaction(async (tx) => {
    const rows = await tx.query<Row>(
      `SELECT ${columns} FROM incident WHERE state = 'open' AND (incident_id = $1 OR body ->> 'storm' = (SELECT body ->> 'storm' FROM incident WHERE incident_id = $1))
         AND ($2::text IS NULL OR site_id IN (SELECT site_id FROM site WHERE centre_code = $2))
       ORDER BY incident_id FOR UPDATE`,
      [id, confinedTo ?? null],
    );
    const taken = rows.flatMap((row) => acknowledge(incidentOf(row), by, nowMs) ?? []);
    for (const incident of taken) await writeIncident(tx, incident);
    return taken.map((incident) => incident.id);
  });
}

function incidentOf({ site_id, id, requirement, subject, state, began, opened, acknowledged, closed, body }: Row): Incident {
  return {
    level: 0,
    told: [],
    ...body,
    id,
    siteId: site_id,
    requirement,
    subject,
    state,
    beganMs: began,
    ...(opened !== null && { openedMs: opened }),
    ...(acknowledged !== null && { acknowledgedMs: acknowledged }),
    ...(closed !== null && { closedMs: closed }),
  };
}
