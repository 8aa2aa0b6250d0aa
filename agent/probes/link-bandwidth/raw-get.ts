import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ProbeError } from "../../probe.ts";
import { endpointOf, type ReplyHead, type Server } from "./connection.ts";

const READ_BYTES = 64 * 1024;
const HEAD_BYTES_MAX = 8 * 1024;
const HEAD_END = "\r\n\r\n";

export type RawGet = {
  /** The answer's first lines; a returned error ends the stream. */
  readonly head: (head: ReplyHead) => Error | undefined;
  /** Bytes of the body that arrived; their content is not kept. */
  readonly body: (bytes: number) => void;
  /** No answer came, or not one that may be used. */
  readonly fail: (error: unknown) => void;
  /** The answer ended, with an error or not. */
  readonly closed: (error?: unknown) => void;
};

/**
 * One GET over its own connection, its body read into the same buffer again and again. node:http makes a new buffer for each read: at 1 Gbps that is
 * 125 MB a second for the garbage collector, and most of an agent's memory during a test.
 */
export function rawGet(server: Server, path: string, signal: AbortSignal, on: RawGet): void {
  const { host, port, isTls, pathname, authorization, trust } = endpointOf(server, path);
  let head: string | undefined = "";
  const take = (size: number, buffer: Uint8Array): boolean => {
    if (head === undefined) {
      on.body(size);
      return true;
    }
    head += Buffer.from(buffer.buffer, buffer.byteOffset, size).toString("latin1");
    const end = head.indexOf(HEAD_END);
    if (end < 0 && head.length < HEAD_BYTES_MAX) return true;
    const error = end < 0 ? tooLong(server) : on.head(parseHead(head.slice(0, end)));
    const rest = head.length - end - HEAD_END.length;
    head = undefined;
    if (error) {
      on.fail(error);
      socket.destroy();
    } else if (rest > 0) on.body(rest);
    return true;
  };
  const options = { host: server.address, port, family: server.family, onread: { buffer: new Uint8Array(READ_BYTES), callback: take } };
  const socket: Socket = isTls ? connectTls({ ...options, ...trust, servername: host }) : connect(options);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let lastError: unknown;
  socket.on("error", (error) => {
    lastError = error;
    if (head !== undefined) on.fail(error);
  });
  socket.once("close", () => {
    signal.removeEventListener("abort", stop);
    on.closed(lastError);
  });
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${server.url.host}\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`);
}

/** Status and headers of an answer's first lines; names in lower case, of a repeated one the last counts. */
function parseHead(text: string): ReplyHead {
  const [status = "", ...lines] = text.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { statusCode: Number(/^HTTP\/1\.[01] (\d{3})/.exec(status)?.[1] ?? 0), headers };
}

function tooLong(server: Server): ProbeError {
  return new ProbeError("bad_reply", `measure server ${server.id} sends headers without end`);
}
