import { createHash } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { problem } from "#schemas/problem.ts";
import type { AgentKeys, Proof } from "../auth/agent-keys.ts";
import type { Nonces } from "../auth/nonces.ts";
import { type BodyRefused, readRequest } from "../ingest/read-body.ts";
import type { KnownAgent } from "../store/agents.ts";

/** What a route behind `signedByAgent` knows of its request. */
export type SignedEnv = { Variables: { agent: KnownAgent; arrivedMs: number; wire: Buffer; bodySha256: string } };
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
    const wire = await readRequest(c.req);
    const bodySha256 = createHash("sha256").update(wire).digest("hex");
    const proof = await keys.prove({ method: c.req.method, path: c.req.path, header: (name) => c.req.header(name), bodySha256 }, clock());
    if (!proof.ok) {
      if (proof.fault === "centre_closed") onClosedCentre?.(proof.agent);
      const status = forbidden.has(proof.fault) ? 403 : 401;
      return c.json(problem(status, proof.fault, titles[proof.fault], status === 401 ? { nonce: nonces.current(clock()) } : {}), status);
    }
    c.set("agent", proof.agent);
    c.set("wire", wire);
    c.set("bodySha256", bodySha256);
    await next();
    return undefined;
  });
}

/** The answer to a body that must not be read further. */
export function refused(c: Context, error: BodyRefused): Response {
  return c.json(problem(error.status, error.code, error.message), error.status);
}
