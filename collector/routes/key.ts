import { verify } from "node:crypto";
import { Hono } from "hono";
import { KeyRequest, OLD_KEY_MS, rotationText } from "#schemas/exchange.ts";
import { problem } from "#schemas/problem.ts";
import { publicKeyOf } from "../auth/agent-keys.ts";
import { parseJson } from "../ingest/read-body.ts";
import type { SignedDeps, SignedEnv } from "./signed.ts";

export type KeyDeps = Pick<SignedDeps, "keys" | "clock"> & { readonly changeKey: (agentId: string, publicKey: string, oldUntilMs: number) => Promise<boolean> };

/** `POST /v1/key`: a new key of an agent, signed for with the one that it has and proven by itself. The old one counts for a week more. */
export function keyRoutes({ changeKey, keys, clock }: KeyDeps): Hono<SignedEnv> {
  return new Hono<SignedEnv>().post("/v1/key", async (c) => {
    const request = KeyRequest.safeParse(parseJson(c.var.wire));
    if (!request.success) return c.json(problem(422, "key_invalid", "the request is not valid", { cause: request.error }), 422);
    const { agentId } = c.var.agent;
    const { publicKey, proof } = request.data;
    const key = publicKeyOf(publicKey);
    if (!key || !verify(null, Buffer.from(rotationText(agentId, publicKey)), key, Buffer.from(proof, "base64"))) {
      return c.json(problem(422, "proof_wrong", "the key is not Ed25519 or its possession is not proven"), 422);
    }
    if (!(await changeKey(agentId, publicKey, clock() + OLD_KEY_MS))) return c.json(problem(403, "revoked", "this agent may not change its key"), 403);
    keys.forget(agentId);
    return c.body(null, 204);
  });
}
