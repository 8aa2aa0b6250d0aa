import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import { channelsOf } from "../../../collector/alert/channels/channels.ts";
import { mailOf } from "../../../collector/alert/channels/message-text.ts";
import { SendError } from "../../../collector/alert/channels/send.ts";
import type { Letter } from "../../../collector/store/outbox.ts";

type Got = { url: string; headers: IncomingHttpHeaders; body: string };
let got: Got[] = [];
/** The next answer; 0 hangs up without one. */
let next = { status: 200, headers: {} as Record<string, string>, body: "" };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    got.push({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
    if (next.status === 0) request.socket.destroy();
    else response.writeHead(next.status, next.headers).end(next.body);
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
  next = { status: 200, headers: {}, body: "" };
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
  createdMs: 0,
  message: {
    kind: "opened",
    incident: 7,
    centre: "xa-hra",
    centreName: "Xã Hra",
    requirement: "R05",
    title: { vi: "Dữ liệu camera lưu tối thiểu 30 ngày", en: "Recordings" },
    line: { isp: "VNPT", contractNumber: "GLI-HĐ/00123" },
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
    for (const part of ["NVR-PHONG-KHACH", "Xã Hra", "GLI-HĐ"]) expect(got[0]?.body).not.toContain(part);
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
    [400, true, {}, undefined],
    [401, false, {}, undefined],
    [302, true, { location: "http://127.0.0.1:1/" }, undefined],
  ] as const)("an answer of %i is final: %s", async (status, final, headers, retryAfterS) => {
    next = { status, headers: { ...headers }, body: "" };
    const error = await refusal(channels().zalo(letter("zalo", "chat-1"), 1_000));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ final, retryAfterS });
    expect(String(error)).not.toContain(TOKEN);
    expect(got).toHaveLength(1);
  });

  it("a channel that is not set up yet keeps its letters until it is", async () => {
    const error = await refusal(channels().smtp(letter("smtp", "it@example.vn"), 1_000));
    expect(error).toMatchObject({ final: false, message: expect.stringContaining("HCC_NOTIFY") });
  });
});

describe("Zalo", () => {
  it("says no in the body of a 200, and that is a no", async () => {
    next = { status: 200, headers: {}, body: JSON.stringify({ ok: false, error_code: 400, description: `chat not found for ${TOKEN}` }) };
    const error = await refusal(channels().zalo(letter("zalo", "chat-1"), 1_000));
    expect(error).toMatchObject({ final: true, message: expect.stringContaining("chat not found") });
    expect(String(error)).not.toContain(TOKEN);
  });

  it("gets so many messages per minute; the next one waits, and nothing is wrong", async () => {
    const { zalo } = channelsOf(NotifyConfig.parse({ zalo: { baseUrl: base, token: TOKEN, perMinute: 2 } }));
    await zalo(letter("zalo", "chat-1"), 1_000);
    await zalo(letter("zalo", "chat-1"), 11_000);
    expect(await refusal(zalo(letter("zalo", "chat-1"), 21_000))).toMatchObject({ final: false, calm: true, retryAfterS: 40 });
    await zalo(letter("zalo", "chat-1"), 61_000);
    expect(got).toHaveLength(3);
  });

  it("takes 2,000 characters: a long digest says how much more there is", async () => {
    const items = Array.from({ length: 60 }, (_, at) => ({
      kind: "new" as const,
      incident: at,
      centre: `xa-${"x".repeat(60)}`,
      centreName: "Xã Kín",
      requirement: "R05",
    }));
    const digest = { ...letter("zalo", "chat-1"), message: { kind: "morning" as const, count: 60, items, link: "http://hcc/incidents" } };
    await channels().zalo(digest, 1_000);
    const { text } = JSON.parse(got[0]?.body ?? "{}") as { text: string };
    expect(text.length).toBeLessThanOrEqual(2_000);
    expect(text).toMatch(/và \d+ dòng khác/);
    expect(text).toMatch(/http:\/\/hcc\/incidents$/);
    expect(text).not.toContain("Xã Kín");
  });
});

describe("a telephone number", () => {
  const { message } = letter("smtp", "x");
  const told = { ...message, owner: "isp", phone: "1800 1166" } as const;

  it("stands in mail behind whoever acts", () => {
    const lines = mailOf(told).body.split("\n");
    expect(lines).toContain("Bên xử lý: Nhà mạng, điện thoại 1800 1166");
    expect(lines.some((line) => line.endsWith("Internet provider, phone 1800 1166"))).toBe(true);
    expect(mailOf({ ...told, phone: undefined }).body).toContain("Bên xử lý: Nhà mạng\n");
  });

  it("goes to no third party", async () => {
    await channels().webhook({ ...letter("webhook", "hook"), message: told }, 1_000);
    await channels().zalo({ ...letter("zalo", "chat-1"), message: told }, 1_000);
    expect(got).toHaveLength(2);
    for (const { body } of got) expect(body).not.toContain("1800");
  });
});

describe("a digest that was cut", () => {
  const items = [{ kind: "new" as const, incident: 1, centre: "xa-hra", requirement: "R05" }];
  const message = { kind: "morning" as const, count: 75, items, more: 15, link: "http://hcc/incidents" };

  it("says in each channel how much more there is, and where", async () => {
    const { body } = mailOf(message);
    for (const line of ["và 15 dòng khác trên trang sự cố", "and 15 more on the page of incidents"]) expect(body.split("\n")).toContain(line);
    expect(body).toContain("Xem và nhận xử lý: http://hcc/incidents");
    await channels().zalo({ ...letter("zalo", "chat-1"), message }, 1_000);
    expect((JSON.parse(got[0]?.body ?? "{}") as { text: string }).text.split("\n").slice(-2)).toEqual([
      "và 15 dòng khác trên trang sự cố",
      "http://hcc/incidents",
    ]);
    await channels().webhook({ ...letter("webhook", "hook"), message }, 1_000);
    expect(JSON.parse(got[1]?.body ?? "{}")).toMatchObject({ more: 15, link: "http://hcc/incidents" });
  });

  it("in a chat, adds up what the digest leaves out and what the chat does", async () => {
    const many = Array.from({ length: 60 }, (_, incident) => ({
      ...items[0],
      kind: "new" as const,
      requirement: "R05",
      centre: `xa-${"x".repeat(60)}`,
      incident,
    }));
    await channels().zalo({ ...letter("zalo", "chat-1"), message: { ...message, items: many } }, 1_000);
    const { text } = JSON.parse(got[0]?.body ?? "{}") as { text: string };
    const shown = text.split("\n").filter((line) => line.startsWith("- ")).length;
    expect(text).toContain(`và ${75 - shown} dòng khác`);
    expect(text.length).toBeLessThanOrEqual(2_000);
  });

  it("counts what ends at many centres in one line", () => {
    const ends = { kind: "attestation_ends" as const, requirement: "R14", count: 135, until: "2026-12-19T17:00:00.000Z" };
    expect(mailOf({ ...message, items: [ends] }).body).toContain("- R14 (R14): 135 trung tâm, sớm nhất hết ngày 20/12/2026");
  });
});

describe("a webhook with a template", () => {
  const hooked = (more: object) => channelsOf(NotifyConfig.parse({ webhooks: [{ name: "hook", url: `${base}/hook`, secret: SECRET, ...more }] })).webhook;

  it.each([
    ["Teams", "application/json", '{"type":"AdaptiveCard","body":[{"type":"TextBlock","text":"{text}"}],"url":"{link}"}'],
    ["an SMS gateway", "application/x-www-form-urlencoded", "to=0900000000&content={text}&ref={id}"],
    ["XML", "text/xml", "<sms><text>{text}</text></sms>"],
  ])("fills in %s by the rules of its format", async (_, contentType, template) => {
    await hooked({ contentType, template, headers: { "x-api-key": "k" } })(letter("webhook", "hook"), 1_000);
    const { body, headers } = got[0] as Got;
    expect(headers).toMatchObject({ "content-type": contentType, "x-api-key": "k" });
    expect(headers["hcc-signature"]).toBe(`sha256=${createHmac("sha256", SECRET).update(`1.${body}`).digest("hex")}`);
    const plain = contentType.includes("json") ? JSON.stringify(JSON.parse(body)) : decodeURIComponent(body);
    expect(plain).toContain("Dữ liệu camera");
    expect(plain).toContain("[#7]");
    expect(body).not.toMatch(/\{\w+\}/);
  });

  it("may have a name in Vietnamese: its key is a header", async () => {
    const named = channelsOf(NotifyConfig.parse({ webhooks: [{ name: "nhóm tỉnh", url: `${base}/hook`, secret: SECRET }] })).webhook;
    await named({ ...letter("webhook", "nhóm tỉnh"), dedupKey: "opened-7-webhook nhóm tỉnh" }, 1_000);
    expect(got[0]?.headers["idempotency-key"]).toBe("opened-7-webhook nh%C3%B3m t%E1%BB%89nh");
  });

  it.each(["Bearer khóa", "Bearer abc\ndef", "Bearer abc\n"])(
    "is refused at the start with a header that cannot be sent, and the fault names no secret: %j",
    (value) => {
      const read = NotifyConfig.safeParse({ webhooks: [{ name: "hook", url: `${base}/hook`, secret: SECRET, headers: { authorization: value } }] });
      expect(read.error?.issues.map(({ path }) => path.join("."))).toEqual(["webhooks.0.headers.authorization"]);
      expect(String(read.error)).not.toContain("Bearer");
    },
  );

  it("is believed only when its answer says so, where the settings ask for that", async () => {
    next = { status: 200, headers: {}, body: '{"code":"99","msg":"het tien"}' };
    expect(await refusal(hooked({ success: '"code":"100"' })(letter("webhook", "hook"), 1_000))).toMatchObject({ final: false });
    next = { status: 200, headers: {}, body: '{"code":"100"}' };
    await hooked({ success: '"code":"100"' })(letter("webhook", "hook"), 1_000);
  });
});
