import { lookup } from "node:dns";
import { connect, isIP, type LookupFunction } from "node:net";
import { platform } from "node:os";

/** Whether an address may be asked to which the name of something outside leads, a portal's or a measure server's: the collector gives these names. */
export type MayReach = (host: string, address: string) => boolean;
/** What came of one attempt to connect: `refused` shows a living host without that service, `silent` shows nothing. */
export type Knock = "open" | "refused" | "silent" | "unreachable";
/** Connects and hangs up at once, without a byte: port 9100 would print it. `mayReach` is asked for each address of a name; one without any is silent. Waits `timeoutMs`, or as long as this system takes to tell a refusal. Never rejects. */
export type TcpKnock = (address: string, port: number, timeoutMs: number, signal: AbortSignal, mayReach?: MayReach) => Promise<Knock>;

/** Windows asks a port that refuses three times more, half a second apart, and tells it after 2.0 s (Microsoft's KB 175523). */
const WINDOWS_REFUSAL_MS = 2_600;

/** How long to wait at a port so that a refusal is not taken for silence, ms. Pure. */
export function knockMs(timeoutMs: number, system: NodeJS.Platform): number {
  return system === "win32" ? Math.max(timeoutMs, WINDOWS_REFUSAL_MS) : timeoutMs;
}

export const tcpKnock: TcpKnock = (address, port, timeoutMs, signal, mayReach = () => true) =>
  new Promise((resolve) => {
    if (isIP(address) !== 0 && !mayReach(address, address)) return resolve("silent");
    const socket = connect({ host: address, port, signal, lookup: lookupWithin(mayReach) });
    const timer = setTimeout(() => end("silent"), knockMs(timeoutMs, platform()));
    const end = (knock: Knock) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(knock);
    };
    socket.once("connect", () => end("open"));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => end(code === "ECONNREFUSED" ? "refused" : code === "ABORT_ERR" ? "silent" : "unreachable"));
  });

/** The system's lookup of names without the addresses that may not be asked. */
function lookupWithin(mayReach: MayReach): LookupFunction {
  return (host, { family, hints, all }, give) =>
    lookup(host, { family: family === 4 || family === 6 ? family : 0, hints: hints ?? 0, all: true }, (error, found) => {
      const addresses = (error ? [] : found).filter(({ address }) => mayReach(host, address));
      const [first] = addresses;
      if (first === undefined) give(error ?? Object.assign(new Error(`no address of ${host} may be asked`), { code: "ENOTFOUND" }), []);
      else if (all) give(null, addresses);
      else give(null, first.address, first.family);
    });
}
