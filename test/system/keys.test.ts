import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { text } from "#schemas/text/text.ts";
import { ConfigStore, configOwner } from "../../agent/config-store.ts";
import { enrol } from "../../agent/enrolment.ts";
import { type Identity, keyOf, readIdentity } from "../../agent/identity.ts";
import { isKeyOld, rotateKey } from "../../agent/rotate-key.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { type ClosableServer, listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import { listAgents } from "../../collector/store/agents.ts";
import { openStore, type Store } from "../../collector/store/open.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { batchOf } from "../support/batches.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { openBrowser } from "../support/http-browser.ts";
import { requirePeer } from "../support/require-peer.ts";
import { memoryFolder } from "../support/temporary-folder.ts";
import { type ServerDatabase, serverDatabase } from "../support/test-database.ts";

const DAY_MS = 86_400_000;
const signal = new AbortController().signal;

describe.skipIf(!requirePeer("postgres"))("keys, from enrolment to the lost PC", () => {
  let database: ServerDatabase;
  let store: Store;
  let server: ServerType;
  let second: ClosableServer;
  let url: string;
  let secondUrl: string;
  let nowMs = Date.now();

  beforeAll(async () => {
    database = await serverDatabase();
    store = await openStore({ databaseUrl: database.url, dataDir: "unused" });
    const config = readConfig({ HCC_LOG_LEVEL: "silent", HCC_MEASURE_PORT: "0" });
    const { app } = await createCollector({ config, store, clock: () => nowMs, log: createLog("silent") });
    const devices = [{ id: "nvr-1", role: "recorder" as const, address: "10.0.0.9" }];
    await importCentres(store.db, [{ code: "mot", name: "Xã Một", keyArea: false, devices }], nowMs);
    server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    second = await listen((await createCollector({ config, store, clock: () => nowMs, log: createLog("silent") })).app, { ...config, port: 0 });
    secondUrl = `http://127.0.0.1:${second.port}`;
  }, 120_000);
  afterAll(async () => {
    server?.close();
    second?.close();
    await store?.close();
    await database?.drop();
  });

  // Commands of the collector's program live in real time; each test starts from there.
  beforeEach(() => {
    nowMs = Date.now();
  });

  /** One command of the collector's program, against the same database. */
  const collector = (...words: string[]) => collectorCommand(words, { DATABASE_URL: database.url, HCC_MEASURE_PORT: "0", HCC_LANG: "en" });
  const enrolled = async (dataDir: string): Promise<Identity> => {
    const { out } = await collector("enrol-code", "mot");
    return enrol(out, new CollectorClient({ url, version: "test" }), { dataDir, collector: url, version: "test", nowMs: () => nowMs }, signal);
  };
  const clientWith = ({ agent }: Identity, key: ReturnType<typeof keyOf>) => new CollectorClient({ url, signer: { agent, key }, version: "test" });
  const ask = async (client: CollectorClient) => (await client.send({ method: "GET", path: "/v1/config", signal })).status;
  const later = (ms: number) => {
    nowMs += ms;
  };

  it("a key is changed by its owner alone; the old one counts for a week more", async () => {
    const dataDir = memoryFolder();
    const identity = await enrolled(dataDir);
    const oldKey = createPrivateKey(readFileSync(join(dataDir, `${identity.agent}.key`), "utf8"));
    expect([isKeyOld(identity, nowMs + 179 * DAY_MS), isKeyOld(identity, nowMs + 181 * DAY_MS)]).toEqual([false, true]);
    const client = clientWith(identity, oldKey);
    const renewed = await rotateKey(client, dataDir, identity, nowMs, signal);
    expect(renewed).toMatchObject({ agent: identity.agent, keyMadeAt: expect.any(String) });
    expect(readIdentity(dataDir)).toEqual(renewed);
    const newKey = keyOf(dataDir, identity);
    expect(newKey.equals(oldKey)).toBe(false);
    expect([await ask(client), await ask(clientWith(identity, newKey)), await ask(clientWith(identity, oldKey))]).toEqual([200, 200, 200]);
    later(7 * DAY_MS + 60_000);
    expect([await ask(clientWith(identity, newKey)), await ask(clientWith(identity, oldKey))]).toEqual([200, 401]);
    // Whoever has only the old key cannot change it any more either.
    expect(await rotateKey(clientWith(identity, oldKey), memoryFolder(), identity, nowMs, signal)).toMatch("refused (401");
  }, 60_000);

  it("an agent that was upgraded shows its new version; other names change nothing", async () => {
    const dataDir = memoryFolder();
    const identity = await enrolled(dataDir);
    const shown = async () => (await listAgents(store.db)).find(({ agentId }) => agentId === identity.agent)?.version;
    const upgraded = (version: string) => new CollectorClient({ url, signer: { agent: identity.agent, key: keyOf(dataDir, identity) }, version });
    expect(await shown()).toBe("test");
    expect([await ask(upgraded("1.2.3-rc.1")), await shown()]).toEqual([200, "1.2.3-rc.1"]);
    for (const odd of ["9 9", "x".repeat(33), "<b>"]) expect([await ask(upgraded(odd)), await shown()], odd).toEqual([200, "1.2.3-rc.1"]);
  }, 60_000);

  it("a revoked agent is refused within 30 s; a lost PC takes all of its centre with it and names the devices", async () => {
    const [one, two] = [memoryFolder(), memoryFolder()];
    const first = await enrolled(one);
    const second = await enrolled(two);
    const clients = [clientWith(first, keyOf(one, first)), clientWith(second, keyOf(two, second))] as const;
    expect([await ask(clients[0]), await ask(clients[1])]).toEqual([200, 200]);
    expect((await collector("agent", "revoke", first.agent, "--reason", "replaced")).code).toBe(0);
    later(30_000);
    expect([await ask(clients[0]), await ask(clients[1])]).toEqual([403, 200]);
    expect((await collector("agent", "list")).said).toMatch(new RegExp(`${first.agent}\\tmot\\trevoked.*replaced`));
    expect((await collector("agent", "release", first.agent)).said).toContain(
      "was refused for good, which is not taken back: make a new code with enrol-code mot",
    );
    const lost = await collector("agent", "lost", "mot");
    expect(lost.said).toMatch(/\nhcc-agent enrol [0-9A-Z-]{41} --collector http:\S+$/);
    expect(lost.said).toContain("nvr-1\trecorder\t10.0.0.9");
    later(30_000);
    expect(await ask(clients[1])).toBe(403);
    expect((await collector("agent", "revoke", "agt-0000000000000000")).code).toBe(64);
  }, 60_000);

  it("one click on the centre's page refuses a lost PC: here at once, at every other collector within 30 s, and says what to do next", async () => {
    const dataDir = memoryFolder();
    const identity = await enrolled(dataDir);
    const key = keyOf(dataDir, identity);
    const [here, there] = [url, secondUrl].map((at) => new CollectorClient({ url: at, signer: { agent: identity.agent, key }, version: "test" })) as [
      CollectorClient,
      CollectorClient,
    ];
    expect([await ask(here), await ask(there)]).toEqual([200, 200]);
    const forgotten = (await collector("enrol-code", "mot")).out;

    // Nobody has an account here yet: whoever sits at this machine may do it.
    const browser = openBrowser(url);
    const path = "/centres/mot/lost-pc";
    expect((await browser.get("/centres/mot")).html).toContain(`href="${path}"`);
    const unsure = await browser.send(path, {});
    expect([unsure.status, unsure.html.includes(text("vi", "lostPc.tick")), await ask(here)]).toEqual([422, true, 200]);

    const done = await browser.send(path, { sure: "yes" });
    expect([done.status, done.headers["cache-control"], await ask(here)]).toEqual([200, "no-store", 403]);
    later(30_000);
    expect(await ask(there)).toBe(403);
    const code = /<code>([0-9A-Z-]{41})<\/code>/.exec(done.html)?.[1] ?? "";
    for (const words of [
      text("vi", "lostPc.done", { count: 1, name: "Xã Một" }),
      `enrol ${code} --collector`,
      "nvr-1",
      "10.0.0.9",
      text("vi", "lostPc.step.look"),
    ])
      expect(done.html).toContain(words);
    const [deed] = await store.db.query<{ who: string; about: string }>("SELECT who, about FROM audit WHERE what = 'agent.lost' ORDER BY place DESC LIMIT 1");
    expect(deed).toEqual({ who: "local", about: `mot ${identity.agent}` });

    // The code works once, the one that was open before no more.
    const enrolWith = (given: string) => {
      const folder = memoryFolder();
      return enrol(given, new CollectorClient({ url, version: "test" }), { dataDir: folder, collector: url, version: "test", nowMs: () => nowMs }, signal);
    };
    await expect(enrolWith(forgotten)).rejects.toThrow(/: 403 /);
    expect(await enrolWith(code)).toMatchObject({ centre: "mot" });
    await expect(enrolWith(code)).rejects.toThrow(/: 403 /);
    expect((await browser.send("/centres/khong-co/lost-pc", { sure: "yes" }, { form: path })).status).toBe(404);
  }, 60_000);

  it("a cloned PC is frozen with its reason, and released by a person", async () => {
    const dataDir = memoryFolder();
    const identity = await enrolled(dataDir);
    const client = clientWith(identity, keyOf(dataDir, identity));
    const send = async (elapsedMs: number) => {
      const body = Buffer.from(JSON.stringify(batchOf({ stream: "cccccccccccccccc", startMs: nowMs - 300_000, each: () => ({ elapsedMs }) })));
      return (await client.send({ method: "POST", path: "/v1/batches", body, signal })).status;
    };
    expect([await send(1), await send(2), await ask(client)]).toEqual([200, 409, 403]);
    expect((await collector("agent", "list")).said).toMatch(new RegExp(`${identity.agent}\\tmot\\tfrozen.*another content`));
    expect((await collector("agent", "release", identity.agent)).code).toBe(0);
    later(30_000);
    expect(await ask(client)).toBe(200);
  }, 60_000);

  it("a configuration goes from export over the offline signature to the agent, which takes no other", async () => {
    const folder = memoryFolder();
    const file = (name: string) => join(folder, name);
    const { said: publicKey } = await collector("config", "keygen", "--out", file("key.pem"));
    expect((await collector("config", "keygen", "--out", file("key.pem"))).said).toContain("exists already");
    expect((await collector("config", "trust", publicKey)).code).toBe(0);
    const dataDir = memoryFolder();
    const identity = await enrolled(dataDir);
    expect(identity.configKey).toBe(publicKey);
    const client = clientWith(identity, keyOf(dataDir, identity));
    const warned: string[] = [];
    const warn = (_message: string, fields = {}) => void warned.push(JSON.stringify(fields));
    const configs = new ConfigStore({ dataDir, owner: configOwner(identity, {}), warn });
    const fetched = () => configs.fetch(client, signal);
    expect(await fetched()).toBeUndefined();
    expect(warned).toEqual([expect.stringContaining("not signed")]);

    expect((await collector("config", "export", "--out", file("plain.json"))).code).toBe(0);
    expect((await collector("config", "import", file("plain.json"))).code).toBe(64);
    expect((await collector("config", "sign", file("plain.json"), "--key", file("key.pem"), "--out", file("signed.json"))).said).toContain(
      "1 configurations signed",
    );
    expect((await collector("config", "import", file("signed.json"))).said).toContain("1 taken");
    expect(await fetched()).toMatchObject({ agent: identity.agent, centre: { code: "mot" } });

    // What is declared afterwards reaches this agent only after the next signature.
    await importCentres(store.db, [{ code: "mot", name: "Xã Một", keyArea: false, devices: [{ id: "x", role: "printer", address: "10.0.0.66" }] }], nowMs);
    expect((await fetched())?.centre.devices.map(({ id }) => id)).toEqual(["nvr-1"]);
    const other = (await collector("config", "keygen", "--out", file("other.pem"))).said;
    expect(other).not.toBe(publicKey);
    await collector("config", "sign", file("plain.json"), "--key", file("other.pem"), "--out", file("other.json"));
    expect((await collector("config", "import", file("other.json"))).said).toContain("not signed by the trusted key");
  }, 60_000);
});
