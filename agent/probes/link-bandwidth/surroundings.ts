import { networkInterfaces } from "node:os";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { busyShare, cpuTimes } from "../../io/cpu-times.ts";
import type { NetworkInterface, ReadInterface } from "../../io/interfaces.ts";

/** Name of the interface that owns a local address. */
export function interfaceOf(localAddress: string): string | undefined {
  return Object.entries(networkInterfaces()).find(([, addresses]) => addresses?.some(({ address }) => address === localAddress))?.[0];
}

/** True for names that VPN programs give their interfaces. PPPoE (ppp0) is a line, not a tunnel. */
export function isTunnelName(name: string): boolean {
  return /^(tun|tap|wg|utun|zt|tailscale)\d*|vpn|wireguard/i.test(name);
}

/** Busy share of this process' event loop and of all cores since `startLoad`, and how late nine of ten timers were at most, ms. */
export type Load = { readonly loopBusyShare: number; readonly hostBusyShare: number; readonly loopDelayMs: number };

const DELAY_RESOLUTION_MS = 10;

/** Starts watching how busy this PC is; the returned function tells the mean until now. */
export function startLoad(): () => Load {
  const loopBefore = performance.eventLoopUtilization();
  const cpuBefore = cpuTimes();
  const delays = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delays.enable();
  return () => {
    delays.disable();
    return {
      loopBusyShare: performance.eventLoopUtilization(loopBefore).utilization,
      hostBusyShare: busyShare(cpuBefore, cpuTimes()) ?? 0,
      loopDelayMs: Math.max(0, delays.percentile(90) / 1e6 - DELAY_RESOLUTION_MS),
    };
  };
}

/** Octet counters of an interface at one moment. `isLine`: all that it carries goes through the line; a PC's own carries the LAN's, too. */
export type Counters = { readonly atMs: number; readonly receivedBytes: number; readonly sentBytes: number; readonly isLine: boolean };

/** Reads the counters now; undefined where the system does not tell them. */
export async function readCounters(read: ReadInterface, name: string | undefined, signal: AbortSignal): Promise<Counters | undefined> {
  if (name === undefined) return undefined;
  const [found] = await Promise.allSettled([read(name, signal)]);
  return found.status === "fulfilled" ? countersOf(found.value) : undefined;
}

function countersOf(nic: NetworkInterface | undefined): Counters | undefined {
  if (nic?.receivedBytes === undefined || nic.sentBytes === undefined) return undefined;
  return { atMs: performance.now(), receivedBytes: nic.receivedBytes, sentBytes: nic.sentBytes, isLine: false };
}

/** Mean rates between two readings; undefined without both. */
export function ratesBetween(before: Counters | undefined, after: Counters | undefined): { receivedMbps: number; sentMbps: number } | undefined {
  if (!before || !after || after.atMs <= before.atMs) return undefined;
  const mbps = (bytes: number) => Math.max(0, (bytes * 8) / ((after.atMs - before.atMs) * 1000));
  return { receivedMbps: mbps(after.receivedBytes - before.receivedBytes), sentMbps: mbps(after.sentBytes - before.sentBytes) };
}
