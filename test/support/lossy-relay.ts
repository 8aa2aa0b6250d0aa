import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type LossyRelay = {
  readonly port: number;
  /** Connections that were cut with a request or an answer under way. */
  readonly cuts: { requests: number; answers: number };
  close(): Promise<void>;
};

type Losses = { readonly requests: number; readonly answers: number; readonly chance: () => number };

/**
 * A line that loses things: cuts a share of the connections when a request comes (the collector never sees it whole) or when an answer comes
 * (the collector has committed, and the sender never hears of it).
 */
export async function startLossyRelay(port: number, { requests, answers, chance }: Losses): Promise<LossyRelay> {
  const open = new Set<Socket>();
  const cuts = { requests: 0, answers: 0 };
  const join = (from: Socket, to: Socket, share: number, kind: keyof typeof cuts) => {
    open.add(from);
    from.on("data", (chunk: Buffer) => {
      if (chance() < share) {
        cuts[kind]++;
        from.destroy();
        to.resetAndDestroy();
      } else if (!to.destroyed && !to.write(chunk)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    });
    from.on("error", () => to.destroy());
    from.once("close", () => {
      open.delete(from);
      to.destroySoon();
    });
  };
  const server = createServer((client) => {
    const target = connect({ host: "127.0.0.1", port });
    join(client, target, requests, "requests");
    join(target, client, answers, "answers");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cuts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
