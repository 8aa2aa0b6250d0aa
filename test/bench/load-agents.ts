import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

export type LoadAgent = { readonly agent: string; readonly publicKey: string; readonly key: KeyObject };

/** The same agents in every process: their keys follow from their numbers. */
export function loadAgents(count: number): LoadAgent[] {
  return Array.from({ length: count }, (_, index) => {
    const seed = createHash("sha256").update(`load ${index}`).digest();
    const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).toString("base64");
    return { agent: `agt-${index.toString(16).padStart(16, "0")}`, publicKey, key };
  });
}
