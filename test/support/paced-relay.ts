import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type PacedRelay = { readonly port: number; close(): Promise<void> };

/**
 * A line for tests without root: relays TCP connections to `port` and lets at most `mbps` of application bytes through in each direction,
 * all connections together, first come first served.
 */
export async function startPacedRelay(port: number, mbps: number): Promise<PacedRelay> {
  const bytesPerMs = (mbps * 1000) / 8;
  const open = new Set<Socket>();
  const lane = () => {
    let freeAtMs = 0;
    return async (chunk: Buffer, to: Socket) => {
      freeAtMs = Math.max(freeAtMs, performance.now()) + chunk.length / bytesPerMs;
      const waitMs = freeAtMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      if (!to.destroyed) to.write(chunk);
    };
  };
  const [towards, back] = [lane(), lane()];
  const pipe = (from: Socket, to: Socket, through: ReturnType<typeof lane>) => {
    open.add(from);
    let underway = Promise.resolve();
    from.on("data", (chunk: Buffer) => {
      from.pause();
      underway = through(chunk, to).then(() => void from.resume());
    });
    from.on("error", () => to.destroy());
    from.once("close", async () => {
      open.delete(from);
      // What is under way still arrives, as on a real line.
      await underway;
      to.end();
      to.destroySoon();
    });
  };
  const server = createServer((client) => {
    const target = connect({ host: "127.0.0.1", port });
    pipe(client, target, towards);
    pipe(target, client, back);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
