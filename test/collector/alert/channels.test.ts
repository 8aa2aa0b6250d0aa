import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import { channelsOf, SendError } from "../../../collector/alert/channels.ts";
import type { Letter } from "../../../collector/store/outbox.ts";

type Got = { url: string; headers: IncomingHttpHeaders; body: string };
let got: Got[] = [];
/** The next answer; 0 hangs up without one. */
let next = { status: 200, headers: {} as Record<string, string> };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    got.push({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
    if (next.status === 0) request.socket.destroy();
    else response.writeHead(next.status, next.headers).end();
  });
});
let base = "";
beforeAll(async () => {
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  got = [];
  next = { status: 200, headers: {} };
});

const SECRET = "0123456789abcdef";
const TOKEN = "123456:secret-token";
const channels = () =>
  channelsOf(NotifyConfig.parse({ webhooks: [{ name: "hook", url: `${base}/hook`, secret: SECRET }], zalo: { baseUrl: base, token: TOKEN } }));
const letter = (channel: Letter["channel"], to: string): Letter => ({
  id: 1,
  dedupKey: "opened-7-x",
  channel,
  to,
  tries: 1,
  message: {
    kind: "opened",
    incident: 7,
    centre: "xa-hra",
    centreName: "Xã Hra",
    requirement: "R05",
    title: { vi: "Dữ liệu camera lưu tối thiểu 30 ngày", en: "Recordings" },
    why: { vi: "Kênh NVR-PHONG-KHACH hỏng", en: "Channel NVR-PHONG-KHACH" },
    link: "http://hcc/centres/xa-hra#R05",
  },
});
const refusal = (sent: Promise<void>) => sent.then(() => undefined).catch((error: unknown) => error as SendError);

describe("third parties", () => {
  it.each([
    ["webhook", "hook", "/hook"],
    ["zalo", "chat-1", `/bot${TOKEN}/sendMessage`],
  ] as const)("%s gets code, rule, number and link, and nothing of the device", async (channel, to, url) => {
    await channels()[channel](letter(channel, to), 1_000);
    expect(got).toHaveLength(1);
    expect(got[0]?.url).toBe(url);
    for (const part of ["xa-hra", "R05", "7", "http://hcc/centres/xa-hra#R05"]) expect(got[0]?.body).toContain(part);
    for (const part of ["NVR-PHONG-KHACH", "Xã Hra"]) expect(got[0]?.body).not.toContain(part);
  });

  it("a webhook can check who wrote, when, and whether it knows the message", async () => {
    await channels().webhook(letter("webhook", "hook"), 1_700_000_000_000);
    const { headers, body } = got[0] as Got;
    expect(headers["hcc-signature"]).toBe(`sha256=${createHmac("sha256", SECRET).update(`1700000000.${body}`).digest("hex")}`);
    expect(headers["idempotency-key"]).toBe("opened-7-x");
  });

  it.each([
    [429, false, { "retry-after": "30" }, 30],
    [500, false, {}, undefined],
    [0, false, {}, undefined],
    [401, true, {}, undefined],
    [302, true, { location: "http://127.0.0.1:1/" }, undefined],
  ] as const)("an answer of %i is final: %s", async (status, final, headers, retryAfterS) => {
    next = { status, headers: { ...headers } };
    const error = await refusal(channels().zalo(letter("zalo", "chat-1"), 1_000));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ final, retryAfterS });
    expect(String(error)).not.toContain(TOKEN);
    expect(got).toHaveLength(1);
  });

  it("a channel that is not set up is said, once and for all", async () => {
    const error = await refusal(channels().smtp(letter("smtp", "it@example.vn"), 1_000));
    expect(error).toMatchObject({ final: true });
  });
});
