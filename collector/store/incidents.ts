import type { IncidentState } from "../alert/incident-step.ts";
import { type Db, instantMs } from "./db.ts";

export type OpenIncident = {
  readonly siteId: number;
  readonly incidentId: number;
  readonly requirement: string;
  readonly state: IncidentState;
  readonly beganMs: number;
  /** How people heard of it: by a letter of its own, by the digest of a storm (its key), not at all. */
  readonly told?: string | undefined;
};
type Row = { site_id: number; incident_id: number; requirement: string; state: IncidentState; began_ms: number; told: string | null };

const columns = `site_id, incident_id::float8 AS incident_id, requirement, state, ${instantMs("began_at")} AS began_ms, body ->> 'told' AS told`;

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

/** All problems of a requirement that have not ended. */
export async function openIncidentsOf(tx: Db, requirement: string): Promise<OpenIncident[]> {
  return (
    await tx.query<Row>(`SELECT ${columns} FROM incident WHERE requirement = $1 AND subject = '' AND state <> 'closed' ORDER BY incident_id`, [requirement])
  ).map(incidentOf);
}

/** Remembers how people heard of a problem: only those have a recovery. */
export async function markTold(tx: Db, { siteId, incidentId }: OpenIncident, told: string): Promise<void> {
  await tx.query("UPDATE incident SET body = body || jsonb_build_object('told', $3::text) WHERE site_id = $1 AND incident_id = $2", [siteId, incidentId, told]);
}

/** How often people heard of the same problem since `sinceMs`, this time not counted. */
export async function timesTold(tx: Db, { siteId, requirement, incidentId }: OpenIncident, sinceMs: number): Promise<number> {
  const [row] = await tx.query<{ told: number }>(
    "SELECT count(*)::int AS told FROM incident WHERE site_id = $1 AND requirement = $2 AND incident_id <> $3 AND opened_at > to_timestamp($4::float8 / 1000)",
    [siteId, requirement, incidentId, sinceMs],
  );
  return row?.told ?? 0;
}

/** Storms of a requirement of which every problem has ended, not yet told as over; marks them. Gives each storm's key and size. */
export async function takeEndedStorms(tx: Db, requirement: string): Promise<{ key: string; count: number }[]> {
  return tx.query<{ key: string; count: number }>(
    `WITH ended AS (
       SELECT body ->> 'told' AS key FROM incident WHERE requirement = $1 AND body ->> 'told' LIKE 'storm-%' AND NOT body ? 'over'
       GROUP BY 1 HAVING bool_and(state = 'closed')
     ), marked AS (
       UPDATE incident SET body = body || '{"over": true}' FROM ended WHERE requirement = $1 AND body ->> 'told' = ended.key RETURNING ended.key
     )
     SELECT key, count(*)::int AS count FROM marked GROUP BY key ORDER BY key`,
    [requirement],
  );
}

/** Requirements with something to open or a storm to end. */
export async function requirementsToTell(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ requirement: string }>(
    "SELECT DISTINCT requirement FROM incident WHERE state = 'soft' OR (body ->> 'told' LIKE 'storm-%' AND NOT body ? 'over')",
  );
  return new Set(rows.map(({ requirement }) => requirement));
}

/** Every site that was ever heard, with the time of its last word. */
export async function lastContacts(db: Db): Promise<{ siteId: number; lastMs: number }[]> {
  const rows = await db.query<{ site_id: number; last_ms: number }>(
    `SELECT site_id, ${instantMs("last_contact_at")} AS last_ms FROM site WHERE last_contact_at IS NOT NULL ORDER BY site_id`,
  );
  return rows.map(({ site_id, last_ms }) => ({ siteId: site_id, lastMs: last_ms }));
}

/** Marks that somebody takes care. False when there is no such open problem. */
export async function acknowledgeIncident(db: Db, incidentId: number, nowMs: number): Promise<boolean> {
  const rows = await db.query(
    "UPDATE incident SET state = 'acknowledged', acknowledged_at = to_timestamp($2::float8 / 1000) WHERE incident_id = $1 AND state = 'open' RETURNING incident_id",
    [incidentId, nowMs],
  );
  return rows.length > 0;
}

function incidentOf({ site_id, incident_id, requirement, state, began_ms, told }: Row): OpenIncident {
  return { siteId: site_id, incidentId: incident_id, requirement, state, beganMs: began_ms, ...(told !== null && { told }) };
}
