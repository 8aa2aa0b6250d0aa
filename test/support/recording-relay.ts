import { once } from "node:events";
import { createServer } from "node:http";
import { request as tlsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

export type RecordingRelay = {
  readonly url: string;
  /** Heads and bodies of every request and every answer so far, unpacked; `path` is the request's. */
  readonly heard: { readonly path: string; readonly text: string }[];
  close(): Promise<void>;
};

/** Stands between an agent and a collector that speaks TLS, passes everything on and keeps it. */
export async function startRecordingRelay(port: number, ca: string): Promise<RecordingRelay> {
  const heard: { path: string; text: string }[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    const keep = (head: object, body: Buffer, encoding: string | undefined) =>
      heard.push({ path, text: `${path} ${JSON.stringify(head)} ${encoding === "gzip" ? gunzipSync(body) : body}` });
    try {
      const body = await buffer(request);
      keep(request.headers, body, request.headers["content-encoding"]);
      const onward = tlsRequest({ host: "127.0.0.1", servername: "localhost", port, ca, path, method: request.method, headers: request.headers, agent: false });
      onward.end(body);
      const [reply] = await once(onward, "response");
      const answer = await buffer(reply);
      keep(reply.headers, answer, reply.headers["content-encoding"]);
      response.writeHead(reply.statusCode, reply.headers).end(answer);
    } catch {
      response.destroy();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
