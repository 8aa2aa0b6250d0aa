import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Person, Role } from "#schemas/person.ts";
import { text } from "#schemas/text/text.ts";
import { createPeopleDesk } from "../../../collector/people/desk.ts";
import { accessTable } from "../../../collector/routes/access-table.ts";
import { bareApp, noDb } from "../../support/bare-app.ts";

const handlers = bareApp().routes.filter(({ method, path }) => !(method === "ALL" && path === "/*"));
const routes = [...new Set(handlers.map(({ method, path }) => `${method} ${path}`))];

describe("the access table", () => {
  it("has a line for every route", () => {
    expect(routes.length).toBeGreaterThan(20);
    const unclassified = routes.filter((route) => !Object.hasOwn(accessTable, route));
    const advice = "add a line to collector/routes/access-table.ts: who may call it (anyone, agent, people and their roles) and where its centre stands";
    expect(unclassified, advice).toEqual([]);
  });

  it("has no line for a route that is not there", () => {
    expect(Object.keys(accessTable).filter((line) => !routes.includes(line))).toEqual([]);
  });
});

it("what is read with a session or a key stays in no cache", async () => {
  for (const path of ["/v1/centres", "/v1/findings", "/v1/audit", "/v1/config", "/v1/nowhere"])
    expect((await bareApp().request(path)).headers.get("cache-control"), path).toBe("no-store");
});

describe("the guard, asked at every route by every role", () => {
  const persons = Role.options.flatMap((role): readonly (readonly [string, Person])[] => {
    const person = { id: `per-${role}`, login: role, name: role, roles: [role] };
    return role === "commune"
      ? [
          ["commune officer of the centre", { ...person, centre: "xa-01" }],
          ["commune officer of another centre", { ...person, centre: "xa-02" }],
        ]
      : [
          [role, person],
          [`${role} of the centre alone`, { ...person, centre: "xa-01" }],
          [`${role} of another centre alone`, { ...person, centre: "xa-02" }],
        ];
  });
  let asker: Person | undefined;
  const people = { ...createPeopleDesk({ db: noDb, clock: () => 0 }), isClaimed: async () => true, identify: async () => asker };
  const app = bareApp({ people });
  const secret = { cookie: "hcc-session=any; hcc-form=browser", host: "localhost", "sec-fetch-site": "same-origin" };
  const token = createHmac("sha256", "bare").update("form browser").digest("base64url");

  /** What the guard says: 401 (or the way to sign in), 403, 404, or "in" when the route itself answered. */
  const ask = async (line: string, person: Person | undefined): Promise<number | "in"> => {
    asker = person;
    const [method = "", pattern = ""] = line.split(" ");
    const path = pattern
      .replace(":code", "xa-01")
      .replace(":file", "xa-01.html")
      .replace(":month", "2026-10")
      .replace(":requirement", "R05")
      .replace(/:\w+/, "x");
    const scope = accessTable[line];
    const query = scope && "scope" in scope && scope.scope === "query" ? "?centre=xa-01" : "";
    const body = method === "POST" ? new URLSearchParams({ token }) : null;
    const reply = await app.request(path + query, { method, headers: secret, body });
    if (reply.status === 303 && reply.headers.get("location")?.startsWith("/login?next=")) return 401;
    // The stream of live pages has no end.
    if (reply.headers.get("content-type")?.startsWith("text/event-stream")) {
      await reply.body?.cancel();
      return "in";
    }
    const words = await reply.text();
    const isRefusal = /not_signed_in|role_missing|foreign_centre|"unsigned"/.test(words) || refusals.some((sentence) => words.includes(`<h1>${sentence}</h1>`));
    return isRefusal ? reply.status : "in";
  };
  const refusals = [text("vi", "access.over"), text("vi", "access.role_missing"), text("vi", "access.foreign_centre"), text("vi", "form.refused")];

  it.each(Object.entries(accessTable))("%s", async (line, access) => {
    const expected = (person: Person): number | "in" => {
      if (access.who === "agent") return 401;
      if (access.who === "anyone" || access.who === "visitor") return "in";
      if (!access.roles.some((role) => person.roles.includes(role))) return 403;
      if (person.centre === undefined || access.scope === "none") return "in";
      return access.scope === "province" ? 403 : person.centre === "xa-01" ? "in" : 404;
    };
    expect(await ask(line, undefined), "nobody").toBe(access.who === "anyone" || access.who === "visitor" ? "in" : 401);
    for (const [name, person] of persons) expect(await ask(line, person), name).toBe(expected(person));
  });

  it("is not fooled by a second centre in the query, nor by escapes in the path", async () => {
    asker = { id: "per-1", login: "mot", name: "Một", roles: ["commune"], centre: "xa-01" };
    for (const path of [
      "/v1/findings?centre=xa-01&centre=xa-02",
      "/v1/findings?centre=xa-02&centre=xa-01",
      "/v1/findings",
      "/centres/xa-01%252f..%252fxa-02",
      "/centres/xa-0%31%2e",
    ])
      expect([404, 403], path).toContain((await app.request(path, { headers: secret })).status);
  });

  it("answers a person with a page in his language and a program with a Problem: nothing there, the database away, the session over", async () => {
    asker = { id: "per-1", login: "mot", name: "Một", roles: ["viewer"] };
    const browser = { ...secret, accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
    const said = async (path: string, more: RequestInit = {}) => {
      const reply = await app.request(path, { headers: browser, ...more });
      return [reply.status, /<h1>([^<]+)/.exec(await reply.text())?.[1]];
    };
    expect(await said("/trung-tam")).toEqual([404, text("vi", "web.notFound")]);
    expect(await said("/incidents")).toEqual([503, text("vi", "web.unavailable")]);
    for (const path of ["/trung-tam", "/incidents"]) expect((await app.request(path, { headers: secret })).headers.get("content-type"), path).toContain("json");
    asker = undefined;
    expect(await said("/incidents/7", { method: "POST", body: new URLSearchParams({ token }) })).toEqual([401, text("vi", "access.over")]);
    const report = await app.request("/v1/reports/2026-10/province.html", { headers: browser });
    expect([report.status, report.headers.get("location")]).toEqual([303, "/login?next=%2Fv1%2Freports%2F2026-10%2Fprovince.html"]);
  });

  it("leads nobody to another host, whatever the address says that he has followed", async () => {
    asker = { id: "per-1", login: "mot", name: "Một", roles: ["viewer"] };
    for (const path of ["//evil.example/centres", "/\\evil.example/", "//evil.example//login", "/account?next=//evil.example/"]) {
      const address = `http://localhost${path}`;
      const html = await (await app.request(address, { headers: { ...secret, accept: "text/html" } })).text();
      const led = [...html.matchAll(/(?:href|action|src)="([^"]+)"/g)].map(([, to = ""]) => new URL(to, address).host);
      expect(led.length, path).toBeGreaterThan(3);
      expect([...new Set(led)], path).toEqual(["localhost"]);
    }
  });

  it("offers each role only pages that it may open", async () => {
    for (const [name, person] of persons) {
      asker = person;
      // Without a database it is the page that says so, framed like any other.
      const html = await (await app.request("/account", { headers: { ...secret, accept: "text/html" } })).text();
      const head = /<header.*?<\/header>/s.exec(html)?.[0] ?? "";
      const offered = [...head.matchAll(/href="([^"]+)"/g)].map(([, href = ""]) => href);
      expect(offered.length, name).toBeGreaterThan(2);
      for (const href of offered)
        expect([200, 303, 503], `${name} ${href}`).toContain(
          (await app.request(String(new URL(href, "http://localhost/account")), { headers: secret })).status,
        );
    }
  });

  it("takes no form without the token of this browser", async () => {
    asker = { id: "per-1", login: "mot", name: "Một", roles: ["admin"] };
    const send = (fields: Record<string, string>, more: Record<string, string> = {}) =>
      app.request("/people", { method: "POST", headers: { ...secret, ...more }, body: new URLSearchParams(fields) });
    expect((await send({})).status).toBe(403);
    expect((await send({ token }, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await send({ token, name: "a".repeat(40_000) })).status).toBe(413);
    expect((await send({ token })).status).not.toBe(403);
  });
});
