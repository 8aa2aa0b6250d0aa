import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

export type FakeRequest = { readonly method: string; readonly path: string; readonly headers: IncomingMessage["headers"]; readonly body: Buffer };
export type FakeReply = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array };

/** A small HTTP server on loopback that ends with the test. `answer` sees whole requests. */
export async function startHttpFake(answer: (request: FakeRequest) => FakeReply): Promise<number> {
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const request = { method: incoming.method ?? "", path: incoming.url ?? "", headers: incoming.headers, body: Buffer.concat(parts) };
      const { status = 200, headers = {}, body = "" } = answer(request);
      outgoing.writeHead(status, headers).end(body);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
