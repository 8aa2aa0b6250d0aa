import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { SnmpAccess } from "#schemas/target.ts";
import { openSnmp, WALK_ROWS_MAX } from "../../../agent/io/snmp.ts";
import { snmpText } from "../../../agent/io/snmp-value.ts";
import { freeUdpPort } from "../../support/free-port.ts";
import { type Asked, answer, startHostileAgent } from "../../support/hostile-snmp.ts";
import { type PeerProcess, startPeer } from "../../support/peer-process.ts";
import { requirePeer } from "../../support/require-peer.ts";

const SYS_DESCR = "1.3.6.1.2.1.1.1.0";
const SYSTEM = "1.3.6.1.2.1.1";
const MISSING = "1.3.6.1.2.1.99.1.0";
const COUNTER64 = "1.3.6.1.4.1.55555.1.0";
const v2c: SnmpAccess = { version: "2c", community: "public" };
const v3 = (over: Partial<Extract<SnmpAccess, { version: "3" }>> = {}): SnmpAccess => ({
  version: "3",
  user: "hcc",
  auth: { protocol: "sha256", key: "authpass1234" },
  privacy: { protocol: "aes256b", key: "privpass1234" },
  ...over,
});
const soon = () => AbortSignal.timeout(8_000);

describe.skipIf(!requirePeer("snmpd"))("openSnmp against snmpd", () => {
  let port = 0;
  let snmpd: PeerProcess;
  let folder = "";
  const open = (access: SnmpAccess) => openSnmp({ address: "127.0.0.1", port, access }, soon());

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hcc-snmpd-"));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "state"));
    port = await freeUdpPort();
    const lines = [
      `agentAddress udp:127.0.0.1:${port}`,
      "rocommunity public",
      'createUser hcc SHA-256 "authpass1234" AES-256 "privpass1234"',
      "rouser hcc priv",
      'createUser old SHA "authpass1234" AES "privpass1234"',
      "rouser old priv",
      "sysDescr HCC test agent",
    ];
    writeFileSync(join(folder, "snmpd.conf"), `${lines.join("\n")}\n`);
    const isReady = async () => {
      using session = openSnmp({ address: "127.0.0.1", port, access: v2c }, AbortSignal.timeout(500));
      return await session.get([SYS_DESCR]).then(
        ({ size }) => size === 1,
        () => false,
      );
    };
    snmpd = await startPeer("snmpd", ["-f", "-Lo", "-C", "-c", join(folder, "snmpd.conf")], isReady, { SNMP_PERSISTENT_DIR: join(folder, "state") });
  });
  afterAll(async () => {
    await snmpd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<[string, SnmpAccess]>([
    ["v1", { version: "1", community: "public" }],
    ["v2c", v2c],
    ["v3 with SHA-256 and AES-256", v3()],
    ["v3 with SHA and AES-128", v3({ user: "old", auth: { protocol: "sha", key: "authpass1234" }, privacy: { protocol: "aes", key: "privpass1234" } })],
  ])("%s reads, walks and leaves out what is missing", async (_, access) => {
    using session = open(access);
    const found = await session.get([SYS_DESCR, MISSING]);
    expect([...found].map(([oid, value]) => [oid, snmpText(value)])).toEqual([[SYS_DESCR, "HCC test agent"]]);
    const rows = await session.walk(SYSTEM);
    expect(rows.length).toBeGreaterThan(6);
    expect(rows.every(({ oid }) => oid.startsWith(`${SYSTEM}.`))).toBe(true);
    expect(await session.walk(MISSING)).toEqual([]);
    expect(snmpText((await session.first(SYSTEM)) ?? "")).toBe("HCC test agent");
    expect(await session.first(MISSING)).toBeUndefined();
  });

  it.each<[string, SnmpAccess, string]>([
    ["a wrong community", { version: "2c", community: "wrong" }, "timeout"],
    ["a wrong auth key", v3({ auth: { protocol: "sha256", key: "wrongwrong" } }), "auth_failed"],
    ["an unknown user", v3({ user: "nobody" }), "auth_failed"],
    ["a wrong privacy key, to which agents say nothing", v3({ privacy: { protocol: "aes256b", key: "wrongwrong" } }), "auth_failed"],
    ["a level below the one demanded", v3({ privacy: undefined }), "no_permission"],
  ])("%s is its own reason", async (_, access, trouble) => {
    using session = open(access);
    await expect(session.get([SYS_DESCR])).rejects.toMatchObject({ trouble });
  });

  it("DES is refused with the cure", () => {
    expect(() => open(v3({ privacy: { protocol: "des", key: "privpass1234" } }))).toThrow(/set AES/);
  });

  it("a closed port is a timeout and never an empty answer", async () => {
    using session = openSnmp({ address: "127.0.0.1", port: await freeUdpPort(), access: v2c }, soon());
    await expect(session.walk(SYSTEM)).rejects.toMatchObject({ trouble: "timeout" });
  });
});

describe("openSnmp against a hostile agent", () => {
  const column = "1.3.6.1.4.1.55555.7";
  const lastArc = (oid: string) => (oid === column ? 0 : Number(oid.split(".").at(-1)));
  const play = async (reply: (asked: Asked) => readonly Buffer[], signal = soon()) => {
    const agent = await startHostileAgent(reply);
    const session = openSnmp({ address: "127.0.0.1", port: agent.port, access: v2c }, signal, { requestMs: 250 });
    onTestFinished(async () => {
      session[Symbol.dispose]();
      await agent.stop();
    });
    return { agent, session };
  };

  it.each<[string, (asked: Asked) => readonly Buffer[], string]>([
    ["one OID for ever", (asked) => [answer(asked, [{ oid: `${column}.5`, value: 1 }])], "malformed"],
    [
      "rows that count down",
      (asked) => [
        answer(asked, [
          { oid: `${column}.9`, value: 1 },
          { oid: `${column}.8`, value: 1 },
        ]),
      ],
      "malformed",
    ],
    ["a table without end", (asked) => [answer(asked, manyRows(lastArc(asked.oid)))], "malformed"],
    [
      "strings of 64 KiB without end",
      (asked) => [answer(asked, [{ oid: `${column}.${lastArc(asked.oid) + 1}`, value: Buffer.alloc(65_300, 0x41) }])],
      "malformed",
    ],
    ["noise", () => [Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 1, 2, 3])], "malformed"],
    ["an empty sequence", () => [Buffer.from([0x30, 0x00])], "malformed"],
    ["the answer to another request", (asked) => [answer({ ...asked, requestId: asked.requestId ^ 1 }, [{ oid: `${column}.1`, value: 1 }])], "timeout"],
    ["half an answer", (asked) => [answer(asked, [{ oid: `${column}.1`, value: 1 }]).subarray(0, 20)], "malformed"],
    ["another community", (asked) => [answer({ ...asked, community: "other" }, [{ oid: `${column}.1`, value: 1 }])], "malformed"],
    ["nothing", () => [], "timeout"],
  ])("%s ends the walk with a reason and without rows", async (_, reply, trouble) => {
    const { session, agent } = await play(reply);
    await expect(session.walk(column)).rejects.toMatchObject({ trouble });
    expect(agent.asked()).toBeLessThan(WALK_ROWS_MAX / 10 + 10);
  });

  const BULK = 0xa5;
  it.each<[string, (asked: Asked) => readonly Buffer[]]>([
    ["drops", () => []],
    ["refuses", (asked) => [answer(asked, [{ oid: asked.oid, value: 0 }], 5)]],
  ])("an agent that %s GETBULK and answers all else is walked row by row", async (_, toBulk) => {
    const { session } = await play((asked) => {
      if (asked.pdu === BULK) return toBulk(asked);
      const next = lastArc(asked.oid) + 1;
      return [answer(asked, [asked.pdu === 0xa0 ? { oid: asked.oid, value: "AP" } : { oid: next > 3 ? `${MISSING}.1` : `${column}.${next}`, value: next }])];
    });
    await session.get([SYS_DESCR]);
    expect((await session.walk(column)).map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  it.each<[string, (asked: Asked) => readonly Buffer[]]>([
    ["drops a question for several objects", (asked) => (asked.oids.length > 1 ? [] : [answer(asked, [{ oid: asked.oid, value: "AP" }])])],
    ["answers the first of several objects alone", (asked) => [answer(asked, [{ oid: asked.oid, value: "AP" }])]],
  ])("an agent that %s is asked for them one by one, once it has shown that it is there", async (_, reply) => {
    const { session, agent } = await play(reply);
    await session.get([SYS_DESCR]);
    expect((await session.get([SYS_DESCR, COUNTER64])).size).toBe(2);
    const before = agent.asked();
    expect((await session.get([SYS_DESCR, COUNTER64], { oidsPerRequest: 1 })).size).toBe(2);
    expect(agent.asked() - before).toBe(2);
  });

  it("a Counter64 comes as a number", async () => {
    const { session } = await play((asked) => [answer(asked, [{ oid: asked.oid, value: { counter64: 2n ** 64n - 1n } }])]);
    expect((await session.get([COUNTER64])).get(COUNTER64)).toBe(2 ** 64);
  });

  it("noise beside a right answer does no harm", async () => {
    const { session } = await play((asked) => [Buffer.from("\u0000\u0001garbage"), answer(asked, [{ oid: asked.oid, value: "fine" }])]);
    expect(snmpText((await session.get([SYS_DESCR])).get(SYS_DESCR) ?? "")).toBe("fine");
  });

  it("the deadline of the visit holds while rows still come", async () => {
    const { session } = await play((asked) => [answer(asked, [{ oid: `${column}.${lastArc(asked.oid) + 1}`, value: 1 }])], AbortSignal.timeout(200));
    const startedMs = performance.now();
    await expect(session.walk(column)).rejects.toMatchObject({ trouble: expect.stringMatching(/timeout|malformed/) });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  function manyRows(from: number) {
    return Array.from({ length: 50 }, (_, index) => ({ oid: `${column}.${from + 1 + index}`, value: 1 }));
  }
});
