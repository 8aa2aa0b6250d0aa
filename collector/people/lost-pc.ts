import { vietnamDay } from "#schemas/calendar.ts";
import { type Device, isClosedOn } from "#schemas/inventory.ts";
import { agentsLetIn, endOpenCodes, setAgentState } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { findSite } from "../store/sites.ts";
import { type MadeCode, makeEnrolCode } from "./enrol-codes.ts";

export type LostPc = {
  /** Ids of the agents that are refused from now on. */
  readonly agents: readonly string[];
  /** What the PC may have held passwords of: they stay on it, so the collector cannot know of which. */
  readonly devices: readonly Device[];
  /** Enrols the next PC of the centre. None where the centre is closed. */
  readonly code: MadeCode | undefined;
};

/**
 * A gateway PC is gone: refuses all agents of its centre for good, ends the codes that were still open, and makes one for the next PC.
 * All or nothing. Undefined when there is no such centre.
 */
export async function loseGatewayPc(db: Db, centre: string, nowMs: number): Promise<LostPc | undefined> {
  const site = await findSite(db, centre);
  if (!site) return undefined;
  return db.transaction(async (tx) => {
    const holding = await agentsLetIn(tx, centre);
    for (const { agentId } of holding) await setAgentState(tx, agentId, "revoked", { nowMs, reason: "lost" });
    await endOpenCodes(tx, site.siteId, nowMs);
    const code = isClosedOn(site.closed, vietnamDay(nowMs)) ? undefined : await makeEnrolCode(tx, centre, false, nowMs);
    return { agents: holding.map(({ agentId }) => agentId), devices: site.centre.devices.filter(({ address }) => address !== undefined), code };
  });
}
