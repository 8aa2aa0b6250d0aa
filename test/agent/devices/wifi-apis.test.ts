import { describe, expect, it } from "vitest";
import { type Outcome, readingOf } from "#schemas/observation.ts";
import { poolSize } from "../../../agent/devices/api/mikrotik.ts";
import { wifiClients } from "../../../agent/probes/wifi-clients/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { freeUdpPort } from "../../support/free-port.ts";
import { type FakeReply, type FakeRequest, startHttpFake } from "../../support/http-fake.ts";
import { probeContext } from "../../support/probe-context.ts";
import { omadaController, openWrt, routerOs, unifiConsole } from "../../support/wifi-controllers.ts";

const PASSWORD = "secret-of-the-test";
const run = async (answer: (request: FakeRequest) => FakeReply, http: object) => {
  const requests: FakeRequest[] = [];
  const port = await startHttpFake((request) => {
    requests.push(request);
    return answer(request);
  });
  const ask = () => observe(wifiClients, { id: "ctl", address: "127.0.0.1", http: { port, tls: false, ...http } }, probeContext());
  return { outcome: await ask(), requests, ask };
};
const read = (outcome: Outcome, ...rest: [Parameters<typeof readingOf>[1], Parameters<typeof readingOf>[2]?]) =>
  outcome.kind === "measured" ? readingOf(outcome.readings, ...rest) : JSON.stringify(outcome);

const unifi = unifiConsole({ apiKey: PASSWORD, password: PASSWORD });
const account = { user: "hcc", password: PASSWORD };

describe("Wi-Fi clients over vendors' HTTP APIs", () => {
  it.each<[string, (request: FakeRequest) => FakeReply, object, string, number, Record<string, string>, number]>([
    ["UniFi, official, over two pages", unifi, { apiKey: PASSWORD }, "api:unifi", 207, { ap: "ctl" }, 207],
    ["UniFi, older API", unifi, account, "api:unifi", 2, { ssid: "HCC", radio: "5" }, 1],
    ["MikroTik REST, a roaming station once", routerOs(account), account, "api:mikrotik", 2, { ssid: "HCC" }, 2],
    ["OpenWrt ubus", openWrt(account), account, "api:openwrt", 3, { ssid: "HCC", radio: "5" }, 2],
    ["Omada Open API", omadaController({ secret: PASSWORD }), account, "api:omada", 2, { ap: "ctl Tang 1", radio: "5" }, 1],
  ])("%s", async (_, answer, http, method, total, labels, detail) => {
    const { outcome, requests } = await run(answer, http);
    expect(read(outcome, "wifi_clients")).toBe(total);
    expect(read(outcome, "wifi_clients", labels)).toBe(detail);
    expect(outcome).toMatchObject({ evidence: { method, targets: [{ note: expect.stringContaining("without TLS") }] } });
    const said = JSON.stringify(outcome);
    expect(said).not.toMatch(/([0-9a-f]{2}[:-]){5}[0-9a-f]{2}/i);
    expect(said).not.toMatch(/Lan\b|iPhone/);
    expect(said).not.toContain(PASSWORD);
    expect(requests.map(({ path }) => path).join(" ")).not.toContain(PASSWORD);
  });

  it.each<[string, number, object, string, string]>([
    ["its limit of logins", 429, { code: "AUTHENTICATION_FAILED_LIMIT_REACHED" }, "refused", "no more logins for now"],
    ["its limit of logins, as older versions", 403, { code: "AUTHENTICATION_FAILED_LIMIT_REACHED" }, "refused", "no more logins for now"],
    ["a second factor", 499, { code: "MFA_AUTH_REQUIRED" }, "auth_failed", "second factor"],
    ["a second factor, as older versions", 400, { meta: { rc: "error", msg: "api.err.Ubic2faTokenRequired" } }, "auth_failed", "second factor"],
    ["a password that is wrong", 403, { code: "AUTHENTICATION_FAILED_INVALID_CREDENTIALS" }, "auth_failed", "refused user or password"],
  ])("a UniFi console says %s: told as such", async (_, status, body, reason, words) => {
    const { outcome } = await run((request) => (request.path === "/api/auth/login" ? { status, body: JSON.stringify(body) } : unifi(request)), account);
    expect(outcome).toMatchObject({ kind: "failed", reason, detail: expect.stringContaining(words) });
  });

  it("a UniFi console that lets in and speaks of the user's second factor is read", async () => {
    const user = (request: FakeRequest): FakeReply => {
      const reply = unifi(request);
      return request.path === "/api/auth/login" ? { ...reply, body: JSON.stringify({ username: "hcc", mfa_enabled: false, twoFaMethods: ["2FA"] }) } : reply;
    };
    expect(read((await run(user, account)).outcome, "wifi_clients")).toBe(2);
  });

  it.each<[string, (request: FakeRequest) => FakeReply, object]>([
    ["UniFi, wrong key", unifi, { apiKey: "wrong-key-here" }],
    ["UniFi, wrong password", unifi, { ...account, password: "wrong" }],
    ["MikroTik", routerOs(account), { ...account, password: "wrong" }],
    ["OpenWrt", openWrt(account), { ...account, password: "wrong" }],
    ["Omada", omadaController({ secret: PASSWORD }), { ...account, password: "wrong" }],
  ])("a wrong password is auth_failed and is tried once, by the next run neither: %s", async (_, answer, http) => {
    const { outcome, requests, ask } = await run(answer, http);
    expect(outcome).toMatchObject({ kind: "failed", reason: "auth_failed" });
    expect(await ask()).toMatchObject({ kind: "failed", reason: "auth_failed", detail: expect.stringContaining("asked again in 60 minutes") });
    const basic = Buffer.from(`${account.user}:wrong`).toString("base64");
    const carried = requests.map(({ headers, body }) => JSON.stringify(headers) + body.toString());
    expect(carried.filter((text) => text.includes("wrong") || text.includes(basic))).toHaveLength(1);
  });

  it("more than the count: UniFi's radios and access points, MikroTik's leases", async () => {
    const { outcome } = await run(unifi, account);
    expect(read(outcome, "wifi_radios")).toBe(2);
    expect(read(outcome, "wifi_utilisation_percent")).toBe(61);
    expect(read(outcome, "wifi_ap_up", { ap: "ctl Tang 2" })).toBe(0);
    const router = (await run(routerOs(account), account)).outcome;
    expect([read(router, "dhcp_leases"), read(router, "dhcp_free"), read(router, "dhcp_lease_s")]).toEqual([1, 49, 129_600]);
  });

  it("the UniFi session is closed again", async () => {
    const { requests } = await run(unifi, account);
    expect(requests.at(-1)?.path).toBe("/api/auth/logout");
  });

  it.each<[string, FakeReply, string]>([
    ["a web page", { body: "<html>hello</html>" }, "unsupported"],
    ["an error page", { status: 500, body: "oops" }, "unsupported"],
  ])("%s is no API", async (_, reply, reason) => {
    expect((await run(() => reply, account)).outcome).toMatchObject({ kind: "failed", reason });
  });

  it("a list in another shape is malformed, not empty", async () => {
    const broken = routerOs(account);
    const { outcome } = await run(
      (request) => (request.path.includes("registration-table") && request.headers.authorization ? { body: '{"a":1}' } : broken(request)),
      account,
    );
    expect(outcome).toMatchObject({ kind: "failed", reason: "malformed" });
  });

  it("a router without any Wi-Fi package has no count", async () => {
    const bare = routerOs(account);
    const { outcome } = await run(
      (request) => (request.path.includes("registration-table") && request.headers.authorization ? { status: 400 } : bare(request)),
      account,
    );
    expect(outcome).toMatchObject({ kind: "failed", reason: "unsupported" });
  });

  it("with both configured, SNMP is asked when the API fails, and its own fault is told", async () => {
    const port = await startHttpFake(() => ({ status: 500 }));
    const snmp = { version: "2c", community: "public", port: await freeUdpPort() };
    const outcome = await observe(wifiClients, { address: "127.0.0.1", http: { port, tls: false }, snmp }, probeContext());
    expect(outcome).toMatchObject({ kind: "failed", reason: "timeout", detail: expect.stringContaining("SNMP") });
  });

  it.each([
    ["10.1.0.10-10.1.0.59", 50],
    ["10.1.0.5", 1],
    ["10.1.0.10-10.1.0.11,10.2.0.1", 3],
    ["", 0],
    ["10.1.0.9-10.1.0.1", 0],
    ["nonsense-more", 0],
  ])("pool %s holds %i addresses", (ranges, size) => {
    expect(poolSize(ranges)).toBe(size);
  });
});
