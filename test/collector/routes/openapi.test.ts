import { describe, expect, it } from "vitest";
import type { AppDeps } from "../../../collector/app.ts";
import { accessTable } from "../../../collector/routes/access-table.ts";
import { openApiDocument } from "../../../collector/routes/openapi.ts";
import { namedSchemas, operations } from "../../../collector/routes/operations.ts";
import { bareApp } from "../../support/bare-app.ts";

type Responses = Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
const { paths } = openApiDocument() as unknown as { paths: Record<string, Record<string, { responses: Responses }>> };

/** Both ways of writing a path come to the same: what varies in it is a star. */
const shape = (line: string) => line.replaceAll(/[^/ ]*[:{][^/]*/g, "*");

describe("the document", () => {
  it("has every route that is for programs, and no other", () => {
    const forPrograms = Object.keys(accessTable).filter((line) => /^\w+ \/(v1|health|metrics)/.test(line));
    expect(forPrograms.length).toBeGreaterThan(15);
    const described = operations.map(({ method, path }) => shape(`${method.toUpperCase()} ${path}`));
    expect([...new Set(described)].sort()).toEqual(forPrograms.map(shape).sort());
  });
});

const agent = { agentId: "agt-0011223344556677", siteId: 1, centre: "xa-01", publicKey: "", state: "active" };
const isKnown = { strangerFault: async () => undefined, prove: async () => ({ ok: true, agent }), forget: () => undefined };
const refusal = { granted: false, reason: "full", retryAfterS: 60 };
const health = (status: "ready" | "not_ready") => async () => ({ status, checks: { database: { ok: status === "ready", detail: "answers" } } });

/** The app without a database, as a known agent finds it. */
function appWith(more: Record<string, unknown> = {}) {
  const leases = { ask: async () => refusal, giveBack: async (lease: string) => lease === "mine" };
  return bareApp({ keys: isKnown, leases, health: health("ready"), ...more } as unknown as Partial<AppDeps>);
}

/** The status, and what in an answer is not as the document has it. */
async function untrue(reply: Response, method: string, path: string): Promise<[number, string[]]> {
  const told = paths[path]?.[method]?.responses[reply.status];
  if (told === undefined) return [reply.status, ["status"]];
  const [type = "", content] = Object.entries(told.content ?? {})[0] ?? [];
  const body = await reply.text();
  if (type === "") return [reply.status, body === "" ? [] : ["a body"]];
  if (!reply.headers.get("content-type")?.startsWith(type)) return [reply.status, ["type"]];
  const name = content?.schema.$ref?.split("/").at(-1) as keyof typeof namedSchemas | undefined;
  if (name === undefined) return [reply.status, []];
  const parsed = namedSchemas[name].safeParse(JSON.parse(body));
  return [reply.status, parsed.success ? [] : [parsed.error.message]];
}

describe("is true to what the routes answer:", () => {
  const tooLarge = "x".repeat(600_000);
  it.each<[string, string, number, { path?: string; body?: string; headers?: Record<string, string>; more?: Record<string, unknown> }]>([
    ["get", "/health/live", 200, {}],
    ["get", "/health/ready", 200, {}],
    ["get", "/health/ready", 503, { more: { health: health("not_ready") } }],
    ["get", "/metrics", 401, { more: { people: { identify: async () => undefined, isClaimed: async () => true } } }],
    ["post", "/v1/enrol", 400, { body: "{" }],
    ["post", "/v1/enrol", 413, { body: tooLarge }],
    ["post", "/v1/enrol", 422, { body: "{}" }],
    ["post", "/v1/key", 400, { body: "{" }],
    ["post", "/v1/key", 413, { body: tooLarge }],
    ["post", "/v1/key", 422, { body: "{}" }],
    ["post", "/v1/batches", 400, { body: "{" }],
    ["post", "/v1/batches", 413, { body: tooLarge }],
    ["post", "/v1/batches", 415, { body: "{}", headers: { "content-encoding": "br" } }],
    ["post", "/v1/batches", 422, { body: "{}" }],
    [
      "post",
      "/v1/batches",
      401,
      { body: "{}", more: { keys: { strangerFault: async () => undefined, prove: async () => ({ ok: false, fault: "unsigned" }) } } },
    ],
    ["get", "/v1/config", 503, {}],
    ["get", "/v1/config", 403, { more: { keys: { strangerFault: async () => undefined, prove: async () => ({ ok: false, fault: "revoked" }) } } }],
    ["post", "/v1/leases", 200, { body: "{}" }],
    ["post", "/v1/leases", 422, { body: '{"server":5}' }],
    ["post", "/v1/leases/{id}/return", 204, { path: "/v1/leases/mine/return", body: '{"usedBytes":1}' }],
    ["post", "/v1/leases/{id}/return", 404, { path: "/v1/leases/other/return", body: '{"usedBytes":1}' }],
    ["post", "/v1/leases/{id}/return", 422, { path: "/v1/leases/mine/return", body: "{}" }],
  ])("%s %s with %i", async (method, path, status, { path: asked = path, body, headers, more }) => {
    const reply = await appWith(more).request(asked, { method: method.toUpperCase(), ...(body !== undefined && { body }), ...(headers && { headers }) });
    expect(await untrue(reply, method, path)).toEqual([status, []]);
  });
});
