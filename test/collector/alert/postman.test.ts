import pino from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Message, NotifyConfig } from "#schemas/alert.ts";
import { channelsOf } from "../../../collector/alert/channels.ts";
import { createPostman } from "../../../collector/alert/postman.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { outboxCounts, putLetter, TRIES_MAX } from "../../../collector/store/outbox.ts";
import { openPglite } from "../../support/pglite.ts";
import { type SmtpFake, startSmtpFake } from "../../support/smtp-fake.ts";

const NOW = Date.parse("2026-11-27T03:00:00Z");
const HOUR = 3_600_000;
const message: Message = {
  kind: "opened",
  incident: 12,
  centre: "ia-grai",
  centreName: "Xã Ia Grai",
  requirement: "R01",
  title: { vi: "Đường truyền tối thiểu 200 Mbps", en: "Line of at least 200 Mbps" },
  why: { vi: "Đo được 168 Mbps.", en: "Measured 168 Mbps." },
  advice: { vi: "Gọi nhà mạng.", en: "Call the provider." },
  owner: "isp",
  since: "2026-11-27T02:10:00.000Z",
  link: "http://collector/centres/ia-grai#R01",
};

describe("the outbox and a mail server", () => {
  let store: Awaited<ReturnType<typeof openPglite>>;
  let smtp: SmtpFake;
  const round = (nowMs: number) => {
    const notify = NotifyConfig.parse({ smtp: { url: smtp.url, from: "giam-sat@example.vn" } });
    return createPostman(store, channelsOf(notify), pino({ level: "silent" }), () => 0.1).round(nowMs);
  };
  const put = (key: string, nowMs = NOW) => putLetter(store, key, { owner: "*", channel: "smtp", to: "cntt@example.vn" }, message, 1, nowMs, nowMs);

  beforeAll(async () => {
    store = await openPglite();
    await migrate(store, NOW);
    smtp = await startSmtpFake();
  });
  afterAll(async () => {
    await smtp.close();
    await store.close();
  });
  beforeEach(async () => {
    smtp.refuse = undefined;
    smtp.letters.length = 0;
    await store.query("DELETE FROM outbox");
  });

  it("delivers a letter once, in Vietnamese first, with what, since when, why, what to do, who and where", async () => {
    await put("opened-12");
    await put("opened-12");
    expect(await round(NOW)).toBe(1);
    expect(await round(NOW + HOUR)).toBe(0);
    expect(smtp.letters).toHaveLength(1);
    const [letter = ""] = smtp.letters;
    const [head = "", body = ""] = letter.split("\n\n");
    expect(head).toMatch(/^To: cntt@example\.vn$/m);
    const text = /base64/i.test(head) ? Buffer.from(letter.slice(head.length), "base64").toString("utf8") : decodeQuoted(letter.slice(head.length));
    for (const part of ["Xã Ia Grai", "168 Mbps", "09:10 27/11/2026", "Gọi nhà mạng", "Nhà mạng", "12", message.link]) expect(text).toContain(part);
    expect(text.indexOf("Đo được")).toBeLessThan(text.indexOf("Measured"));
    expect(body.length).toBeGreaterThan(0);
  });

  it("keeps a letter through an hour without a mail server, and delivers it once when that is back", async () => {
    smtp.refuse = 451;
    await put("opened-13");
    for (let minute = 0; minute < 60; minute += 2) expect(await round(NOW + minute * 60_000)).toBe(0);
    expect(await outboxCounts(store)).toEqual({ waiting: 1, dead: 0 });
    smtp.refuse = undefined;
    let sent = 0;
    for (let minute = 60; minute < 240; minute += 2) sent += await round(NOW + minute * 60_000);
    expect(sent).toBe(1);
    expect(smtp.letters).toHaveLength(1);
  });

  it("a letter that is refused for good is dead and stays visible", async () => {
    smtp.refuse = 550;
    await put("opened-14");
    await round(NOW);
    expect(await outboxCounts(store)).toEqual({ waiting: 0, dead: 1 });
    expect(await store.query("SELECT tries, last_error FROM outbox")).toMatchObject([{ tries: 1, last_error: expect.stringContaining("550") }]);
  });

  it("gives up after many tries, not before", async () => {
    smtp.refuse = 451;
    await put("opened-15");
    for (let hour = 0; hour < TRIES_MAX + 10; hour++) await round(NOW + hour * 2 * HOUR);
    expect(await outboxCounts(store)).toEqual({ waiting: 0, dead: 1 });
  });
});

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
