import { verify } from "node:crypto";
import { type Context, Hono } from "hono";
import { type EnrolReply, EnrolRequest, enrolText } from "#schemas/exchange.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { problem } from "#schemas/problem.ts";
import { publicKeyOf } from "../auth/agent-keys.ts";
import { hashOfCode } from "../auth/enrol-code.ts";
import { networkOf } from "../auth/login-throttle.ts";
import type { Nonces } from "../auth/nonces.ts";
import { parseJson, readWire } from "../ingest/read-body.ts";
import type { Enrolled, NewAgent } from "../store/agents.ts";

export type EnrolDeps = {
  readonly enrol: (codeSha256: string, agent: NewAgent, nowMs: number) => Promise<Enrolled | undefined>;
  readonly newAgentId: () => string;
  /** The province's key for configurations, if there is one. */
  readonly configKey: () => Promise<unknown>;
  readonly nonces: Nonces;
  readonly clock: () => number;
  /** Where a request comes from. */
  readonly addressOf: (c: Context) => string;
};

const BODY_MAX = 4_096;
/** Tries of one network in a minute: a code has 160 bits, this only keeps the database quiet. They count apart, or any stranger could keep all PCs from being enrolled. */
const TRIES_PER_MINUTE = 120;
/** Networks that are counted apart within a minute; further ones count as one. */
const NETWORKS_MAX = 20_000;

/** `POST /v1/enrol`: a one-time code and a key made on the PC, whose possession is proven, become an agent of the code's centre. */
export function enrolRoutes({ enrol, newAgentId, configKey, nonces, clock, addressOf }: EnrolDeps): Hono {
  let minute = 0;
  const tries = new Map<string, number>();
  return new Hono().post("/v1/enrol", async (c) => {
    const nowMs = clock();
    if (Math.floor(nowMs / 60_000) !== minute) tries.clear();
    minute = Math.floor(nowMs / 60_000);
    const own = networkOf(addressOf(c));
    const network = tries.has(own) || tries.size < NETWORKS_MAX ? own : "others";
    const count = (tries.get(network) ?? 0) + 1;
    tries.set(network, count);
    if (count > TRIES_PER_MINUTE) return c.json(problem(429, "busy", "too many tries; wait a minute", { retryAfterS: 60 }), 429);
    const request = EnrolRequest.safeParse(parseJson(await readWire(c.req.raw.body, BODY_MAX)));
    if (!request.success) return c.json(problem(422, "enrol_invalid", "the request is not valid", { cause: request.error }), 422);
    const { code, publicKey, proof, hostName, version } = request.data;
    const agentKey = publicKeyOf(publicKey);
    if (!agentKey || !verify(null, Buffer.from(enrolText(code, publicKey)), agentKey, Buffer.from(proof, "base64"))) {
      return c.json(problem(422, "proof_wrong", "the key is not Ed25519 or its possession is not proven"), 422);
    }
    const codeSha256 = hashOfCode(code);
    if (!codeSha256) return c.json(problem(422, "code_mistyped", "the code is mistyped; compare it letter by letter"), 422);
    const made = await enrol(codeSha256, { agentId: newAgentId(), publicKey, hostName, version }, nowMs);
    if (!made) return c.json(problem(403, "code_refused", "the code is unknown, used or expired; ask the province for a new one"), 403);
    const key = await configKey();
    const { agentId, centre, point } = made;
    const reply: EnrolReply = {
      agent: agentId,
      centre,
      ...(point !== MAIN_POINT && { point }),
      nonce: nonces.current(nowMs),
      serverTime: new Date(nowMs).toISOString(),
      ...(typeof key === "string" && { configKey: key }),
    };
    return c.json(reply);
  });
}
