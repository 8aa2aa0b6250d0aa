import type { ExcuseReason } from "#schemas/observation.ts";
import { isShared } from "./foreign.ts";
import type { Decision } from "./sequential.ts";
import type { Direction } from "./transfer.ts";

/** What may have been the limit instead of the line. Absent facts are not known, and accuse nobody. */
export type Circumstances = {
  readonly floorMbps: number | undefined;
  readonly directions: readonly {
    readonly direction: Direction;
    readonly linkMbps: number;
    readonly decision: Decision;
    readonly isTcpLimited: boolean;
    readonly isLanLimited: boolean;
    readonly serverSaturated: boolean;
    /** Traffic that others may have put through the same line during the test; `linkMbps` holds what is sure of it. */
    readonly foreignMbps: number | undefined;
  }[];
  readonly nicSpeedMbps: number | undefined;
  readonly medium: "ethernet" | "wifi" | "virtual" | "unknown";
  readonly isTunnel: boolean;
  readonly isProxied: boolean;
  /** Busy share of this process' event loop and of all cores during the test, 0..1. */
  readonly loopBusyShare: number;
  readonly hostBusyShare: number;
  /** How late nine of ten timers of this process were at most. */
  readonly loopDelayMs: number;
};

const BUSY_SHARE = 0.85;
/** A wire at this share of its negotiated speed is full: frames, gaps and other talk take the rest. */
const NIC_FULL_SHARE = 0.9;
/** A PC whose timers are late by so much does not get the processor that a full line needs, whatever its cores say (containers, virtual machines). */
const LATE_MS = 50;

/**
 * Pure. The first thing that rules out holding the result against the line, from the nearest to the farthest; undefined when the result stands.
 * A run that passes in all directions needs no excuse: whatever disturbed it, the line showed at least that much. One that fails in one direction with
 * nothing to excuse it stands, whatever disturbed the other one.
 */
export function excuseOf(found: Circumstances): ExcuseReason | undefined {
  const { floorMbps, directions } = found;
  const low = floorMbps === undefined ? directions : directions.filter(({ decision }) => decision.verdict !== "pass");
  const excuses = low.map((one) => excuseOfDirection(found, one));
  return floorMbps !== undefined && excuses.includes(undefined) ? undefined : order.find((excuse) => excuses.includes(excuse));
}

/** From the nearest to the farthest. */
const order: readonly ExcuseReason[] = [
  "proxied",
  "nic_limited",
  "wifi_uplink",
  "cpu_bound",
  "lan_limited",
  "server_saturated",
  "contended",
  "loss_limited",
  "borderline",
];

function excuseOfDirection(found: Circumstances, one: Circumstances["directions"][number]): ExcuseReason | undefined {
  if (found.isProxied || found.isTunnel) return "proxied";
  if (isNicTheLimit(found, one)) return "nic_limited";
  if (found.medium === "wifi") return "wifi_uplink";
  if (found.loopBusyShare > BUSY_SHARE || found.hostBusyShare > BUSY_SHARE || found.loopDelayMs > LATE_MS) return "cpu_bound";
  if (one.isLanLimited) return "lan_limited";
  const { foreignMbps, linkMbps, decision } = one;
  if (one.serverSaturated) return "server_saturated";
  // Others and we together clearly below the floor is a slow line, shared or not.
  if (isShared(foreignMbps, linkMbps) && decision.verdict === "borderline") return "contended";
  if (one.isTcpLimited) return "loss_limited";
  return found.floorMbps !== undefined && decision.verdict === "borderline" ? "borderline" : undefined;
}

function isNicTheLimit({ floorMbps, nicSpeedMbps }: Circumstances, { linkMbps }: Circumstances["directions"][number]): boolean {
  if (nicSpeedMbps === undefined) return false;
  const cannotShowFloor = floorMbps !== undefined && nicSpeedMbps * NIC_FULL_SHARE < floorMbps;
  return cannotShowFloor || linkMbps >= NIC_FULL_SHARE * nicSpeedMbps;
}
