import { describe, expect, it } from "vitest";
import { LeaseReply } from "#schemas/measure.ts";
import { Problem } from "#schemas/problem.ts";
import { createLeaseDesk } from "../../../collector/lease/lease-desk.ts";
import { defaultLeaseRules } from "../../../collector/lease/lease-rules.ts";
import { memoryLeaseStore } from "../../../collector/lease/memory-lease-store.ts";
import { checkLease } from "../../../collector/measure/lease-token.ts";
import { leaseRoutes } from "../../../collector/routes/lease.ts";

const secret = "a secret of tests, long enough to sign";
const nowMs = Date.parse("2026-03-11T05:00:00Z");
const server = { id: "province", url: "https://measure.example.vn", uplinkMbps: 250 };

/** The routes over a desk in memory. Who asks is in a header, as authentication would have proven it. */
function app(servers = [server]) {
  let ids = 0;
  const leases = createLeaseDesk({
    store: memoryLeaseStore(),
    servers,
    rules: defaultLeaseRules,
    secret,
    nowMs: () => nowMs,
    newId: () => (ids++).toString(16).padStart(16, "0"),
  });
  return leaseRoutes({
    leases,
    whoAsks: async (c) => {
      const agent = c.req.header("x-agent");
      return agent === undefined ? undefined : { agent, site: agent, isp: "" };
    },
  });
}
const post = (body: unknown, agent?: string) => ({ method: "POST", body: JSON.stringify(body), headers: agent === undefined ? {} : { "x-agent": agent } });
const [one, two] = ["agt-0000000000000001", "agt-0000000000000002"];

describe("leases over HTTP", () => {
  it("are granted with a token that the measure server accepts", async () => {
    const reply = LeaseReply.parse(await (await app().request("/v1/leases", post({}, one))).json());
    if (!reply.granted) throw new Error(reply.reason);
    expect(checkLease(reply.lease.token, secret, nowMs, "province")).toMatchObject({ ok: true, claims: { agent: one, bytesMax: reply.lease.bytesMax } });
    expect(reply.lease.server).toEqual({ id: "province", url: "https://measure.example.vn" });
  });

  it("are refused while the server is full, and free again once one comes back", async () => {
    const routes = app();
    const first = LeaseReply.parse(await (await routes.request("/v1/leases", post({}, one))).json());
    expect(await (await routes.request("/v1/leases", post({}, two))).json()).toMatchObject({ granted: false, reason: "full" });
    const id = first.granted ? first.lease.id : "";
    expect((await routes.request(`/v1/leases/${id}/return`, post({ usedBytes: 7e7 }, two))).status).toBe(404);
    expect((await routes.request(`/v1/leases/${id}/return`, post({ usedBytes: 7e7 }, one))).status).toBe(204);
    expect(await (await routes.request("/v1/leases", post({}, two))).json()).toMatchObject({ granted: true });
  });

  it("are full length for an agent that asks for it, and say so to no other", async () => {
    const of = async (body: object) => LeaseReply.parse(await (await app().request("/v1/leases", post(body, one))).json());
    const [full, short] = [await of({ fullLength: true }), await of({})];
    expect(full).toMatchObject({ granted: true, lease: { passMs: 8_000, capMs: 10_000, bytesMax: 600e6, expiresAt: new Date(nowMs + 32_000).toISOString() } });
    if (!short.granted) throw new Error(short.reason);
    expect(short.lease).not.toHaveProperty("passMs");
  });

  it("leave the turn open when they come back unused, and not when they were used", async () => {
    for (const [usedBytes, granted] of [
      [0, true],
      [1, false],
    ] as const) {
      const routes = app();
      const first = LeaseReply.parse(await (await routes.request("/v1/leases", post({}, one))).json());
      await routes.request(`/v1/leases/${first.granted ? first.lease.id : ""}/return`, post({ usedBytes }, one));
      expect(await (await routes.request("/v1/leases", post({}, one))).json()).toMatchObject({ granted });
    }
  });

  it("are those of the server whose turn it is, whichever of them is asked for first", async () => {
    const servers = [server, { ...server, id: "region" }];
    const granted = await Promise.all(
      [["province", "region"] as const, ["region", "province"] as const].map(async (names) => {
        const routes = app(servers);
        const replies: LeaseReply[] = [];
        for (const name of names) replies.push(LeaseReply.parse(await (await routes.request("/v1/leases", post({ server: name }, one))).json()));
        return replies.flatMap((reply) => (reply.granted ? [reply.lease.server.id] : []));
      }),
    );
    expect(granted[0]).toHaveLength(1);
    expect(granted[1]).toEqual(granted[0]);
  });

  it.each([
    ["nobody", "/v1/leases", post({}), 401, "unsigned"],
    ["a request that names no server by its code", "/v1/leases", post({ server: "A Server" }, one), 422, "lease_request_invalid"],
    ["a return without bytes", "/v1/leases/0/return", post({}, one), 422, "lease_return_invalid"],
    ["a return of negative bytes", "/v1/leases/0/return", post({ usedBytes: -1 }, one), 422, "lease_return_invalid"],
    ["a return of what was never lent", "/v1/leases/0/return", post({ usedBytes: 1 }, one), 404, "no_such_lease"],
  ])("refuse %s", async (_name, path, request, status, code) => {
    const reply = await app().request(path, request);
    expect(reply.status).toBe(status);
    expect(Problem.parse(await reply.json()).code).toBe(code);
  });

  it.each([
    ["without any server", {}, []],
    ["of a server that nobody runs", { server: "elsewhere" }, [server]],
  ])("%s are not granted", async (_name, request, servers) => {
    expect(await (await app(servers).request("/v1/leases", post(request, one))).json()).toMatchObject({ granted: false, reason: "no_server" });
  });
});
