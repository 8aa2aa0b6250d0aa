import { connect } from "node:net";

/** What came of one attempt to connect: `refused` shows a living host without that service, `silent` shows nothing. */
export type Knock = "open" | "refused" | "silent" | "unreachable";
/** Connects and hangs up at once, without a byte: port 9100 would print it. Never rejects. */
export type TcpKnock = (address: string, port: number, timeoutMs: number, signal: AbortSignal) => Promise<Knock>;

export const tcpKnock: TcpKnock = (address, port, timeoutMs, signal) =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port, signal });
    const timer = setTimeout(() => end("silent"), timeoutMs);
    const end = (knock: Knock) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(knock);
    };
    socket.once("connect", () => end("open"));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => end(code === "ECONNREFUSED" ? "refused" : code === "ABORT_ERR" ? "silent" : "unreachable"));
  });
