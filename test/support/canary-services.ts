import { once } from "node:events";
import { createServer as createWebServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { text } from "node:stream/consumers";

export type EchoingServices = { readonly mailPort: number; readonly webUrl: string; close(): Promise<void> };

/**
 * A mail server, receivers of messages and a sign-on service as they are on a bad day: each refuses and says in its answer whatever it was told,
 * passwords, keys and headers too.
 */
export async function startEchoingServices(): Promise<EchoingServices> {
  const mail = createServer((socket) => {
    const heard: string[] = [];
    socket.on("error", () => socket.destroy());
    socket.write("220 fake\r\n");
    socket.on("data", (chunk) => {
      for (const line of chunk.toString().split("\r\n").filter(Boolean)) {
        heard.push(line);
        if (/^EHLO/i.test(line)) socket.write("250-fake\r\n250 AUTH PLAIN LOGIN\r\n");
        else {
          const [, , login = ""] = line.split(" ");
          socket.write(`535 no such user: ${line} ${Buffer.from(login, "base64").toString().replaceAll("\0", " ")}\r\n`);
        }
      }
    });
  });
  await once(mail.listen(0, "127.0.0.1"), "listening");

  const web = createWebServer(async (request, response) => {
    const [url, body] = [request.url ?? "", await text(request)];
    if (url.endsWith("/.well-known/openid-configuration")) {
      const issuer = origin();
      const metadata = { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` };
      return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(metadata));
    }
    const echo = `${url} ${JSON.stringify(request.headers)} ${body}`;
    const isToken = url === "/token";
    const answer = isToken ? { error: "invalid_client", error_description: echo } : { ok: false, error_code: 401, description: echo };
    response.writeHead(isToken ? 401 : 200, { "content-type": "application/json", "x-echo": encodeURIComponent(echo) }).end(JSON.stringify(answer));
  });
  await once(web.listen(0, "127.0.0.1"), "listening");
  const origin = () => `http://127.0.0.1:${(web.address() as AddressInfo).port}`;

  return {
    mailPort: (mail.address() as AddressInfo).port,
    webUrl: origin(),
    close: async () => {
      web.closeAllConnections();
      await Promise.all([mail, web].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
