import { once } from "node:events";
import { createServer, Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { Batch } from "#schemas/exchange.ts";
import { parseBatch } from "../../collector/ingest/read-body.ts";

export type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };
/** What happens to a batch on its way: `forward` passes it on and gives the answer. Undefined cuts the sender off. */
export type Way = (batch: Batch, forward: () => Promise<Reply>) => Promise<Reply | undefined>;

/** Stands between senders and a collector: reads each batch that passes, and lets a test decide what becomes of it. */
export type BatchRelay = {
  readonly url: string;
  way: Way;
  /** False: nobody answers at this address. */
  isOpen: boolean;
  close(): Promise<void>;
};

/** Passes on everything until told otherwise; `onBatch` hears of every batch as often as it comes. */
export async function startBatchRelay(port: number, onBatch: (batch: Batch) => void = () => undefined): Promise<BatchRelay> {
  const connections = new HttpAgent({ keepAlive: true });
  const server = createServer((incoming, response) => {
    // Heads of a sender that is cut off are read; nothing else is.
    void relayed(incoming)
      .then((reply) => (reply === undefined ? void response.destroy() : void response.writeHead(reply.status, reply.headers).end(reply.body)))
      .catch(() => response.destroy());
  });
  const relay: BatchRelay = {
    url: "",
    way: (_, forward) => forward(),
    isOpen: true,
    close: async () => {
      connections.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const relayed = async (incoming: IncomingMessage): Promise<Reply | undefined> => {
    const body = await buffer(incoming);
    if (!relay.isOpen) return undefined;
    const forward = () => passOn(port, connections, incoming, body);
    if (incoming.url !== "/v1/batches") return forward();
    const batch = parseBatch(gunzipSync(body));
    if (!batch.success) throw batch.error;
    onBatch(batch.data);
    return relay.way(batch.data, forward);
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  return Object.assign(relay, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function passOn(port: number, agent: HttpAgent, incoming: IncomingMessage, body: Buffer): Promise<Reply> {
  const { method, url, headers } = incoming;
  const onward = request({ host: "127.0.0.1", port, method, path: url, headers: { ...headers, connection: "keep-alive" }, agent });
  onward.end(body);
  try {
    const [reply] = (await once(onward, "response")) as [IncomingMessage];
    return { status: reply.statusCode ?? 0, headers: reply.headers, body: await buffer(reply) };
  } catch (error) {
    // A kept connection may be hung up as the next request leaves: it goes again over another, as one that was read comes twice and is known.
    if (onward.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET") return passOn(port, agent, incoming, body);
    throw error;
  }
}
