import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { openDeviceSession } from "../../../agent/io/device-session.ts";
import { isLanAddress } from "../../../agent/io/lan-address.ts";
import { lanHttp } from "../../../agent/io/lan-http.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: { listen: Server["listen"]; close: () => unknown; address: () => unknown }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
const serve = (handler: RequestListener) => listen(createServer(handler));
const get = (port: number, over: object = {}) =>
  lanHttp({ address: "127.0.0.1", port, method: "GET", path: "/", signal: AbortSignal.timeout(5_000), deadlineMs: 300, capBytes: 1_000, ...over });

describe("lanHttp", () => {
  test.each<[string, RequestListener, object]>([
    ["a redirect is an answer, not an order", (_, response) => response.writeHead(302, { location: "http://192.0.2.1/" }).end(), { status: 302 }],
    [
      "each challenge is kept apart",
      (_, response) => response.writeHead(401, { "www-authenticate": ["Digest a", "Basic b"] }).end(),
      { challenges: ["Digest a", "Basic b"] },
    ],
  ])("%s", async (_, handler, expected) => {
    expect(await get(await serve(handler))).toMatchObject(expected);
  });

  test.each<[string, RequestListener, string]>([
    ["more than the cap, announced", (_, response) => response.writeHead(200, { "content-length": "2000" }).end("x".repeat(2000)), "malformed"],
    ["more than the cap, unannounced", (_, response) => response.end("x".repeat(2000)), "malformed"],
    ["a compressed answer", (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"), "bad_reply"],
    ["a drip that never ends", (_, response) => void setInterval(() => response.write("x"), 20).unref(), "timeout"],
    ["silence", () => {}, "timeout"],
    ["a cut body", (_, response) => response.writeHead(200, { "content-length": "50" }).write("x", () => response.destroy()), "server_lost"],
  ])("%s", async (_, handler, trouble) => {
    await expect(get(await serve(handler))).rejects.toMatchObject({ trouble });
  });

  test("a header of 100 KB and a peer that speaks no HTTP", async () => {
    const say = (text: string) => listen(createTcpServer((line: Socket) => line.on("error", () => {}).end(text)) as unknown as Server);
    await expect(get(await say(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`))).rejects.toMatchObject({ trouble: "malformed" });
    await expect(get(await say("220 ftp ready\r\n"))).rejects.toMatchObject({ trouble: "malformed" });
  });

  test("ends when the run ends", async () => {
    const port = await serve(() => {});
    await expect(get(port, { signal: AbortSignal.timeout(50), deadlineMs: 5_000 })).rejects.toMatchObject({ trouble: "timeout" });
  });
});

describe("openDeviceSession", () => {
  test("a nonce that expires is answered anew, the same nonce refused is the end", async () => {
    let answers = 0;
    const port = await serve((request, response) => {
      const nonce = answers < 2 ? "one" : "two";
      const right = request.headers.authorization?.includes(`nonce="${nonce}"`);
      if (right) answers += 1;
      response.writeHead(right ? 200 : 401, { "www-authenticate": `Digest realm="r", nonce="${nonce}", qop="auth"` }).end();
    });
    const session = openDeviceSession(lanHttp, { address: "127.0.0.1", port, user: "u", password: "p" }, AbortSignal.timeout(5_000));
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await session.send({ method: "GET", path: "/" })).status);
    expect(statuses).toEqual([200, 200, 200, 200]);
  });

  test("a nonce that was too old already when it was answered is no wrong password, and is renewed once only", async () => {
    for (const [staleAnswers, expected] of [
      [1, { status: 200 }],
      [9, { trouble: "auth_failed" }],
    ] as const) {
      let requests = 0;
      const port = await serve((request, response) => {
        requests += 1;
        const isRight = request.headers.authorization?.includes("nc=00000001") && requests > 1 + staleAnswers;
        const stale = request.headers.authorization === undefined ? "" : ", stale=TRUE";
        response.writeHead(isRight ? 200 : 401, { "www-authenticate": `Digest realm="", nonce="n${requests}", qop="auth"${stale}` }).end();
      });
      const session = openDeviceSession(lanHttp, { address: "127.0.0.1", port, user: "u", password: "p" }, AbortSignal.timeout(5_000));
      expect(await session.send({ method: "GET", path: "/" }).catch((error: unknown) => error)).toMatchObject(expected);
      expect(requests).toBe(3);
    }
  });

  test("after a refusal nothing more is sent", async () => {
    let requests = 0;
    const port = await serve((_, response) => {
      requests += 1;
      response.writeHead(401, { "www-authenticate": 'Digest realm="r", nonce="n", qop="auth"' }).end();
    });
    const session = openDeviceSession(lanHttp, { address: "127.0.0.1", port, user: "u", password: "p" }, AbortSignal.timeout(5_000));
    for (let index = 0; index < 3; index++) await expect(session.send({ method: "GET", path: "/" })).rejects.toMatchObject({ trouble: "auth_failed" });
    expect(requests).toBe(2);
  });
});

test.each([
  ["192.168.1.5", true],
  ["10.0.0.1", true],
  ["fe80::1", true],
  ["203.0.113.1", false],
  ["2001:db8::1", false],
  ["nvr.local", false],
])("isLanAddress %s", (address, expected) => {
  expect(isLanAddress(address)).toBe(expected);
});
