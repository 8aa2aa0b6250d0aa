import { createHash, type KeyObject, sign } from "node:crypto";
import { signatureHeaders, signingText } from "#schemas/exchange.ts";
import type { AgentId } from "#schemas/ids.ts";

/** Who signs: the agent's id and the private key that never leaves this PC. */
export type Signer = { readonly agent: AgentId; readonly key: KeyObject };

/** Headers that prove who sent a request; `body` is what goes over the wire. */
export function signedHeaders(signer: Signer, request: { method: string; path: string; body: Uint8Array; nonce: string }): Record<string, string> {
  const bodySha256 = createHash("sha256").update(request.body).digest("hex");
  const text = signingText({ method: request.method, path: request.path, agent: signer.agent, nonce: request.nonce, bodySha256 });
  return {
    [signatureHeaders.agent]: signer.agent,
    [signatureHeaders.nonce]: request.nonce,
    [signatureHeaders.signature]: sign(null, Buffer.from(text), signer.key).toString("base64"),
  };
}
