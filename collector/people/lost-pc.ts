import { vietnamDay } from "#schemas/calendar.ts";
import { type Device, isClosedOn } from "#schemas/inventory.ts";
import { CODE_MS, hashOfCode, newEnrolCode } from "../auth/enrol-code.ts";
import { addEnrolCode, endOpenCodes, listAgents, setAgentState } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { findSite } from "../store/sites.ts";

export type LostPc = {
  /** Ids of the agents that are refused from now on. */
  readonly agents: readonly string[];
  /** What the PC may have held passwords of: they stay on it, so the collector cannot know of which. */
  readonly devices: readonly Device[];
  /** Enrols the next PC of the centre; shown once. None where the centre is closed. */
  readonly code: string | undefined;
};

/**
 * A gateway PC is gone: refuses all agents of its centre for good, ends the codes that were still open, and makes one for the next PC.
 * All or nothing. Undefined when there is no such centre.
 */
export async function loseGatewayPc(db: Db, centre: string, nowMs: number): Promise<LostPc | undefined> {
  const site = await findSite(db, centre);
  if (!site) return undefined;
  const code = newEnrolCode();
  const isClosed = isClosedOn(site.closed, vietnamDay(nowMs));
  const agents = await db.transaction(async (tx) => {
    const holding = (await listAgents(tx)).filter((agent) => agent.centre === centre && agent.state !== "revoked");
    for (const { agentId } of holding) await setAgentState(tx, agentId, "revoked", { nowMs, reason: "lost" });
    await endOpenCodes(tx, site.siteId, nowMs);
    if (!isClosed) await addEnrolCode(tx, centre, hashOfCode(code) ?? "", nowMs, nowMs + CODE_MS);
    return holding.map(({ agentId }) => agentId);
  });
  return { agents, devices: site.centre.devices.filter(({ address }) => address !== undefined), code: isClosed ? undefined : code };
}
