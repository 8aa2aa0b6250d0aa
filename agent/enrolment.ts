import { sign } from "node:crypto";
import { hostname } from "node:os";
import { cleanText } from "#schemas/clean-text.ts";
import { EnrolReply, type EnrolRequest, enrolText } from "#schemas/exchange.ts";
import { adoptIdentity, type Identity, pendingKey, publicKeyText } from "./identity.ts";
import { UsageError } from "./terminal.ts";
import type { CollectorClient } from "./uplink/collector-client.ts";

export type Enrolment = { readonly dataDir: string; readonly collector: string; readonly version: string; readonly nowMs: () => number };

/**
 * Makes this PC known to a collector by its one-time code. The key is made here and only its public half is sent, with a proof of possession.
 * An interrupted attempt can be repeated with the same key. Throws UsageError with what to do when the collector refuses or does not answer.
 */
export async function enrol(code: string, client: CollectorClient, { dataDir, collector, version, nowMs }: Enrolment, signal: AbortSignal): Promise<Identity> {
  const key = pendingKey(dataDir);
  const publicKey = publicKeyText(key);
  const request: EnrolRequest = {
    code,
    publicKey,
    proof: sign(null, Buffer.from(enrolText(code, publicKey)), key).toString("base64"),
    hostName: cleanText(hostname(), 64),
    version,
  };
  const reply = await client.send({ method: "POST", path: "/v1/enrol", body: Buffer.from(JSON.stringify(request)), signal }).catch((error: unknown) => {
    const { code } = error as { code?: unknown };
    if (typeof code === "string" && /CERT|VERIFY/.test(code))
      throw new UsageError(
        `${collector}: its certificate does not prove it (${code}); if the province has an authority of its own, name that PEM file as "caFile" in hcc-agent.json in ${dataDir}`,
      );
    throw new UsageError(`${collector}: no answer (${cleanText(error instanceof Error ? error.message : String(error))}); check the address and the line`);
  });
  const enrolled = EnrolReply.safeParse(reply.body);
  if (reply.status !== 200 && reply.status !== 201)
    throw new UsageError(
      `${collector}: refused (${reply.status} ${cleanText(reply.problem?.code ?? "")}): ${cleanText(reply.problem?.title ?? "ask for a new code", 200)}`,
    );
  if (!enrolled.success) throw new UsageError(`${collector}: this is no hcc-watch collector`);
  const { agent, centre, configKey } = enrolled.data;
  const identity: Identity = { agent, centre, collector, enrolledAt: new Date(nowMs()).toISOString(), ...(configKey !== undefined && { configKey }) };
  adoptIdentity(dataDir, identity);
  return identity;
}
