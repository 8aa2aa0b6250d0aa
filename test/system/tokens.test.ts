import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { text } from "#schemas/text/text.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { type ClosableServer, listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import type { PeopleDesk } from "../../collector/people/desk.ts";
import { TOKEN_RATE } from "../../collector/people/token-desk.ts";
import { accessTable } from "../../collector/routes/access-table.ts";
import { openApiDocument } from "../../collector/routes/openapi.ts";
import { openStore, type Store } from "../../collector/store/open.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { AuditReply, CentresReply } from "../../schemas/read-api.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { openBrowser } from "../support/http-browser.ts";
import { requirePeer } from "../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../support/test-database.ts";

const DAY_MS = 86_400_000;
const sentence = "con trâu trắng ăn cỏ non";
const doer = { who: "test", address: "local" };

describe.skipIf(!requirePeer("postgres"))("tokens for programs", () => {
  let database: ServerDatabase;
  let store: Store;
  let server: ClosableServer;
  let people: PeopleDesk;
  let nowMs = Date.now();

  beforeAll(async () => {
    database = await serverDatabase();
    store = await openStore({ databaseUrl: database.url, dataDir: "unused" });
    // Browsers come by the trusted proxy 127.0.0.2, programs from this machine; anyone else's plain connection can be read on the way.
    const config = readConfig({
      HCC_LOG_LEVEL: "silent",
      HCC_MEASURE_PORT: "0",
      HCC_PORT: "0",
      HCC_PUBLIC_URL: "https://hcc.example.vn",
      HCC_TRUSTED_PROXIES: "127.0.0.2",
    });
    const collector = await createCollector({ config, store, clock: () => nowMs, log: createLog("silent") });
    people = collector.people;
    server = await listen(collector.app, config);
    await importCentres(store.db, [{ code: "mot", name: "Xã Một", keyArea: false, devices: [] }], nowMs);
    await people.setPassword((await people.add({ login: "lan", name: "Lan", roles: ["admin"] }, doer)) ?? "", sentence, "local");
  }, 120_000);
  afterAll(async () => {
    server?.close();
    server?.closeAllConnections();
    await store?.close();
    await database?.drop();
  });

  const by = (address: string, headers: Record<string, string> = {}) =>
    openBrowser("https://hcc.example.vn", { at: `http://127.0.0.1:${server.port}`, from: address, headers });
  const ask = (token: string, path = "/v1/centres", headers: Record<string, string> = {}) =>
    by("127.0.0.1").get(path, { authorization: `Bearer ${token}`, ...headers });
  const collector = (...words: string[]) => collectorCommand(words, { DATABASE_URL: database.url, HCC_MEASURE_PORT: "0" });
  const make = async (role = "viewer", ...more: string[]) => (await collector("token", "add", "--name", "IOC tỉnh", "--role", role, ...more)).said;

  it("are made and ended on the page of the administrator: shown once, kept as a hash, written down", async () => {
    const browser = by("127.0.0.2", { "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https" });
    expect((await browser.send("/login", { login: "lan", password: sentence })).status).toBe(303);
    const wrong = await browser.send("/tokens", { name: "", role: "admin", days: "1000" });
    expect(wrong.status).toBe(422);
    expect(wrong.html).toContain(text("vi", "tokens.fault.days", { max: 365 }));
    const made = await browser.send("/tokens", { name: "IOC <b>tỉnh</b>", role: "viewer", days: "30" });
    const token = /hcc_[\w-]{43}/.exec(made.html)?.[0] ?? "";
    expect([made.status, made.headers["cache-control"], token.length]).toEqual([200, "no-store", 47]);
    expect(made.html).not.toContain("<b>tỉnh");
    expect((await ask(token)).status).toBe(200);
    const list = (await browser.get("/tokens")).html;
    expect(list).toContain(`<code>${token.slice(0, 12)}…</code>`);
    expect(list).not.toContain(token);
    expect(JSON.stringify(await store.db.query("SELECT * FROM api_token"))).not.toContain(token);
    await browser.send("/tokens/revoke", { id: token.slice(0, 12) }, { form: "/tokens" });
    expect((await ask(token)).status).toBe(401);
    const deeds = (await people.audit()).deeds.rows.slice(0, 2).map(({ who, what, about, address }) => [who, what, about, address]);
    expect(deeds).toEqual([
      ["lan", "token.revoked", `${token.slice(0, 12)}: IOC <b>tỉnh</b>`, "198.51.100.7"],
      ["lan", "token.added", `${token.slice(0, 12)} viewer: IOC <b>tỉnh</b>`, "198.51.100.7"],
    ]);
  });

  it("are made, listed and revoked on the command line, too", async () => {
    const token = await make();
    expect(CentresReply.parse(JSON.parse((await ask(token)).html)).centres.map(({ code }) => code)).toEqual(["mot"]);
    const { said } = await collector("token", "list");
    expect(said).toMatch(new RegExp(`${token.slice(0, 12)}\\tviewer\\tIOC tỉnh\\tcommand line: .+\\tends 20..-..-..\\tused 20..-..-..$`, "m"));
    expect(said).not.toContain(token);
    expect((await collector("token", "revoke", token.slice(0, 12))).code).toBe(0);
    expect((await collector("token", "revoke", token.slice(0, 12))).code).toBe(64);
    expect((await collector("token", "add", "--name", "x", "--role", "admin")).code).toBe(64);
    expect((await ask(token)).status).toBe(401);
  });

  it("end by themselves", async () => {
    const token = await make("viewer", "--days", "2");
    expect((await ask(token)).status).toBe(200);
    nowMs += 2 * DAY_MS + 60_000;
    const refused = await ask(token);
    expect([refused.status, JSON.parse(refused.html).code, refused.headers["www-authenticate"]]).toEqual([
      401,
      "token_unknown",
      expect.stringContaining("Bearer"),
    ]);
    nowMs = Date.now();
  });

  it("read what their role reads, under /v1/ alone, and change nothing anywhere", async () => {
    const tokens = { viewer: await make("viewer"), auditor: await make("auditor") };
    for (const [line, access] of Object.entries(accessTable)) {
      if (access.who !== "people") continue;
      const [method = "", pattern = ""] = line.split(" ");
      const path = pattern
        .replace(":code", "mot")
        .replace(":file", "mot.json")
        .replace(":month", "2026-10")
        .replace(":requirement", "R05")
        .replace(/:\w+/, "1");
      for (const role of ["viewer", "auditor"] as const) {
        const reply =
          method === "GET"
            ? await ask(tokens[role], path)
            : await by("127.0.0.1").send(path, {}, { form: "/login", headers: { authorization: `Bearer ${tokens[role]}` } });
        const mayRead = method === "GET" && path.startsWith("/v1/") && access.roles.includes(role);
        expect(reply.status !== 401 && reply.status !== 403, `${role} at ${line}: ${reply.status}`).toBe(mayRead);
      }
    }
    const audit = AuditReply.parse(JSON.parse((await ask(tokens.auditor, "/v1/audit?after=1&limit=2")).html));
    expect(audit.deeds.map(({ place }) => place)).toEqual([2, 3]);
    expect((await ask(tokens.auditor, "/v1/audit?after=-1")).status).toBe(422);
  });

  it("are not taken where others could read them, and nothing else counts beside them", async () => {
    const token = await make();
    for (const [from, headers] of [
      ["127.0.0.3", { "x-forwarded-proto": "https" }],
      ["127.0.0.2", { "x-forwarded-proto": "http" }],
    ] as const) {
      const reply = await by(from, headers).get("/v1/centres", { authorization: `Bearer ${token}` });
      expect([reply.status, JSON.parse(reply.html).code], from).toEqual([403, "token_in_clear"]);
    }
    for (const wrong of ["", "hcc_", `${token}x`, token.slice(0, -1), "hcc_' OR 1=1 --", "a".repeat(5_000)]) expect((await ask(wrong)).status, wrong).toBe(401);
    expect((await ask(token, "/v1/centres", { cookie: "hcc-session=x" })).status).toBe(200);
  });

  it("ask at most so often", async () => {
    nowMs = Math.ceil(nowMs / 60_000) * 60_000;
    const token = await make();
    const statuses: number[] = [];
    for (let asked = 0; asked <= TOKEN_RATE; asked++) statuses.push((await ask(token, "/v1/findings?limit=1")).status);
    expect(statuses.indexOf(429)).toBe(TOKEN_RATE);
    nowMs += 60_000;
    expect((await ask(token)).status).toBe(200);
  });

  it("stand in the OpenAPI document at every reading operation", () => {
    const document = openApiDocument();
    expect(document.components.securitySchemes.apiToken).toMatchObject({ type: "http", scheme: "bearer" });
    const reading = Object.entries(document.paths).flatMap(([path, methods]) =>
      path.startsWith("/v1/") && "get" in methods && path !== "/v1/config" ? [methods.get] : [],
    );
    expect(reading.length).toBeGreaterThan(4);
    for (const operation of reading) expect(operation).toMatchObject({ security: [{ apiToken: [] }, { session: [] }] });
  });
});
