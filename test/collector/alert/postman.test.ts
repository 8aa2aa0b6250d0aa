import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import pino from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Message, NotifyConfig } from "#schemas/alert.ts";
import { channelsOf } from "../../../collector/alert/channels/channels.ts";
import { createPostman, type Postman } from "../../../collector/alert/channels/postman.ts";
import { outboxState, putLetter } from "../../../collector/store/outbox.ts";
import { decodedLetter, type SmtpFake, startSmtpFake } from "../../support/smtp-fake.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const NOW = Date.parse("2026-11-27T03:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TO = "cntt@example.vn";
const message: Message = {
  kind: "opened",
  incident: 12,
  thread: "incident-12",
  centre: "ia-grai",
  centreName: "Xã Ia Grai",
  requirement: "R01",
  title: { vi: "Đường truyền tối thiểu 200 Mbps", en: "Line of at least 200 Mbps" },
  why: { vi: "Đo được 168 Mbps.", en: "Measured 168 Mbps." },
  effect: { vi: "Người dân phải chờ lâu.", en: "Citizens wait longer." },
  advice: { vi: "Gọi nhà mạng.", en: "Call the provider." },
  owner: "isp",
  since: "2026-11-27T02:10:00.000Z",
  link: "http://collector/incidents/12",
};

let store: TestDb;
beforeAll(async () => {
  store = await openTestDb();
}, 180_000);
afterAll(() => store.close());
beforeEach(() => store.query("DELETE FROM outbox"));

describe("the outbox and a mail server", () => {
  let smtp: SmtpFake;
  let postman: Postman;
  const put = (kind: Message["kind"], incident: number, nowMs = NOW) =>
    putLetter(
      store,
      {
        key: `${kind}-${incident}-smtp ${TO}`,
        recipient: { channel: "smtp", to: TO },
        message: { ...message, kind, incident, thread: `incident-${incident}` },
        siteId: 1,
        held: false,
      },
      nowMs,
    );

  beforeAll(async () => {
    smtp = await startSmtpFake();
  });
  afterAll(() => smtp.close());
  beforeEach(() => {
    smtp.refuse = undefined;
    smtp.dropAfterData = 0;
    smtp.letters.length = 0;
    const notify = NotifyConfig.parse({ smtp: { url: smtp.url, from: "giam-sat@example.vn" } });
    postman = createPostman(store, channelsOf(notify), pino({ level: "silent" }), () => 0.1);
  });

  it("delivers a letter once, in Vietnamese first, with what, since when, why, effect, what to do, who and where", async () => {
    await put("opened", 12);
    await put("opened", 12);
    expect(await postman.round(NOW)).toBe(1);
    expect(await postman.round(NOW + HOUR)).toBe(0);
    expect(smtp.letters).toHaveLength(1);
    const { head, text } = decodedLetter(smtp.letters[0]);
    expect(head).toMatch(/^To: cntt@example\.vn$/m);
    for (const part of ["Xã Ia Grai", "168 Mbps", "09:10 27/11/2026", "phải chờ lâu", "Gọi nhà mạng", "Nhà mạng", "12", message.link])
      expect(text).toContain(part);
    expect(text.indexOf("Đo được")).toBeLessThan(text.indexOf("Measured"));
  });

  it("puts beginning, escalation and end of a problem into one thread", async () => {
    for (const kind of ["opened", "escalated", "recovered"] as const) await put(kind, 12);
    for (let round = 0; round < 3; round++) await postman.round(NOW + round);
    const heads = smtp.letters.map((letter) => decodedLetter(letter).head);
    const root = "<incident-12@example.vn>";
    expect(heads[0]).toContain(`Message-ID: ${root}`);
    for (const head of heads.slice(1)) {
      expect(head).toContain(`In-Reply-To: ${root}`);
      expect(head).toContain(`References: ${root}`);
    }
    expect(new Set(heads.map((head) => /^Message-ID: (.*)$/m.exec(head)?.[1])).size).toBe(3);
  });

  it("through an hour without a mail server nothing is lost, nothing doubled, and each end comes after its beginning", async () => {
    await smtp.stop();
    const ends = new Set([3, 9, 21]);
    for (let minute = 0; minute < 60; minute++) {
      const nowMs = NOW + minute * MINUTE;
      if (minute % 2 === 0) await put("opened", minute / 2, nowMs);
      if (minute > 50 && ends.size > 0) {
        for (const id of ends) await put("recovered", id, nowMs);
        ends.clear();
      }
      expect(await postman.round(nowMs)).toBe(0);
    }
    expect(await outboxState(store, NOW + HOUR)).toMatchObject({ waiting: 33, dead: 0 });
    // The breaker: a server that is down is asked about once a minute, not for every letter.
    const [row] = await store.query<{ tries: number }>("SELECT sum(tries)::int AS tries FROM outbox");
    expect(row?.tries).toBeLessThan(70);
    await smtp.start();
    const backMs = NOW + HOUR;
    let sent = 0;
    for (let second = 0; second <= 240; second += 5) sent += await postman.round(backMs + second * 1_000);
    expect(sent).toBe(33);
    const subjects = smtp.letters.map((letter) => /^Message-ID: <(.*)@/m.exec(letter)?.[1] ?? "");
    expect(new Set(subjects).size).toBe(33);
    for (const id of [3, 9, 21]) expect(subjects.indexOf(`incident-${id}`)).toBeLessThan(subjects.findIndex((one) => one.startsWith(`recovered-${id}-`)));
    expect(await outboxState(store, backMs)).toMatchObject({ waiting: 0, dead: 0, oldestMs: 0 });
  }, 180_000);

  it("a letter that was taken without a word comes again under the same Message-ID: one letter to whoever reads", async () => {
    smtp.dropAfterData = 2;
    await put("opened", 12);
    for (let minute = 0; minute < 10; minute++) await postman.round(NOW + minute * MINUTE);
    const ids = smtp.letters.map((letter) => /^Message-ID: (.*)$/m.exec(letter)?.[1]);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(await outboxState(store, NOW)).toMatchObject({ waiting: 0, dead: 0 });
  });

  it("a letter that is refused for good is dead, stays visible, and takes the end of its problem with it", async () => {
    smtp.refuse = 550;
    await put("opened", 14);
    await put("recovered", 14);
    await postman.round(NOW);
    expect(await outboxState(store, NOW, NOW - HOUR)).toMatchObject({ waiting: 0, dead: 1, deadSince: 1 });
    expect(await store.query("SELECT state, tries, last_error FROM outbox ORDER BY outbox_id")).toMatchObject([
      { state: "dead", tries: 1, last_error: expect.stringContaining("550") },
      { state: "withdrawn" },
    ]);
  });

  it.each([
    ["554 5.7.1 Relay access denied", "waiting"],
    ["550 5.4.5 Daily sending quota exceeded", "waiting"],
    ["552 5.2.2 Mailbox full", "waiting"],
    ["550 5.1.1 No such user", "dead"],
  ])("a refusal that somebody puts right keeps the letter, one of its address does not: %s", async (refuse, state) => {
    smtp.refuse = refuse;
    await put("opened", 16);
    await postman.round(NOW);
    expect(await store.query("SELECT state FROM outbox")).toEqual([{ state }]);
  });

  it("a letter whose next try was set by a clock that ran ahead goes out when the clock is right again", async () => {
    await smtp.stop();
    await put("opened", 17, NOW + 30 * 24 * HOUR);
    await postman.round(NOW + 30 * 24 * HOUR);
    await smtp.start();
    expect(await postman.round(NOW)).toBe(1);
  });

  it("gives up after three days, not before", async () => {
    smtp.refuse = 451;
    await put("opened", 15);
    for (let hour = 0; hour < 72; hour++) await postman.round(NOW + hour * HOUR);
    expect(await outboxState(store, NOW + 72 * HOUR)).toMatchObject({ waiting: 1, dead: 0, oldestMs: 72 * HOUR });
    for (let hour = 72; hour < 75; hour++) await postman.round(NOW + hour * HOUR);
    expect(await outboxState(store, NOW)).toMatchObject({ waiting: 0, dead: 1 });
  });
});

describe("the outbox and third parties that fail in every way", () => {
  /** What the other side does with one request: hangs up before or after it has taken it, says nothing, is slow, is overrun, is broken. */
  const moods = ["drop", "take and drop", "hang", "slow", "429", "500", "fine", "drop", "500", "fine"] as const;
  const taken: { key: string; body: string }[] = [];
  let asked = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const mood = moods[asked++ % moods.length];
      const answer = () => response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
      const take = () => taken.push({ key: String(request.headers["idempotency-key"]), body: Buffer.concat(chunks).toString() });
      if (mood === "429") response.writeHead(429, { "retry-after": "90" }).end();
      else if (mood === "500") response.writeHead(500).end();
      else if (mood === "drop") request.socket.destroy();
      else if (mood === "take and drop") {
        take();
        request.socket.destroy();
      } else if (mood === "slow") {
        take();
        setTimeout(answer, 50);
      } else if (mood === "fine") {
        take();
        answer();
      }
    });
  });
  let base = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    taken.length = 0;
    asked = 0;
  });

  it.each([
    ["webhook", "ioc"],
    ["zalo", "chat-1"],
  ] as const)(
    "%s: everything arrives, what comes twice is known by its key, and each end comes after its beginning",
    async (channel, to) => {
      const notify = NotifyConfig.parse({
        webhooks: [{ name: "ioc", url: `${base}/hook`, secret: "0123456789abcdef" }],
        zalo: { baseUrl: base, token: "12345678:token", perMinute: 5 },
      });
      const postman = createPostman(store, channelsOf(notify, 1_000), pino({ level: "silent" }), () => 0.5);
      for (let incident = 1; incident <= 8; incident++) {
        for (const kind of ["opened", "recovered"] as const)
          await putLetter(
            store,
            { key: `${kind}-${incident}`, recipient: { channel, to }, message: { ...message, kind, incident }, siteId: 1, held: false },
            NOW,
          );
      }
      let nowMs = NOW;
      for (let step = 0; step < 400 && (await outboxState(store, nowMs)).waiting > 0; step++) {
        await postman.round(nowMs);
        nowMs += 20_000;
      }
      expect(await outboxState(store, nowMs)).toMatchObject({ waiting: 0, dead: 0 });
      const said = taken.map(({ body }) => body);
      const firstOf = (incident: number, word: RegExp) => said.findIndex((body) => new RegExp(`(#|"incident":)${incident}\\b`).test(body) && word.test(body));
      for (let incident = 1; incident <= 8; incident++) {
        const [begun, ended] = [firstOf(incident, /opened|không đạt/), firstOf(incident, /recovered|đã khắc phục/)];
        expect(begun, `${incident} began`).toBeGreaterThanOrEqual(0);
        expect(ended, `${incident} ended`).toBeGreaterThan(begun);
      }
      // Only where the other side took a message and could not say so does it come again.
      expect(new Set(said).size).toBe(16);
      if (channel === "webhook") expect(new Set(taken.map(({ key }) => key)).size).toBe(16);
    },
    120_000,
  );
});
