import type { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { measurePaths } from "#schemas/measure.ts";
import { connectionError, oneConnection, openRequest, refusalOf, type Server } from "./connection.ts";
import type { RoundTrip } from "./limit.ts";

export type Pinger = {
  /** One round trip over the open connection, ms. @throws ProbeError */
  ping(signal: AbortSignal): Promise<number>;
  /** A proxy on the way named itself in the last answer. */
  readonly isProxied: boolean;
  /** Address of this PC's end of the connection. */
  readonly localAddress: string | undefined;
  close(): void;
};

/** Pings the measure server over one kept connection; it feels what an office program feels, also where ICMP is dropped. */
export function openPinger(server: Server): Pinger {
  const agent = oneConnection(server);
  let isProxied = false;
  let localAddress: string | undefined;
  return {
    ping: (signal) =>
      pingOnce(server, agent, signal, (learnt) => {
        isProxied ||= learnt.via !== undefined;
        localAddress ??= learnt.local;
      }),
    get isProxied() {
      return isProxied;
    },
    get localAddress() {
      return localAddress;
    },
    close: () => agent.destroy(),
  };
}

function pingOnce(
  server: Server,
  agent: Agent,
  signal: AbortSignal,
  learn: (learnt: { via?: string | undefined; local?: string | undefined }) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = openRequest(server, { method: "GET", path: measurePaths.ping, agent }, signal);
    let startedMs = performance.now();
    sent.once("socket", (socket) => {
      const local = () => learn({ local: socket.localAddress });
      if (socket.connecting) socket.once("connect", local);
      else local();
      startedMs = performance.now();
    });
    sent.once("response", (reply) => {
      const elapsedMs = performance.now() - startedMs;
      learn({ via: reply.headers.via });
      reply.resume();
      const refusal = refusalOf(server, reply);
      reply.once("end", () => (refusal ? reject(refusal) : resolve(elapsedMs)));
      reply.once("error", reject);
    });
    sent.on("error", (error) => reject(connectionError(server, error)));
    sent.end();
  });
}

/** `count` round trips with the line idle; the first, which also opens the connection, is left out. */
export async function idleRoundTrips(pinger: Pinger, count: number, signal: AbortSignal): Promise<number[]> {
  await pinger.ping(signal);
  const rttsMs: number[] = [];
  for (let index = 0; index < count; index++) {
    rttsMs.push(await pinger.ping(signal));
    await sleep(20, undefined, { signal });
  }
  return rttsMs;
}

/** Pings every 50 ms until the signal aborts and adds each round trip to `trips`. A ping that fails ends the series: the transfer tells the reason. */
export async function loadedRoundTrips(pinger: Pinger, trips: RoundTrip[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const atMs = performance.now();
    const [result] = await Promise.allSettled([pinger.ping(signal)]);
    if (result.status === "rejected") break;
    trips.push({ atMs, rttMs: result.value });
    await Promise.allSettled([sleep(50, undefined, { signal })]);
  }
}

/** Middle value; undefined for an empty list. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
