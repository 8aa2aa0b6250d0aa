import { createHash } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { problem } from "#schemas/problem.ts";
import type { AgentKeys, Proof } from "../auth/agent-keys.ts";
import type { Nonces } from "../auth/nonces.ts";
import { PAST_MAX_MS } from "../ingest/correct-time.ts";
import { type BodyRefused, readRequest } from "../ingest/read-body.ts";
import type { KnownAgent } from "../store/agents.ts";

/** What a route behind `signedByAgent` knows of its request. `endMs`: the centre is closed, and this was the first instant without it. */
export type SignedEnv = { Variables: { agent: KnownAgent; endMs: number | undefined; arrivedMs: number; wire: Buffer; bodySha256: string } };
export type SignedDeps = {
  readonly keys: AgentKeys;
  readonly nonces: Nonces;
  readonly clock: () => number;
  /** An agent of a closed centre was refused: it still runs, and only its centre or the province can change that. */
  readonly onClosedCentre?: (agent: KnownAgent) => void;
};

const titles: Record<Extract<Proof, { ok: false }>["fault"], string> = {
  unsigned: "the request is not signed by an agent",
  nonce_expired: "sign again with the nonce of this answer",
  key_unknown: "no agent has this id; enrol it with a code",
  signature_wrong: "the signature does not fit the request and the agent's key",
  revoked: "this agent was revoked; ask the province for a new code",
  frozen: "this agent's stream came from two places and is frozen until the province has looked",
  centre_closed: "this centre is closed in the province's inventory; keep the data, and ask the province if that is wrong",
};
const forbidden: ReadonlySet<keyof typeof titles> = new Set(["revoked", "frozen", "centre_closed"]);

/** Lets through what an active agent has signed; the body is read here, once, up to its limit. */
export function signedByAgent({ keys, nonces, clock, onClosedCentre }: SignedDeps): MiddlewareHandler<SignedEnv> {
  return createMiddleware<SignedEnv>(async (c, next) => {
    // Before the body, which takes a minute over a thin line: the sender's clock left with the head.
    c.set("arrivedMs", clock());
    const header = (name: string) => c.req.header(name);
    const stranger = await keys.strangerFault(header, clock());
    if (stranger) return refusal(c, stranger, nonces.current(clock()));
    const wire = await readRequest(c.req);
    const bodySha256 = createHash("sha256").update(wire).digest("hex");
    const proof = await keys.prove({ method: c.req.method, path: c.req.path, header, bodySha256 }, clock());
    const endMs = !proof.ok && proof.fault === "centre_closed" && mayBringTheRest(c) ? restUntil(proof.agent, clock()) : undefined;
    if (!proof.ok && (proof.fault !== "centre_closed" || endMs === undefined)) {
      if (proof.fault === "centre_closed") onClosedCentre?.(proof.agent);
      return refusal(c, proof.fault, nonces.current(clock()));
    }
    c.set("agent", proof.agent);
    c.set("endMs", endMs);
    c.set("wire", wire);
    c.set("bodySha256", bodySha256);
    await next();
    return undefined;
  });
}

function refusal(c: Context, fault: keyof typeof titles, nonce: string): Response {
  const status = forbidden.has(fault) ? 403 : 401;
  return c.json(problem(status, fault, titles[fault], status === 401 ? { nonce } : {}), status);
}

/** What an agent took before its centre was closed completes the last days; it may be as late as anything that agents send. */
function mayBringTheRest({ req }: Context): boolean {
  return req.method === "POST" && req.path === "/v1/batches";
}

/** The first instant without a closed centre, while observations from before it can still come. */
function restUntil({ closedOn }: KnownAgent, nowMs: number): number | undefined {
  const endMs = closedOn ? vietnamDayStartMs(closedOn) : Number.NEGATIVE_INFINITY;
  return nowMs < endMs + PAST_MAX_MS ? endMs : undefined;
}

/** The answer to what was taken after the agent's centre was closed. */
export function centreClosed(c: Context): Response {
  return c.json(problem(403, "centre_closed", titles.centre_closed), 403);
}

/** The answer to a body that must not be read further. */
export function refused(c: Context, error: BodyRefused): Response {
  return c.json(problem(error.status, error.code, error.message), error.status);
}
