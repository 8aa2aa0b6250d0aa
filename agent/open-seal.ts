import { createPublicKey, verify } from "node:crypto";
import { type AgentConfig, SealedConfig, sealText } from "#schemas/agent-config.ts";

export type SealView = {
  /** The province's key as base64 SPKI. */
  readonly configKey: string;
  /** The centre of this PC's enrolment. */
  readonly centre: string;
  /** Version of the configuration in use; 0 when there is none. */
  readonly usedVersion: number;
  readonly nowMs: number;
};
/** `refused` is one sentence for the log. */
export type OpenedSeal = { readonly config: AgentConfig } | { readonly refused: string };

/**
 * Reads a configuration where a key is pinned: only what that key has signed counts, for this centre, not older than what is in use and not past its end.
 * A collector that was taken over can then withhold a configuration, but make none.
 */
export function openSeal(offered: AgentConfig, { configKey, centre, usedVersion, nowMs }: SealView): OpenedSeal {
  const { agent, seal } = offered;
  if (seal === undefined) return { refused: "it is not signed, and this agent takes signed configurations only" };
  if (!isSigned(seal.payload, seal.signature, configKey)) return { refused: "its signature is not of the key that this agent knows" };
  const sealed = SealedConfig.safeParse(jsonOf(seal.payload));
  if (!sealed.success) return { refused: `its signed part is not valid: ${sealed.error.issues[0]?.path.join(".")}` };
  const { expiresAt, ...config } = sealed.data;
  if (config.centre.code !== centre) return { refused: `it is for centre ${config.centre.code}` };
  if (config.version < usedVersion) return { refused: `version ${config.version} is older than ${usedVersion}, which is in use` };
  if (Date.parse(expiresAt) < nowMs) return { refused: `its signature ended at ${expiresAt}` };
  return { config: { ...config, agent, seal } };
}

function isSigned(payload: string, signature: string, configKey: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(configKey, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" && verify(null, Buffer.from(sealText(payload)), key, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
