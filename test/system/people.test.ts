import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { text } from "#schemas/text/text.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { type ClosableServer, listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import type { PeopleDesk } from "../../collector/people/desk.ts";
import { SESSION_IDLE_MS, SESSION_MS } from "../../collector/people/session-desk.ts";
import { accessTable } from "../../collector/routes/access-table.ts";
import { T0 } from "../support/batches.ts";
import { freeTcpPort } from "../support/free-port.ts";
import { openBrowser } from "../support/http-browser.ts";
import { type OidcService, startOidcService } from "../support/oidc-service.ts";
import { requirePeer } from "../support/require-peer.ts";
import { type TestCertificate, testCertificate } from "../support/test-certificate.ts";
import { openTestDb, type TestDb } from "../support/test-database.ts";

const sentence = "con trâu trắng ăn cỏ non";
const doer = { who: "test", address: "local" };

/** The collector's app on real sockets; people come by three ways: TLS of its own, a proxy that is trusted, and plain HTTP. */
describe.skipIf(!requirePeer("openssl"))("people over HTTP", () => {
  const folder = mkdtempSync(join(tmpdir(), "hcc-people-"));
  let db: TestDb;
  let people: PeopleDesk;
  let certificate: TestCertificate;
  let own: ClosableServer;
  let plain: ClosableServer;
  let service: OidcService;
  let signedOn: ClosableServer;
  let nowMs = T0;

  beforeAll(async () => {
    certificate = testCertificate(folder);
    db = await openTestDb();
    const serve = async (environment: Record<string, string>) => {
      const config = { ...readConfig({ HCC_LOG_LEVEL: "silent", HCC_MEASURE_PORT: "0", HCC_PORT: "0", ...environment }) };
      const collector = await createCollector({ config, store: { db }, clock: () => nowMs, log: createLog("silent") });
      people = collector.people;
      return listen(collector.app, config);
    };
    own = await serve({ HCC_TLS_CERT: certificate.certFile, HCC_TLS_KEY: certificate.keyFile });
    plain = await serve({ HCC_PUBLIC_URL: "https://hcc.example.vn", HCC_TRUSTED_PROXIES: "127.0.0.2" });
    const port = await freeTcpPort();
    service = await startOidcService(`http://localhost:${port}`);
    writeFileSync(join(folder, "oidc.json"), JSON.stringify(service.file));
    signedOn = await serve({ HCC_PORT: String(port), HCC_OIDC: join(folder, "oidc.json") });
    for (const login of ["lan", "hoa", "minh"]) {
      const link = await people.add({ login, name: login, roles: ["viewer", "admin"] }, doer);
      await people.setPassword(link ?? "", sentence, "local");
    }
  }, 240_000);
  afterAll(async () => {
    for (const server of [own, plain, signedOn]) {
      server?.close();
      server?.closeAllConnections();
    }
    await service?.close();
    await db?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const home = () => openBrowser(`https://localhost:${own.port}`, { ca: certificate.ca });
  const signIn = (browser: ReturnType<typeof home>, login: string, password = sentence) => browser.send("/login", { login, password });

  it("sets cookies that no script, no foreign page, no sister host and no plain connection gets", async () => {
    const browser = home();
    const reply = await signIn(browser, "lan");
    expect([reply.status, reply.location]).toEqual([303, "/"]);
    const attributes = Object.fromEntries(reply.cookies.map((line) => [line.split("=")[0], line.split("; ").slice(1).sort().join("; ")]));
    expect(attributes).toEqual({
      "__Host-hcc-session": "HttpOnly; Max-Age=28800; Path=/; SameSite=Lax; Secure",
      "__Host-hcc-device": "HttpOnly; Max-Age=31536000; Path=/; SameSite=Lax; Secure",
    });
    const form = (await home().get("/login")).cookies;
    expect(form).toEqual([expect.stringMatching(/^__Host-hcc-form=[\w-]{24}; Path=\/; HttpOnly; Secure; SameSite=Strict$/)]);
    expect(reply.headers["strict-transport-security"]).toBe("max-age=31536000");
    expect((await browser.get("/account")).html).toContain("lan");
  });

  it("gives a new session at each login; neither the one before nor one that somebody planted opens anything", async () => {
    const browser = home();
    browser.jar.set("__Host-hcc-session", "planted");
    await signIn(browser, "lan");
    const first = browser.jar.get("__Host-hcc-session") ?? "";
    expect(first).toMatch(/^[\w-]{43}$/);
    await signIn(browser, "lan");
    const second = browser.jar.get("__Host-hcc-session") ?? "";
    expect(second).not.toBe(first);
    const old = home();
    for (const session of ["planted", first]) {
      old.jar.set("__Host-hcc-session", session);
      expect((await old.get("/account")).location, session).toMatch(/^\/login/);
    }
    expect((await browser.get("/account")).status).toBe(200);
  });

  it("ends a session at logout, on the server as in the browser", async () => {
    const browser = home();
    await signIn(browser, "lan");
    const session = browser.jar.get("__Host-hcc-session") ?? "";
    const reply = await browser.send("/logout", {}, { form: "/account" });
    expect([reply.status, reply.location]).toEqual([303, "/login"]);
    expect(browser.jar.has("__Host-hcc-session")).toBe(false);
    browser.jar.set("__Host-hcc-session", session);
    expect((await browser.get("/account")).location).toMatch(/^\/login/);
  });

  it("ends a session that is idle, and one that lasts a working day", async () => {
    const [idle, busy] = [home(), home()];
    await signIn(idle, "lan");
    nowMs += SESSION_IDLE_MS + 1;
    expect((await idle.get("/account")).location).toMatch(/^\/login\?next=%2Faccount/);
    await signIn(busy, "lan");
    for (let passed = 0; passed < SESSION_MS; passed += SESSION_IDLE_MS / 2) {
      expect((await busy.get("/account")).status).toBe(200);
      nowMs += SESSION_IDLE_MS / 2;
    }
    nowMs += 1;
    expect((await busy.get("/account")).location).toMatch(/^\/login/);
  });

  it("lets nobody guess: after five failures even the right password waits, and the wait is told; a known browser does not wait", async () => {
    const known = home();
    await signIn(known, "hoa");
    const stranger = home();
    for (let failure = 0; failure < 5; failure++) expect((await signIn(stranger, "hoa", "sai mật khẩu rồi")).status).toBe(401);
    const refused = await signIn(stranger, "hoa");
    expect([refused.status, Number(refused.headers["retry-after"])]).toEqual([429, 900]);
    expect(stranger.jar.has("__Host-hcc-session")).toBe(false);
    expect((await signIn(known, "hoa")).status).toBe(303);
    nowMs += 15 * 60_000;
    expect((await signIn(stranger, "hoa")).status).toBe(303);
  });

  it("says the same of a wrong password and of a login that nobody has", async () => {
    const replies = await Promise.all([signIn(home(), "minh", "sai mật khẩu rồi"), signIn(home(), "nobody-here", "sai mật khẩu rồi")]);
    expect(replies.map(({ status }) => status)).toEqual([401, 401]);
    for (const { html } of replies) expect(html).toContain(text("vi", "people.fault.wrong"));
    nowMs += 15 * 60_000;
  });

  it("takes no form at any address that comes without its token, from elsewhere, or with another browser's token", async () => {
    const browser = home();
    await signIn(browser, "lan");
    const forms = Object.entries(accessTable).flatMap(([line, access]) =>
      line.startsWith("POST ") && access.who !== "agent" && access.who !== "anyone" ? [line.slice(5)] : [],
    );
    expect(forms.length).toBeGreaterThan(8);
    for (const pattern of forms) {
      const path = pattern.replace(":code", "xa-01").replace(":requirement", "R05").replace(":id", "1");
      const send = (fields: Record<string, string>, headers: Record<string, string>) => browser.send(path, fields, { form: "/account", headers });
      const foreign = /name="token" value="([^"]+)"/.exec((await home().get("/login")).html)?.[1] ?? "";
      expect(foreign).toHaveLength(43);
      for (const [fields, headers] of [
        [{ token: "" }, {}],
        [{ token: foreign }, {}],
        [{}, { "sec-fetch-site": "cross-site" }],
        [{}, { "sec-fetch-site": "same-site" }],
      ] as const) {
        const { status, html } = await send(fields, headers);
        // A route that this person may not call says so before it reads the form.
        expect([status, html.includes(text("vi", "form.refused")) || html.includes(text("vi", "access.role_missing"))], path).toEqual([403, true]);
      }
    }
    expect((await browser.get("/account")).status).toBe(200);
  });

  describe("one's own account", () => {
    const next = "ba con voi trắng qua sông";
    const idsOn = (html: string) => [...html.matchAll(/name="id" value="([^"]+)"/g)].map(([, id = ""]) => id);
    const deeds = async (count: number) => (await people.audit()).deeds.rows.slice(0, count).map(({ who, what, about }) => [who, what, about]);
    const isIn = async (browser: ReturnType<typeof home>) => (await browser.get("/account")).status === 200;
    const change = (browser: ReturnType<typeof home>, present: string, password: string, again = password) =>
      browser.send("/account/password", { present, password, again }, { form: "/account" });
    const signedIn = async (login: string) => {
      const browser = home();
      expect((await signIn(browser, login)).status).toBe(303);
      return browser;
    };

    beforeAll(async () => {
      for (const login of ["mai", "tuan", "binh", "dung"]) {
        const link = await people.add({ login, name: login, roles: ["viewer"] }, doer);
        await people.setPassword(link ?? "", sentence, "local");
      }
    });

    it("changes its password for whoever knows the present one, and ends every other session", async () => {
      const [browser, other] = [await signedIn("mai"), await signedIn("mai")];
      const before = browser.jar.get("__Host-hcc-session") ?? "";
      for (const [present, password, again, key] of [
        ["sai mật khẩu rồi", next, next, "people.fault.present"],
        [sentence, "ngan", "ngan", "people.fault.short"],
        [sentence, "matkhau-2026-moi", "matkhau-2026-moi", "people.fault.guessable"],
        [sentence, next, `${next} khác`, "people.fault.again"],
      ] as const) {
        const refused = await change(browser, present, password, again);
        expect([refused.status, refused.html.includes(text("vi", key))], key).toEqual([422, true]);
        expect(refused.html, key).not.toContain(password);
      }
      expect(await isIn(other)).toBe(true);
      const done = await change(browser, sentence, next);
      expect([done.status, done.location]).toEqual([303, "/account"]);
      expect(await deeds(1)).toEqual([["mai", "password.changed", "mai"]]);
      expect([await isIn(browser), await isIn(other)]).toEqual([true, false]);
      other.jar.set("__Host-hcc-session", before);
      expect(await isIn(other)).toBe(false);
      expect((await signIn(home(), "mai")).status).toBe(401);
      expect((await signIn(home(), "mai", next)).status).toBe(303);
    });

    it("is made on the page, with a link to set the password that is shown once", async () => {
      const admin = await signedIn("lan");
      const made = await admin.send("/people", { login: "tam", name: "Lê Thị Tâm", "role-viewer": "yes" }, { form: "/people" });
      expect([made.status, made.headers["cache-control"], made.html.includes("/password#")]).toEqual([200, "no-store", true]);
      const anew = await admin.send("/people/reset", { login: "tam" }, { form: "/people" });
      expect([anew.status, anew.headers["cache-control"], anew.html.includes("/password#")]).toEqual([200, "no-store", true]);
    });

    it("gets a second factor, which each sign-in asks for after the password and before anything opens", async () => {
      const browser = await signedIn("dung");
      const setUp = await browser.get("/account/factor");
      const form = setUp.html;
      const secret = /name="secret" value="([A-Z2-7]{32})"/.exec(form)?.[1] ?? "";
      const code = (offMs = 0) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: nowMs + offMs });
      expect([form.includes("<svg"), form.includes(secret.slice(0, 4))]).toEqual([true, true]);
      const wrong = await browser.send("/account/factor", { secret, code: "000000", present: sentence }, { form: "/account/factor" });
      expect([wrong.status, wrong.html.includes(text("vi", "people.fault.code")), wrong.html.includes(secret)]).toEqual([422, true, true]);
      // Who comes to the browser later does not see the secret by going back.
      expect([setUp, wrong].map(({ headers }) => headers["cache-control"])).toEqual(["no-store", "no-store"]);
      const on = await browser.send("/account/factor", { secret, code: code(), present: sentence }, { form: "/account/factor" });
      expect([on.status, on.location, await isIn(browser)]).toEqual([303, "/account", true]);
      nowMs += 60_000;

      const again = home();
      const half = await again.send("/login", { login: "dung", password: sentence, next: "/incidents" }, { form: "/login?next=/incidents" });
      expect([half.status, half.location]).toEqual([303, "/login/factor?next=%2Fincidents"]);
      // The password alone opens nothing, and the browser is none of her own yet.
      for (const path of ["/", "/account", "/account/factor"]) expect((await again.get(path)).location, path).toMatch(/^\/login\?/);
      expect([again.jar.has("__Host-hcc-device"), (await home().get("/login/factor")).location]).toEqual([false, "/login"]);
      const refused = await again.send("/login/factor", { code: "000000", next: "/incidents" });
      expect([refused.status, refused.html.includes(text("vi", "people.fault.code"))]).toEqual([422, true]);
      const whole = await again.send("/login/factor", { code: code(), next: "/incidents" });
      expect([whole.status, whole.location, await isIn(again)]).toEqual([303, "/incidents", true]);

      const admin = await signedIn("lan");
      expect((await again.send("/people/factor", { login: "dung" }, { form: "/account" })).status).toBe(403);
      await admin.send("/people/factor", { login: "dung" }, { form: "/people" });
      expect(await deeds(1)).toEqual([["lan", "factor.ended", "dung"]]);
      expect([await isIn(again), (await signIn(home(), "dung")).location]).toEqual([false, "/"]);
    });

    it("lets nobody with a stolen session guess the present password, nor keep its owner from signing in", async () => {
      const browser = await signedIn("tuan");
      for (let failure = 0; failure < 10; failure++) expect((await change(browser, "sai mật khẩu rồi", next)).status).toBe(422);
      const refused = await change(browser, sentence, next);
      expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "900"]);
      expect((await signIn(home(), "tuan")).status).toBe(303);
    });

    it("shows its sessions and ends one or all others; another person's stays", async () => {
      const browser = await signedIn("binh");
      nowMs += 1_000;
      const second = await signedIn("binh");
      nowMs += 1_000;
      const newest = await signedIn("binh");
      const stranger = await signedIn("hoa");
      const { html } = await browser.get("/account");
      const [id = "", ...more] = idsOn(html);
      expect([id.length, more.length > 0, html.includes(text("vi", "session.this"))]).toEqual([16, true, true]);
      expect(html).toMatch(/127\.0\.0\.1|::1/);
      await stranger.send("/account/sessions", { id }, { form: "/account" });
      expect(await isIn(newest)).toBe(true);
      await browser.send("/account/sessions", { id }, { form: "/account" });
      expect(await deeds(1)).toEqual([["binh", "session.ended", `binh: ${id}`]]);
      expect([await isIn(browser), await isIn(second), await isIn(newest)]).toEqual([true, true, false]);
      await browser.send("/account/sessions", { others: "yes" }, { form: "/account" });
      expect([await isIn(browser), await isIn(second)]).toEqual([true, false]);
      expect(await isIn(stranger)).toBe(true);
    });

    it("loses all its sessions to an administrator, and to nobody else", async () => {
      const [browser, admin, other] = [await signedIn("binh"), await signedIn("lan"), await signedIn("tuan")];
      const own = idsOn((await browser.get("/account")).html);
      expect((await other.send("/people/sessions", { login: "binh" }, { form: "/account" })).status).toBe(403);
      expect(await isIn(browser)).toBe(true);
      const ended = await admin.send("/people/sessions", { login: "binh" }, { form: "/people" });
      expect([ended.status, ended.location]).toEqual([303, "/people"]);
      const [[who, what, about = ""] = []] = await deeds(1);
      expect([who, what, about.slice(0, 6)]).toEqual(["lan", "session.ended", "binh: "]);
      // Those that time had ended before are not on the page.
      expect(about.slice(6).split(" ")).toEqual(expect.arrayContaining(own));
      expect([await isIn(browser), await isIn(admin)]).toEqual([false, true]);
    });
  });

  describe("behind a proxy", () => {
    const by = (address: string, headers: Record<string, string>) =>
      openBrowser("https://hcc.example.vn", { at: `http://127.0.0.1:${plain.port}`, from: address, headers });
    const addresses = async () => (await people.audit()).deeds.rows.slice(0, 1).map(({ what, address }) => [what, address]);

    it("believes a named proxy alone: who the client is, and that he came by https", async () => {
      const trusted = by("127.0.0.2", { "x-forwarded-for": "203.0.113.66, 198.51.100.7", "x-forwarded-proto": "https" });
      expect((await signIn(trusted, "minh")).status).toBe(303);
      // What the client wrote itself, further left, is never reached.
      expect(await addresses()).toEqual([["login", "198.51.100.7"]]);
      const untrusted = by("127.0.0.3", { "x-forwarded-for": "203.0.113.66", "x-forwarded-proto": "https" });
      const refused = await signIn(untrusted, "minh");
      expect([refused.status, refused.html.includes(text("vi", "people.plain"))]).toEqual([403, true]);
      expect(untrusted.jar.has("__Host-hcc-session")).toBe(false);
    });

    it("takes no password that came to the proxy in the clear", async () => {
      const clear = by("127.0.0.2", { "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "http" });
      expect((await signIn(clear, "minh")).status).toBe(403);
      expect((await clear.send("/password", { code: "x", password: sentence, again: sentence })).status).toBe(403);
      const trusted = by("127.0.0.2", { "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https" });
      await signIn(trusted, "minh");
      for (const [name, value] of trusted.jar) clear.jar.set(name, value);
      const refused = await clear.send("/account/password", { present: sentence, password: "x", again: "x" }, { form: "/account" });
      expect([refused.status, refused.html.includes(text("vi", "people.plain"))]).toEqual([403, true]);
    });

    it("lets failures of one client count for him, not for the others behind the same proxy", async () => {
      const one = by("127.0.0.2", { "x-forwarded-for": "198.51.100.21", "x-forwarded-proto": "https" });
      for (let failure = 0; failure < 5; failure++) expect((await signIn(one, "minh", "sai mật khẩu rồi")).status).toBe(401);
      expect((await signIn(one, "minh")).status).toBe(429);
      const other = by("127.0.0.2", { "x-forwarded-for": "198.51.100.22", "x-forwarded-proto": "https" });
      expect((await signIn(other, "minh")).status).toBe(303);
    });
  });

  describe("by the province's sign-on service", () => {
    const visitor = () => openBrowser(`http://localhost:${signedOn.port}`);
    const back = async (begun: string, login: string) => {
      const { pathname, search } = new URL(await service.walk(begun, login));
      return pathname + search;
    };
    const newestDeed = async () => (await people.audit()).deeds.rows.slice(0, 1).map(({ who, what, about }) => [who, what, about]);

    it("lets in whom it names, with the roles of the claims and nothing more, and shows the way out of both", async () => {
      const browser = visitor();
      expect((await browser.get("/login")).html).toContain('href="/login/sign-on"');
      const begun = await browser.get("/login/sign-on");
      expect(begun.cookies).toEqual([expect.stringMatching(/^hcc-sign-on=[^;]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)]);
      const entered = await browser.get(await back(begun.location, "lan"));
      expect([entered.status, entered.location, browser.jar.has("hcc-sign-on")]).toEqual([303, "/", false]);
      expect(await newestDeed()).toEqual([[`${new URL(service.issuer).host}/lan`, "login.oidc", `${new URL(service.issuer).host}/lan`]]);
      const account = (await browser.get("/account")).html;
      for (const word of ["Nguyễn Thị Lan", text("vi", "role.inspector")]) expect(account).toContain(word);
      expect(account).not.toContain(text("vi", "role.admin"));
      expect((await browser.get("/people")).status).toBe(403);

      const out = await browser.send("/logout", {}, { form: "/account" });
      const end = new URL(/href="([^"]+session\/end[^"]*)"/.exec(out.html)?.[1]?.replaceAll("&amp;", "&") ?? "");
      expect([out.status, end.origin, end.searchParams.get("post_logout_redirect_uri")]).toEqual([
        200,
        service.issuer,
        `http://localhost:${signedOn.port}/login`,
      ]);
      expect((await fetch(end)).status).toBe(200);
      expect((await browser.get("/account")).location).toMatch(/^\/login/);
    });

    it("confines an officer of a commune to his centre", async () => {
      const browser = visitor();
      await browser.get(await back((await browser.get("/login/sign-on")).location, "hoa"));
      expect((await browser.get("/")).location).toBe("/centres/xa-01");
      expect((await browser.get("/centres/xa-02")).status).toBe(404);
      expect((await browser.get("/v1/centres")).status).toBe(403);
    });

    it("sends away whom no claim gives a role, and notes it", async () => {
      const browser = visitor();
      const refused = await browser.get(await back((await browser.get("/login/sign-on")).location, "stranger"));
      expect([refused.status, refused.html.includes(text("vi", "people.signOn.stranger"))]).toEqual([403, true]);
      expect(browser.jar.has("hcc-session")).toBe(false);
      expect(await newestDeed()).toEqual([["unknown", "login.stranger", `${service.issuer} stranger`]]);
    });

    it("takes no answer that another browser began, none with another's state or nonce, and none twice", async () => {
      const [browser, other] = [visitor(), visitor()];
      const begunOf = ({ jar }: typeof browser) => JSON.parse(decodeURIComponent(jar.get("hcc-sign-on") ?? "")) as Record<string, string>;
      await other.get("/login/sign-on");
      for (const field of ["state", "nonce", "verifier"]) {
        const answer = await back((await browser.get("/login/sign-on")).location, "lan");
        browser.jar.set("hcc-sign-on", encodeURIComponent(JSON.stringify({ ...begunOf(browser), [field]: begunOf(other)[field] })));
        expect((await browser.get(answer)).status, field).toBe(403);
      }
      const answer = await back((await browser.get("/login/sign-on")).location, "lan");
      expect((await other.get(answer)).status, "another browser").toBe(403);
      expect((await visitor().get(answer)).status, "a browser that began nothing").toBe(403);
      expect((await browser.get("/login/sign-on/back?error=access_denied&state=x")).status).toBe(403);
      expect([browser, other].map(({ jar }) => jar.has("hcc-session"))).toEqual([false, false]);
      const entered = await browser.get(await back((await browser.get("/login/sign-on")).location, "lan"));
      expect([entered.status, browser.jar.has("hcc-session")]).toEqual([303, true]);
    });
  });

  it("speaks TLS 1.2 and newer alone, with the certificate of the settings", async () => {
    const shake = (maxVersion: "TLSv1.1" | "TLSv1.3") =>
      new Promise<string>((resolve) => {
        const socket = connect({
          host: "127.0.0.1",
          port: own.port,
          servername: "localhost",
          ca: certificate.ca,
          minVersion: "TLSv1",
          maxVersion,
          ciphers: "DEFAULT@SECLEVEL=0",
        });
        socket.once("secureConnect", () => resolve(socket.getProtocol() ?? ""));
        socket.once("error", () => resolve("refused"));
        socket.once("close", () => socket.destroy());
      });
    expect(await shake("TLSv1.1")).toBe("refused");
    expect(await shake("TLSv1.3")).toBe("TLSv1.3");
    await expect(openBrowser(`https://localhost:${own.port}`).get("/login")).rejects.toThrow("self-signed");
  });
});
