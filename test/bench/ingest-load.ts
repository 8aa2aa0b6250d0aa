import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
import { type Dialect, dialects, type Prepared, prepareRequests } from "./load-requests.ts";

/** A process of its own, so that what it costs is nobody else's: sends what its plan says, and prints how that went. */
process.stdout.write(JSON.stringify(await load(JSON.parse(process.argv[2] ?? "") as LoadPlan)));

/** Each connection has one request in flight, as real agents do. */
async function load(plan: LoadPlan): Promise<LoadResult> {
  const connections = prepareRequests(plan);
  const dialect = dialects[plan.to];
  const sockets = dialect.once ? [] : await Promise.all(connections.map(() => opened(plan.port)));
  const latenciesMs: number[] = [];
  const beganMs = Date.now();
  const startMs = performance.now();
  await Promise.all(
    connections.map(async (requests, index) => {
      for (const request of requests) {
        const sentMs = performance.now();
        const socket = sockets[index] ?? (await opened(plan.port));
        await exchange(socket, request, dialect);
        if (dialect.once) socket.destroy();
        latenciesMs.push(performance.now() - sentMs);
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  for (const socket of sockets) socket.destroy();
  return { beganMs, seconds, latenciesMs, bytes: connections.flat().reduce((sum, { bodyBytes }) => sum + bodyBytes, 0) };
}

async function opened(port: number): Promise<Socket> {
  const socket = createConnection(port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  return socket;
}

/** Sends one request and waits for the whole answer. */
function exchange(socket: Socket, { wire }: Prepared, { isWhole }: Dialect): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const end = (settle: () => void) => {
      socket.off("data", take);
      socket.off("close", fail);
      settle();
    };
    const take = (part: Buffer) => {
      answer += part.toString("latin1");
      try {
        if (isWhole(answer)) end(resolve);
      } catch (error) {
        end(() => reject(error));
      }
    };
    const fail = () => reject(new Error("the server closed the connection"));
    socket.on("data", take);
    socket.once("close", fail);
    socket.write(wire);
  });
}
