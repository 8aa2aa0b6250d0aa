import { connect } from "node:net";
import { platform } from "node:os";

/** What came of one attempt to connect: `refused` shows a living host without that service, `silent` shows nothing. */
export type Knock = "open" | "refused" | "silent" | "unreachable";
/** Connects and hangs up at once, without a byte: port 9100 would print it. Waits `timeoutMs`, or as long as this system takes to tell a refusal. Never rejects. */
export type TcpKnock = (address: string, port: number, timeoutMs: number, signal: AbortSignal) => Promise<Knock>;

/** Windows asks a port that refuses three times more, half a second apart, and tells it after 2.0 s (Microsoft's KB 175523). */
const WINDOWS_REFUSAL_MS = 2_600;

/** How long to wait at a port so that a refusal is not taken for silence, ms. Pure. */
export function knockMs(timeoutMs: number, system: NodeJS.Platform): number {
  return system === "win32" ? Math.max(timeoutMs, WINDOWS_REFUSAL_MS) : timeoutMs;
}

export const tcpKnock: TcpKnock = (address, port, timeoutMs, signal) =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port, signal });
    const timer = setTimeout(() => end("silent"), knockMs(timeoutMs, platform()));
    const end = (knock: Knock) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(knock);
    };
    socket.once("connect", () => end("open"));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => end(code === "ECONNREFUSED" ? "refused" : code === "ABORT_ERR" ? "silent" : "unreachable"));
  });
