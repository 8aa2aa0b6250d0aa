import { setTimeout as sleep } from "node:timers/promises";
import { isLanAddress } from "../../io/lan-address.ts";
import type { ProbeContext } from "../../probe.ts";
import { median } from "./latency.ts";
import type { RoundTrip } from "./limit.ts";

/** Round trips to this LAN's own router. They say where the queue of a full test stands: before the router, or behind it in the line. */
export type LanTrips = {
  /** On the idle line, ms. */
  readonly idleRttMs: number;
  /** Knocks at the router until the signal aborts and adds each round trip to `trips`. Never rejects. */
  readonly sample: (trips: RoundTrip[], signal: AbortSignal) => Promise<void>;
};

/** Routers have a page of their own here; one that refuses has answered, too. */
const ROUTER_PORT = 80;
const IDLE_SHAPE = { count: 5, intervalMs: 100, timeoutMs: 500 } as const;
const LOADED_SHAPE = { count: 1, intervalMs: 100, timeoutMs: 1_000 } as const;
/** A router that is farther away, or has a public address, may be the provider's own: then the line lies before it, too. */
const LAN_RTT_MS_MAX = 2;

/**
 * Meets the router through which the test's interface leaves. Undefined where there is none, where it is the measure server itself or not of this LAN, and
 * where it does not answer: then the LAN cannot be told from the line. @throws when aborted
 */
export async function meetRouter(
  nicName: string | undefined,
  serverAddress: string,
  { io, signal, log }: Pick<ProbeContext, "io" | "signal" | "log">,
): Promise<LanTrips | undefined> {
  const [read] = await Promise.allSettled([io.readDefaultRoute(signal)]);
  signal.throwIfAborted();
  if (read.status === "rejected") log("the default route could not be read", { error: String(read.reason) });
  const route = read.status === "fulfilled" ? read.value : undefined;
  const address = route?.interface === nicName ? route?.gateway : undefined;
  if (address === undefined || address === serverAddress || !isLanAddress(address)) return undefined;
  const { rttsMs } = await io.tcpBurst(address, ROUTER_PORT, IDLE_SHAPE, signal);
  const idleRttMs = median(rttsMs);
  if (idleRttMs === undefined || Math.min(...rttsMs) > LAN_RTT_MS_MAX) return undefined;
  const knock = async (trips: RoundTrip[], until: AbortSignal): Promise<void> => {
    const atMs = performance.now();
    const burst = await io.tcpBurst(address, ROUTER_PORT, LOADED_SHAPE, until);
    trips.push(...burst.rttsMs.map((rttMs) => ({ atMs, rttMs })));
  };
  const sample = async (trips: RoundTrip[], until: AbortSignal): Promise<void> => {
    const knocks: Promise<void>[] = [];
    // None waits for the one before: a full queue loses some, and a test may be over in a second.
    while (!until.aborted) {
      knocks.push(knock(trips, until));
      await Promise.allSettled([sleep(LOADED_SHAPE.intervalMs, undefined, { signal: until })]);
    }
    await Promise.allSettled(knocks);
  };
  return { idleRttMs, sample };
}

/** A round trip that grew by less met no queue. */
const QUEUE_MS = 10;
/** Where the queue stands before the router, the way to it grew as the way to the server did; a queue behind it leaves it as it was. */
const LAN_SHARE = 0.7;
const TRIPS_MIN = 3;

/** Pure. Whether the LAN and not the line was full: by how much round trips to the router, and those to the server, grew meanwhile, ms. False when too few are known. */
export function isQueueInLan(routerQueuesMs: readonly number[], serverQueuesMs: readonly number[]): boolean {
  const [lanMs, wholeMs] = [median(routerQueuesMs), median(serverQueuesMs)];
  if (lanMs === undefined || wholeMs === undefined || routerQueuesMs.length < TRIPS_MIN) return false;
  return lanMs >= QUEUE_MS && lanMs >= LAN_SHARE * wholeMs;
}
