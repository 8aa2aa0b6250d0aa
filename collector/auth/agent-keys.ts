import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { vietnamDay } from "#schemas/calendar.ts";
import { signatureHeaders, signingText } from "#schemas/exchange.ts";
import { AgentId } from "#schemas/ids.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import type { KnownAgent } from "../store/agents.ts";
import type { Nonces } from "./nonces.ts";

/** A revoked key counts at most this much longer, ms. */
export const KEY_CACHE_MS = 30_000;
/** Before a request is refused for what is remembered, the database is asked again where that is older than this, ms. */
const REFUSE_AFTER_MS = 1_000;
const CACHE_MAX = 20_000;

export type SignedRequest = {
  readonly method: string;
  readonly path: string;
  readonly header: (name: string) => string | undefined;
  readonly bodySha256: string;
};
export type Proof =
  | { readonly ok: true; readonly agent: KnownAgent }
  /** `unsigned` and `nonce_expired` are answered with 401 and a nonce, `key_unknown` with 401, `revoked`, `frozen` and `centre_closed` with 403. */
  | { readonly ok: false; readonly fault: "unsigned" | "nonce_expired" | "key_unknown" | "signature_wrong" | "revoked" | "frozen" }
  | { readonly ok: false; readonly fault: "centre_closed"; readonly agent: KnownAgent };

/** `known` is absent for an id that nobody has: a stranger who asks again and again costs no query each time. */
type Cached = {
  readonly known: { readonly agent: KnownAgent; readonly key: KeyObject; readonly oldKey: KeyObject | undefined } | undefined;
  readonly askedMs: number;
};

/** Proves who sent a request: Ed25519 over method, path, agent, nonce and body. Independent of the agent's clock. */
export class AgentKeys {
  readonly #find: (agentId: string) => Promise<KnownAgent | undefined>;
  readonly #nonces: Nonces;
  readonly #cache = new Map<string, Cached>();

  constructor(find: (agentId: string) => Promise<KnownAgent | undefined>, nonces: Nonces) {
    this.#find = find;
    this.#nonces = nonces;
  }

  async prove({ method, path, header, bodySha256 }: SignedRequest, nowMs: number): Promise<Proof> {
    const signed = signatureOf(header);
    if (!signed) return { ok: false, fault: "unsigned" };
    const { agent, nonce, signature } = signed;
    if (!this.#nonces.isValid(nonce, nowMs)) return { ok: false, fault: "nonce_expired" };
    const text = Buffer.from(signingText({ method, path, agent, nonce, bodySha256 }));
    const bytes = Buffer.from(signature, "base64");
    const proof = proofOf(await this.#known(agent, nowMs, KEY_CACHE_MS), text, bytes, nowMs);
    // Another collector may have taken a new key or let the agent in again, and an agent that is refused keeps its data for a quarter of an hour or longer.
    return proof.ok ? proof : proofOf(await this.#known(agent, nowMs, REFUSE_AFTER_MS), text, bytes, nowMs);
  }

  /** Why a request is of no agent that there is, by its head alone: what a stranger sends need not be read. Undefined for all others. */
  async strangerFault(header: SignedRequest["header"], nowMs: number): Promise<"unsigned" | "key_unknown" | undefined> {
    const signed = signatureOf(header);
    if (!signed) return "unsigned";
    const known = (await this.#known(signed.agent, nowMs, KEY_CACHE_MS)) ?? (await this.#known(signed.agent, nowMs, REFUSE_AFTER_MS));
    return known ? undefined : "key_unknown";
  }

  /** Forgets what was cached of an agent whose state has changed here. */
  forget(agentId: string): void {
    this.#cache.delete(agentId);
  }

  async #known(agentId: string, nowMs: number, ageMaxMs: number): Promise<Cached["known"]> {
    const cached = this.#cache.get(agentId);
    if (cached && nowMs < cached.askedMs + ageMaxMs) return cached.known;
    const agent = await this.#find(agentId);
    const key = agent && publicKeyOf(agent.publicKey);
    const oldKey = agent?.oldPublicKey ? publicKeyOf(agent.oldPublicKey) : undefined;
    const known = key && { agent, key, oldKey };
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    this.#cache.set(agentId, { known, askedMs: nowMs });
    return known;
  }
}

/** What stands in the head of a signed request; undefined where it is none. */
function signatureOf(header: SignedRequest["header"]): { agent: AgentId; nonce: string; signature: string } | undefined {
  const agent = AgentId.safeParse(header(signatureHeaders.agent)).data;
  const signature = header(signatureHeaders.signature) ?? "";
  if (!agent || !/^[A-Za-z0-9+/]{86}==$/.test(signature)) return undefined;
  return { agent, nonce: header(signatureHeaders.nonce) ?? "", signature };
}

/** Whether what is known of an agent lets a signed text pass. */
function proofOf(known: Cached["known"], text: Buffer, bytes: Buffer, nowMs: number): Proof {
  if (!known) return { ok: false, fault: "key_unknown" };
  const oldKey = (known.agent.oldKeyUntil ?? 0) > nowMs ? known.oldKey : undefined;
  // Here and now, in 0.1 ms: by way of a thread of its own the whole intake took a seventh less of batches of 60 samples.
  if (!verify(null, text, known.key, bytes) && !(oldKey && verify(null, text, oldKey, bytes))) return { ok: false, fault: "signature_wrong" };
  if (known.agent.state !== "active") return { ok: false, fault: known.agent.state };
  // Its key stays as it is: a centre that was closed by mistake goes on with what its agents have kept.
  const { closedOn } = known.agent;
  if (closedOn && isClosedOn({ on: closedOn }, vietnamDay(nowMs))) return { ok: false, fault: "centre_closed", agent: known.agent };
  return { ok: true, agent: known.agent };
}

/** An Ed25519 public key from base64 SPKI; undefined for anything else. */
export function publicKeyOf(base64: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}
