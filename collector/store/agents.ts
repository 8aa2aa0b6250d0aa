import type { Db } from "./db.ts";

export type AgentState = "active" | "revoked" | "frozen";
export type KnownAgent = {
  readonly siteId: number;
  readonly agentId: string;
  readonly publicKey: string;
  readonly state: AgentState;
  readonly centre: string;
  readonly isp: string;
};

/** Open codes that one centre may have at once. */
const OPEN_CODES_MAX = 3;

/** An agent by its id, with the centre that its key stands for. */
export async function findAgent(db: Db, agentId: string): Promise<KnownAgent | undefined> {
  const [row] = await db.query<{ site_id: number; public_key: string; state: AgentState; centre_code: string; isp: string | null }>(
    "SELECT a.site_id, a.public_key, a.state, s.centre_code, s.isp FROM agent a JOIN site s USING (site_id) WHERE a.agent_id = $1",
    [agentId],
  );
  return row && { siteId: row.site_id, agentId, publicKey: row.public_key, state: row.state, centre: row.centre_code, isp: row.isp ?? "" };
}

/** Freezes or revokes an agent; it counts within the time that `AgentKeys` remembers a key. */
export async function setAgentState(db: Db, agentId: string, state: AgentState): Promise<void> {
  await db.query("UPDATE agent SET state = $2 WHERE agent_id = $1", [agentId, state]);
}

/** Keeps the hash of a new code. False when the centre is not known or has too many open codes. */
export async function addEnrolCode(db: Db, centre: string, sha256: string, nowMs: number, expiresMs: number): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO enrol_code (code_sha256, site_id, created_at, expires_at)
     SELECT $2, s.site_id, to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000) FROM site s
     WHERE s.centre_code = $1
       AND (SELECT count(*) FROM enrol_code c WHERE c.site_id = s.site_id AND c.used_at IS NULL AND c.expires_at > to_timestamp($3::float8 / 1000)) < $5
     RETURNING site_id`,
    [centre, sha256, nowMs, expiresMs, OPEN_CODES_MAX],
  );
  return rows.length > 0;
}

export type NewAgent = { readonly agentId: string; readonly publicKey: string; readonly hostName: string | undefined; readonly version: string };

/**
 * Uses a code up and enrols the agent, in one transaction. The same code with the same key again gives the agent that it made: an answer that got lost
 * must not cost a new code. Undefined when the code is unknown, expired or used by another key.
 */
export async function enrolWithCode(db: Db, sha256: string, agent: NewAgent, nowMs: number): Promise<{ agentId: string; centre: string } | undefined> {
  return db.transaction(async (tx) => {
    const [used] = await tx.query<{ site_id: number }>(
      `UPDATE enrol_code SET used_at = to_timestamp($2::float8 / 1000), used_by = $3
       WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > to_timestamp($2::float8 / 1000) RETURNING site_id`,
      [sha256, nowMs, agent.agentId],
    );
    if (used) {
      await tx.query(
        "INSERT INTO agent (site_id, agent_id, public_key, host_name, version, enrolled_at) VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000))",
        [used.site_id, agent.agentId, agent.publicKey, agent.hostName ?? null, agent.version, nowMs],
      );
    }
    const [made] = await tx.query<{ agent_id: string; centre_code: string }>(
      `SELECT a.agent_id, s.centre_code FROM enrol_code c JOIN agent a ON a.site_id = c.site_id AND a.agent_id = c.used_by JOIN site s ON s.site_id = a.site_id
       WHERE c.code_sha256 = $1 AND a.public_key = $2 AND a.state = 'active'`,
      [sha256, agent.publicKey],
    );
    return made && { agentId: made.agent_id, centre: made.centre_code };
  });
}
