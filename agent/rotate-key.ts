import { sign } from "node:crypto";
import { cleanText } from "#schemas/clean-text.ts";
import { type KeyRequest, rotationText } from "#schemas/exchange.ts";
import { adoptKey, type Identity, pendingKey, publicKeyText } from "./identity.ts";
import type { CollectorClient } from "./uplink/collector-client.ts";

const KEY_AGE_MAX_MS = 180 * 86_400_000;

/** True when this PC's key has done its half year. */
export function isKeyOld({ enrolledAt, keyMadeAt }: Identity, nowMs: number): boolean {
  return nowMs - Date.parse(keyMadeAt ?? enrolledAt) > KEY_AGE_MAX_MS;
}

/**
 * Makes a new key and puts it in the place of the old one once the collector has taken it. An interrupted change finds the same new key again,
 * and the old one still counts for a week. Gives the identity with the new key's date, or in one sentence why nothing was changed.
 */
export async function rotateKey(client: CollectorClient, dataDir: string, identity: Identity, nowMs: number, signal: AbortSignal): Promise<Identity | string> {
  const key = pendingKey(dataDir);
  const publicKey = publicKeyText(key);
  const request: KeyRequest = { publicKey, proof: sign(null, Buffer.from(rotationText(identity.agent, publicKey)), key).toString("base64") };
  const reply = await client
    .send({ method: "POST", path: "/v1/key", body: Buffer.from(JSON.stringify(request)), signal })
    .catch((error: unknown) => cleanText(error instanceof Error ? error.message : String(error), 200));
  if (typeof reply === "string") return `no answer (${reply})`;
  if (reply.status !== 204) return `refused (${reply.status} ${cleanText(reply.problem?.code ?? "")})`;
  client.useKey(key);
  return adoptKey(dataDir, identity, nowMs);
}
