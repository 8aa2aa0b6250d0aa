import { type Context, Hono } from "hono";
import { LeaseRequest, LeaseReturn } from "#schemas/measure.ts";
import { problem } from "#schemas/problem.ts";
import type { LeaseDesk } from "../lease/lease-desk.ts";
import type { Asker } from "../lease/slots.ts";

/** `whoAsks` reads the signed request's agent, which the caller's authentication has already proven; undefined refuses. */
export type LeaseRouteDeps = { readonly leases: LeaseDesk; readonly whoAsks: (context: Context) => Promise<Asker | undefined> };

/** `POST /v1/leases` asks for a test, `POST /v1/leases/:id/return` ends one early. Both need a signed request. */
export function leaseRoutes({ leases, whoAsks }: LeaseRouteDeps): Hono {
  const app = new Hono();

  app.post("/v1/leases", async (c) => {
    const asker = await whoAsks(c);
    if (!asker) return c.json(problem(401, "unsigned", "leases are given to enrolled agents only"), 401);
    const request = LeaseRequest.safeParse(await bodyOf(c));
    if (!request.success) return c.json(problem(422, "lease_request_invalid", "not a lease request", { cause: request.error }), 422);
    return c.json(await leases.ask(asker, request.data), 200);
  });

  app.post("/v1/leases/:id/return", async (c) => {
    const asker = await whoAsks(c);
    if (!asker) return c.json(problem(401, "unsigned", "leases are given to enrolled agents only"), 401);
    const returned = LeaseReturn.safeParse(await bodyOf(c));
    if (!returned.success) return c.json(problem(422, "lease_return_invalid", "not a lease return", { cause: returned.error }), 422);
    const isKnown = await leases.giveBack(c.req.param("id"), asker.agent, returned.data.usedBytes);
    return isKnown ? c.body(null, 204) : c.json(problem(404, "no_such_lease", "this agent holds no such lease; it may have expired"), 404);
  });

  return app;
}

/** Bodies of an empty or broken request count as an empty object and fail the schema where a field is needed. */
async function bodyOf(c: Context): Promise<unknown> {
  const [body] = await Promise.allSettled([c.req.json()]);
  return body.status === "fulfilled" ? body.value : {};
}
