import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSignOn } from "../../../collector/people/sign-on.ts";
import { personOfClaims, SignOnFile } from "../../../collector/people/sign-on-file.ts";

/** What the service says of each of its people. */
const claims: Record<string, Record<string, unknown>> = {
  lan: { name: "Nguyễn Thị Lan", preferred_username: "lan", groups: ["so-khcn", "hcc-inspectors"] },
  hoa: { name: "Trần Văn Hoà", preferred_username: "hoa", groups: ["hcc-communes"], hcc_centre: "xa-01" },
  stranger: { name: "Người Lạ", preferred_username: "stranger", groups: ["so-yte"] },
};
const publicUrl = "http://localhost:8890";

describe("sign-on with a real OpenID Connect server", () => {
  let server: Server;
  let issuer = "";
  let signOn: ReturnType<typeof createSignOn>;
  const file = () => {
    return SignOnFile.parse({
      issuer,
      clientId: "hcc-watch",
      clientSecret: "loopback-only",
      scope: "openid profile hcc",
      name: { vi: "SSO tỉnh", en: "Province SSO" },
      roles: [
        { claim: "groups", value: "hcc-inspectors", roles: ["viewer", "inspector"] },
        { claim: "groups", value: "hcc-communes", roles: ["commune"] },
      ],
      centreClaim: "hcc_centre",
    });
  };

  beforeAll(async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, {
      clients: [{ client_id: "hcc-watch", client_secret: "loopback-only", redirect_uris: [`${publicUrl}/login/sign-on/back`], application_type: "native" }],
      claims: { openid: ["sub"], profile: ["name", "preferred_username"], hcc: ["groups", "hcc_centre"] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...claims[sub] }) }),
      features: { devInteractions: { enabled: true } },
    });
    server.on("request", provider.callback());
    signOn = createSignOn(file(), publicUrl);
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Walks through the service's own pages as a browser would, and gives the query with which it sends the browser back. */
  async function walk(url: string, login: string): Promise<string> {
    const jar = new Map<string, string>();
    let [next, init]: [string, RequestInit] = [url, {}];
    for (let step = 0; step < 15; step++) {
      if (next.startsWith(publicUrl)) return new URL(next).search;
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const reply = await fetch(next, { ...init, redirect: "manual", headers: { cookie, ...init.headers } });
      for (const line of reply.headers.getSetCookie()) jar.set(line.split("=")[0] ?? "", line.split(";")[0]?.split("=").slice(1).join("=") ?? "");
      const location = reply.headers.get("location");
      if (location) [next, init] = [new URL(location, next).href, {}];
      else {
        const html = await reply.text();
        const action = /action="([^"]+)"/.exec(html)?.[1] ?? "";
        const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1] ?? "";
        const body = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
        [next, init] = [new URL(action, next).href, { method: "POST", body }];
      }
    }
    throw new Error("the service never sent the browser back");
  }

  it("lets in whom a claim gives a role, with that role and centre", async () => {
    const { url, begun } = await signOn.begin();
    expect(url).toContain("code_challenge_method=S256");
    expect(await signOn.finish(await walk(url, "lan"), begun)).toMatchObject({
      subject: `${issuer} lan`,
      person: { name: "Nguyễn Thị Lan", roles: ["viewer", "inspector"], centre: undefined },
    });
    const second = await signOn.begin();
    expect((await signOn.finish(await walk(second.url, "hoa"), second.begun)).person).toMatchObject({ roles: ["commune"], centre: "xa-01" });
  });

  it("gives a stranger no person", async () => {
    const { url, begun } = await signOn.begin();
    expect(await signOn.finish(await walk(url, "stranger"), begun)).toEqual({ subject: `${issuer} stranger`, person: undefined });
  });

  it("takes no answer with another's state, nonce or verifier, and no code twice", async () => {
    const { url, begun } = await signOn.begin();
    const back = await walk(url, "lan");
    const other = JSON.parse((await signOn.begin()).begun);
    for (const field of ["state", "nonce", "verifier"]) {
      const fresh = await signOn.begin();
      const answer = await walk(fresh.url, "lan");
      await expect(signOn.finish(answer, JSON.stringify({ ...JSON.parse(fresh.begun), [field]: other[field] })), field).rejects.toThrow();
    }
    await expect(signOn.finish("?error=access_denied", begun)).rejects.toThrow();
    await signOn.finish(back, begun);
    await expect(signOn.finish(back, begun)).rejects.toThrow();
  });

  it.each([
    ["no claim at all", {}, undefined],
    ["a group that only resembles", { groups: "hcc-inspectors-x" }, undefined],
    ["a commune's officer without a centre", { groups: ["hcc-communes"] }, undefined],
    ["a commune's officer with a centre that is none", { groups: ["hcc-communes"], hcc_centre: "../x" }, undefined],
    ["a single group instead of a list", { groups: "hcc-inspectors", sub: "1" }, ["viewer", "inspector"]],
  ])("%s", (_, said, roles) => {
    expect(personOfClaims(file(), said)?.roles).toEqual(roles);
  });

  it("a required claim keeps out who lacks it; an issuer without TLS is for this machine alone", () => {
    const strict = SignOnFile.parse({ ...file(), require: { acr: "mfa" } });
    expect(personOfClaims(strict, { groups: "hcc-inspectors", sub: "1" })).toBeUndefined();
    expect(personOfClaims(strict, { groups: "hcc-inspectors", sub: "1", acr: "mfa" })).toBeDefined();
    expect(SignOnFile.safeParse({ ...file(), issuer: "http://sso.example.vn" }).success).toBe(false);
  });
});
