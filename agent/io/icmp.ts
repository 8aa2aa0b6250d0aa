import { connect, isIP } from "node:net";
import { networkInterfaces, platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import ping from "ping";
import { z } from "zod";

/** One burst: what was sent and the round trips that came back, in the order of their arrival. */
export type Burst = { readonly method: "icmp" | "tcp"; readonly sent: number; readonly rttsMs: readonly number[] };

export type BurstShape = { readonly count: number; readonly intervalMs: number; readonly timeoutMs: number };

/** Sends ICMP echo requests to a literal address. @throws TypeError for a name, Error when the system has no ping or forbids it, and when aborted */
export type IcmpBurst = (address: string, shape: BurstShape, signal: AbortSignal) => Promise<Burst>;
/** Opens TCP connections to a literal address instead, for hops that drop ICMP: a refusal is an answer too. @throws TypeError for a name, and when aborted */
export type TcpBurst = (address: string, port: number, shape: BurstShape, signal: AbortSignal) => Promise<Burst>;

/** Finds the router that lies `ttl` hops away on the way to a literal address; undefined when it does not tell. @throws like IcmpBurst */
export type HopTowards = (address: string, ttl: number, signal: AbortSignal) => Promise<string | undefined>;

/** Most packets of one burst. */
export const BURST_MAX = 60;
// iputils lets only root go below 200 ms; Windows' ping always waits one second.
const INTERVAL_MIN_MS = 200;
// The package's own types leave out the list that its parsers fill, one number for each reply.
const Times = z.object({ times: z.array(z.union([z.number(), z.string()])).default([]) });

/** Runs the system's ping once for the whole burst. It cannot be killed through npm `ping`, so its count and timeout bound its life. */
export const icmpBurst: IcmpBurst = async (address, { count, intervalMs, timeoutMs }, signal) => {
  requireLiteral(address);
  signal.throwIfAborted();
  const sent = Math.min(count, BURST_MAX);
  const intervalS = Math.max(intervalMs, INTERVAL_MIN_MS) / 1000;
  const timeoutS = Math.max(1, Math.ceil(timeoutMs / 1000));
  // No deadline (-w): with it iputils goes on sending until `count` answers came, and loss would vanish.
  const bounds = platform() === "win32" ? {} : { extra: ["-i", intervalS.toFixed(1)] };
  const run = ping.promise.probe(address, { min_reply: sent, timeout: timeoutS, v6: isIP(address) === 6, ...bounds });
  const reply = await Promise.race([run, aborted(signal)]);
  // No packet left this PC: that says nothing about the hop.
  if (!reply.alive && /not permitted|permission denied|invalid argument|usage:/i.test(reply.output))
    throw new Error("the system's ping may not send ICMP here");
  const { times } = Times.parse(reply);
  const rttsMs = times.filter((time) => typeof time === "number");
  return { method: "icmp", sent, rttsMs: rttsMs.slice(0, sent) };
};

/** Sends one echo request that the wanted router has to drop, and reads who says so. */
export const hopTowards: HopTowards = async (address, ttl, signal) => {
  requireLiteral(address);
  signal.throwIfAborted();
  const extra = [platform() === "win32" ? "-i" : "-t", String(ttl)];
  const run = ping.promise.probe(address, { min_reply: 1, timeout: 1, v6: isIP(address) === 6, extra });
  const { output } = await Promise.race([run, aborted(signal)]);
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address));
  return parseHop(output, address, own);
};

/**
 * Reads the router out of ping's words, whatever their language: behind the headline, the first address that is neither the target's nor one of this PC's
 * own, by which Windows says that nobody is there.
 * @example "From 203.0.113.1 icmp_seq=1 Time to live exceeded" and "Reply from 203.0.113.1: TTL expired in transit."
 */
export function parseHop(output: string, target: string, own: readonly string[]): string | undefined {
  const lines = output.trim().split("\n").slice(1);
  const told = lines.filter((line) => !line.startsWith("---") && !/unreachable/i.test(line));
  return told
    .flatMap((line) => line.split(/[\s()]+/).map((word) => word.replace(/:$/, "")))
    .find((word) => isIP(word) !== 0 && word !== target && !own.includes(word));
}

export const tcpBurst: TcpBurst = async (address, port, { count, intervalMs, timeoutMs }, signal) => {
  requireLiteral(address);
  const sent = Math.min(count, BURST_MAX);
  const attempts: Promise<number | undefined>[] = [];
  for (let index = 0; index < sent; index++) {
    if (index > 0) await sleep(intervalMs, undefined, { signal });
    attempts.push(connectOnce(address, port, timeoutMs, signal));
  }
  const rttsMs = (await Promise.all(attempts)).filter((rtt) => rtt !== undefined);
  signal.throwIfAborted();
  return { method: "tcp", sent, rttsMs };
};

function connectOnce(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const socket = connect({ host: address, port, timeout: timeoutMs, signal });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered ? performance.now() - startedMs : undefined);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}

/** A name could begin with "-" and reach ping as an option, and would be resolved once more for each packet. */
function requireLiteral(address: string): void {
  if (isIP(address) === 0) throw new TypeError(`${JSON.stringify(address.slice(0, 80))} is not a literal IP address`);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
