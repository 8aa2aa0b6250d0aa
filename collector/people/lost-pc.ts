import { vietnamDay } from "#schemas/calendar.ts";
import { type Device, isClosedOn, MAIN_POINT, pointOf } from "#schemas/inventory.ts";
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

/** A centre has gateway PCs at several reception points, and nobody said which one is gone. */
export class PointUnsaid extends Error {
  override readonly name = "PointUnsaid";
  readonly points: readonly string[];
  constructor(points: readonly string[]) {
    super(`the gateway PC of which point: ${points.join(", ")}?`);
    this.points = points;
  }
}

/**
 * A gateway PC is gone: refuses all agents of its reception point for good, ends the codes of that point that were still open, and makes one for the next PC.
 * All or nothing. Undefined when there is no such centre. @throws PointUnsaid
 */
export async function loseGatewayPc(db: Db, centre: string, point: string | undefined, nowMs: number): Promise<LostPc | undefined> {
  const site = await findSite(db, centre);
  if (!site) return undefined;
  return db.transaction(async (tx) => {
    const all = await agentsLetIn(tx, centre);
    const points = [...new Set(all.map(pointOf))];
    if (point === undefined && points.length > 1) throw new PointUnsaid(points);
    const place = point ?? points[0] ?? MAIN_POINT;
    const holding = all.filter((agent) => agent.point === place);
    for (const { agentId } of holding) await setAgentState(tx, agentId, "revoked", { nowMs, reason: "lost" });
    await endOpenCodes(tx, site.siteId, place, nowMs);
    const code = isClosedOn(site.closed, vietnamDay(nowMs)) ? undefined : await makeEnrolCode(tx, { centre, point: place, isAnew: false }, nowMs);
    const devices = site.centre.devices.filter((device) => device.address !== undefined && pointOf(device) === place);
    return { agents: holding.map(({ agentId }) => agentId), devices, code };
  });
}
