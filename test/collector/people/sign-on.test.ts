import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSignOn } from "../../../collector/people/sign-on.ts";
import { personOfClaims, SignOnFile } from "../../../collector/people/sign-on-file.ts";
import { type OidcService, startOidcService } from "../../support/oidc-service.ts";

const publicUrl = "http://localhost:8890";

describe("sign-on with a real OpenID Connect server", () => {
  let service: OidcService;
  let signOn: ReturnType<typeof createSignOn>;

  beforeAll(async () => {
    service = await startOidcService(publicUrl);
    signOn = createSignOn(service.file, publicUrl);
  });
  afterAll(() => service?.close());

  const walk = async (url: string, login: string) => new URL(await service.walk(url, login)).search;

  it("lets in whom a claim gives a role, with that role and centre", async () => {
    const { url, begun } = await signOn.begin();
    expect(url).toContain("code_challenge_method=S256");
    expect(await signOn.finish(await walk(url, "lan"), begun)).toMatchObject({
      subject: `${service.issuer} lan`,
      person: { name: "Nguyễn Thị Lan", roles: ["viewer", "inspector"], centre: undefined },
    });
    const second = await signOn.begin();
    expect((await signOn.finish(await walk(second.url, "hoa"), second.begun)).person).toMatchObject({ roles: ["commune"], centre: "xa-01" });
  });

  it("gives a stranger no person", async () => {
    const { url, begun } = await signOn.begin();
    expect(await signOn.finish(await walk(url, "stranger"), begun)).toEqual({ subject: `${service.issuer} stranger`, person: undefined });
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
    expect(personOfClaims(service.file, said)?.roles).toEqual(roles);
  });

  it("a required claim keeps out who lacks it; an issuer without TLS is for this machine alone", () => {
    const strict = SignOnFile.parse({ ...service.file, require: { acr: "mfa" } });
    expect(personOfClaims(strict, { groups: "hcc-inspectors", sub: "1" })).toBeUndefined();
    expect(personOfClaims(strict, { groups: "hcc-inspectors", sub: "1", acr: "mfa" })).toBeDefined();
    expect(SignOnFile.safeParse({ ...service.file, issuer: "http://sso.example.vn" }).success).toBe(false);
  });
});
