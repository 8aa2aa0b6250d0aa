import { vietnamDay } from "#schemas/calendar.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import type { Db } from "./db.ts";
import { and, asc, eq, gt, isNull } from "./drizzle.ts";
import { drizzled } from "./drizzle-db.ts";
import { agents, contacts, enrolCodes, sites } from "./tables.ts";

export type AgentState = typeof agents.$inferSelect.state;
export type KnownAgent = {
  readonly siteId: number;
  readonly agentId: string;
  readonly publicKey: string;
  /** The key before the last change, and until when it counts, ms. */
  readonly oldPublicKey?: string | null;
  readonly oldKeyUntil?: number | null;
  readonly state: AgentState;
  readonly centre: string;
  /** The reception point at which it stands. */
  readonly point: string;
  readonly isp: string;
  /** The first Vietnam day on which its centre is closed. */
  readonly closedOn?: string | null;
};

/** Open codes that one reception point may have at once. */
export const OPEN_CODES_MAX = 3;

/** An agent by its id, with the centre that its key stands for. */
export async function findAgent(db: Db, agentId: string): Promise<KnownAgent | undefined> {
  const { siteId, publicKey, oldPublicKey, oldKeyUntil, state, point } = agents;
  const [row] = await drizzled(db, (to) =>
    to
      .select({ siteId, publicKey, oldPublicKey, oldKeyUntil, state, point, centre: sites.centreCode, isp: sites.isp, closedOn: sites.closedOn })
      .from(agents)
      .innerJoin(sites, eq(sites.siteId, siteId))
      .where(eq(agents.agentId, agentId)),
  );
  return row && { ...row, agentId, isp: row.isp ?? "" };
}

/** Freezes, revokes or releases an agent; it counts within the time that `AgentKeys` remembers a key. */
export async function setAgentState(db: Db, agentId: string, state: AgentState, { nowMs, reason }: { nowMs: number; reason: string }): Promise<void> {
  const change = { state, stateChangedAt: nowMs, stateReason: reason };
  await drizzled(db, (to) => to.update(agents).set(change).where(eq(agents.agentId, agentId)));
}

/** Keeps the version of an agent's program; writes nothing where it is the same. */
export async function noteAgentVersion(db: Db, agentId: string, version: string): Promise<void> {
  await db.query("UPDATE agent SET version = $2 WHERE agent_id = $1 AND version IS DISTINCT FROM $2", [agentId, version]);
}

export type ListedAgent = {
  readonly agentId: string;
  readonly centre: string;
  /** The reception point at which it stands. */
  readonly point: string;
  readonly state: AgentState;
  readonly stateReason: string | null;
  readonly hostName: string | null;
  readonly version: string | null;
  /** Instants as RFC 3339. */
  readonly enrolledAt: string;
  readonly stateChangedAt: string | null;
  readonly lastSeenAt: string | null;
};

/** Every agent with its centre, by centre and time of enrolment; those of one centre where its code is given. */
export async function listAgents(db: Db, ofCentre?: string): Promise<readonly ListedAgent[]> {
  const { agentId, point, state, stateReason, hostName, version, enrolledAt, stateChangedAt } = agents;
  const rows = await drizzled(db, (to) =>
    to
      .select({ agentId, centre: sites.centreCode, point, state, stateReason, hostName, version, enrolledAt, stateChangedAt, lastSeenAt: contacts.lastAt })
      .from(agents)
      .innerJoin(sites, eq(sites.siteId, agents.siteId))
      .leftJoin(contacts, and(eq(contacts.siteId, agents.siteId), eq(contacts.agentId, agentId)))
      .where(ofCentre === undefined ? undefined : eq(sites.centreCode, ofCentre))
      .orderBy(asc(sites.centreCode), asc(enrolledAt)),
  );
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return rows.map((row) => ({
    ...row,
    enrolledAt: new Date(row.enrolledAt).toISOString(),
    stateChangedAt: iso(row.stateChangedAt),
    lastSeenAt: iso(row.lastSeenAt),
  }));
}

/** The agents that were not refused for good; those of one centre where its code is given. */
export async function agentsLetIn(db: Db, ofCentre?: string): Promise<readonly ListedAgent[]> {
  return (await listAgents(db, ofCentre)).filter(({ state }) => state !== "revoked");
}

/**
 * Gives an active agent a new key; the one that it has counts until `oldUntilMs`. The same key again changes nothing, so an answer that got lost
 * does no harm. False when the agent is not active.
 */
export async function changeKey(db: Db, agentId: string, publicKey: string, oldUntilMs: number): Promise<boolean> {
  // In SQL: the old value of one column becomes the new value of another, in one statement.
  const rows = await db.query(
    `UPDATE agent SET
       old_public_key = CASE WHEN public_key = $2 THEN old_public_key ELSE public_key END,
       old_key_until = CASE WHEN public_key = $2 THEN old_key_until ELSE to_timestamp($3::float8 / 1000) END,
       public_key = $2
     WHERE agent_id = $1 AND state = 'active' RETURNING agent_id`,
    [agentId, publicKey, oldUntilMs],
  );
  return rows.length > 0;
}

/** Keeps the hash of a new code for a reception point. False when the centre is not known or is closed, or the point has too many open codes. */
export async function addEnrolCode(db: Db, centre: string, sha256: string, nowMs: number, expiresMs: number, point: string = MAIN_POINT): Promise<boolean> {
  // In SQL: it counts the open codes and writes in one statement.
  const rows = await db.query(
    `INSERT INTO enrol_code (code_sha256, site_id, created_at, expires_at, point)
     SELECT $2, s.site_id, to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000), $7::text FROM site s
     WHERE s.centre_code = $1 AND (s.closed_on IS NULL OR s.closed_on > ($6::text)::date)
       AND (SELECT count(*) FROM enrol_code c WHERE c.site_id = s.site_id AND c.point = $7::text AND c.used_at IS NULL AND c.expires_at > to_timestamp($3::float8 / 1000)) < $5
     RETURNING site_id`,
    [centre, sha256, nowMs, expiresMs, OPEN_CODES_MAX, vietnamDay(nowMs), point],
  );
  return rows.length > 0;
}

/** Ends the codes of a reception point that nobody has used yet. */
export async function endOpenCodes(db: Db, siteId: number, point: string, nowMs: number): Promise<void> {
  const isOpen = and(eq(enrolCodes.siteId, siteId), eq(enrolCodes.point, point), isNull(enrolCodes.usedAt), gt(enrolCodes.expiresAt, nowMs));
  await drizzled(db, (to) => to.update(enrolCodes).set({ expiresAt: nowMs }).where(isOpen));
}

/** Who an agent is from its enrolment on, and where. */
export type Enrolled = { readonly agentId: string; readonly centre: string; readonly point: string };
export type NewAgent = { readonly agentId: string; readonly publicKey: string; readonly hostName: string | undefined; readonly version: string };

/**
 * Uses a code up and enrols the agent, in one transaction. The same code with the same key again gives the agent that it made: an answer that got lost
 * must not cost a new code. Undefined when the code is unknown, expired or used by another key.
 */
export async function enrolWithCode(db: Db, sha256: string, agent: NewAgent, nowMs: number): Promise<Enrolled | undefined> {
  return db.transaction(async (tx) => {
    const isOpen = and(eq(enrolCodes.codeSha256, sha256), isNull(enrolCodes.usedAt), gt(enrolCodes.expiresAt, nowMs));
    const use = { usedAt: nowMs, usedBy: agent.agentId };
    const [used] = await drizzled(tx, (to) => to.update(enrolCodes).set(use).where(isOpen).returning({ siteId: enrolCodes.siteId, point: enrolCodes.point }));
    if (used) await drizzled(tx, (to) => to.insert(agents).values({ ...agent, ...used, enrolledAt: nowMs }));
    const [made] = await drizzled(tx, (to) =>
      to
        .select({ agentId: agents.agentId, centre: sites.centreCode, point: agents.point })
        .from(enrolCodes)
        .innerJoin(agents, and(eq(agents.siteId, enrolCodes.siteId), eq(agents.agentId, enrolCodes.usedBy)))
        .innerJoin(sites, eq(sites.siteId, agents.siteId))
        .where(and(eq(enrolCodes.codeSha256, sha256), eq(agents.publicKey, agent.publicKey), eq(agents.state, "active"))),
    );
    return made;
  });
}
