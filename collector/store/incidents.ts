import type { IncidentState } from "../alert/incident-step.ts";
import { type Db, instantMs } from "./db.ts";

export type OpenIncident = {
  readonly siteId: number;
  readonly incidentId: number;
  readonly requirement: string;
  readonly state: IncidentState;
  readonly beganMs: number;
};
type Row = { site_id: number; incident_id: number; requirement: string; state: IncidentState; began_ms: number };

const columns = `site_id, incident_id::float8 AS incident_id, requirement, state, ${instantMs("began_at")} AS began_ms`;

/** The problem of a requirement that has not ended; undefined when there is none. */
export async function openIncident(tx: Db, siteId: number, requirement: string): Promise<OpenIncident | undefined> {
  const [row] = await tx.query<Row>(`SELECT ${columns} FROM incident WHERE site_id = $1 AND requirement = $2 AND subject = '' AND state <> 'closed'`, [
    siteId,
    requirement,
  ]);
  return row && incidentOf(row);
}

/** Begins a problem; a second beginning changes nothing. */
export async function beginIncident(tx: Db, siteId: number, requirement: string, nowMs: number): Promise<void> {
  await tx.query(
    `INSERT INTO incident (site_id, requirement, state, began_at) VALUES ($1, $2, 'soft', to_timestamp($3::float8 / 1000))
     ON CONFLICT (site_id, requirement, subject) WHERE state <> 'closed' DO NOTHING`,
    [siteId, requirement, nowMs],
  );
}

/** Ends a problem. */
export async function closeIncident(tx: Db, { siteId, incidentId }: OpenIncident, nowMs: number): Promise<void> {
  await tx.query("UPDATE incident SET state = 'closed', closed_at = to_timestamp($3::float8 / 1000) WHERE site_id = $1 AND incident_id = $2", [
    siteId,
    incidentId,
    nowMs,
  ]);
}

/** Opens the soft problems of a requirement that began by `beganBeforeMs` and gives them: whoever calls tells people in the same transaction. */
export async function openSoftIncidents(tx: Db, requirement: string, beganBeforeMs: number, nowMs: number): Promise<OpenIncident[]> {
  const rows = await tx.query<Row>(
    `UPDATE incident SET state = 'open', opened_at = to_timestamp($3::float8 / 1000)
     WHERE requirement = $1 AND state = 'soft' AND began_at <= to_timestamp($2::float8 / 1000) RETURNING ${columns}`,
    [requirement, beganBeforeMs, nowMs],
  );
  return rows.map(incidentOf);
}

/** Marks that somebody takes care. False when there is no such open problem. */
export async function acknowledgeIncident(db: Db, incidentId: number, nowMs: number): Promise<boolean> {
  const rows = await db.query(
    "UPDATE incident SET state = 'acknowledged', acknowledged_at = to_timestamp($2::float8 / 1000) WHERE incident_id = $1 AND state = 'open' RETURNING incident_id",
    [incidentId, nowMs],
  );
  return rows.length > 0;
}

function incidentOf({ site_id, incident_id, requirement, state, began_ms }: Row): OpenIncident {
  return { siteId: site_id, incidentId: incident_id, requirement, state, beganMs: began_ms };
}
