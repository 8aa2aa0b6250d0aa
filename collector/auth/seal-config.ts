import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { type ConfigSeal, SealedConfig, sealText } from "#schemas/agent-config.ts";

/** Setting under which the database keeps the public half of the province's key for configurations. */
export const CONFIG_KEY = "config_public_key";

/** A new pair for signing configurations: the private half as PEM for the offline machine, the public half as base64 SPKI for collector and agents. */
export function newConfigKey(): { readonly privatePem: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  };
}

/** The private key of a PEM text; undefined for anything but Ed25519. */
export function configKeyOf(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

export function sealConfig(config: SealedConfig, key: KeyObject): ConfigSeal {
  const payload = JSON.stringify(config);
  return { payload, signature: sign(null, Buffer.from(sealText(payload)), key).toString("base64") };
}

/** What a seal says, when the key has signed it; undefined otherwise. */
export function openedSeal({ payload, signature }: ConfigSeal, publicKey: string): SealedConfig | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType !== "ed25519" || !verify(null, Buffer.from(sealText(payload)), key, Buffer.from(signature, "base64"))) return undefined;
    return SealedConfig.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}
