import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { CredentialName } from "#schemas/target.ts";
import { text } from "#schemas/text/text.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { readText } from "./file-fault.ts";
import { makeFolder } from "./make-folder.ts";
import { UsageError } from "./terminal.ts";

const Sealed = z.strictObject({ iv: z.base64(), tag: z.base64(), text: z.base64() });
const Vault = z.strictObject({ version: z.literal(1), secrets: z.record(CredentialName, Sealed) });
type Vault = z.infer<typeof Vault>;

const SECRET_CHARS_MAX = 4_096;
const CREDENTIALS_MAX = 500;
const DEPTH_MAX = 16;
/** Fields of a target that may be the bare name of a credential. */
const accessFields = new Set(["snmp", "http", "onvif"]);

/**
 * Device credentials of this PC: AES-256-GCM, the name as additional data, so that two entries cannot be swapped.
 * The key lies beside in a file of mode 0600 (Windows: the folder's ACL): it keeps backups and support bundles clean, not a local administrator out.
 */
export class Credentials {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "credentials");
  }

  /** Names in alphabetical order. */
  list(): string[] {
    return Object.keys(this.#vault().secrets).sort();
  }

  /** Stores or replaces a secret; it is on disk when this returns. */
  add(name: string, secret: string): void {
    if (!CredentialName.safeParse(name).success) throw new UsageError((lang) => text(lang, "agent.creds.bad_name", { name: cleanText(name) }));
    if (secret.length === 0 || secret.length > SECRET_CHARS_MAX)
      throw new UsageError((lang) => text(lang, "agent.creds.bad_secret", { max: SECRET_CHARS_MAX }));
    const vault = this.#vault();
    if (!(name in vault.secrets) && Object.keys(vault.secrets).length >= CREDENTIALS_MAX)
      throw new UsageError((lang) => text(lang, "agent.creds.full", { max: CREDENTIALS_MAX }));
    this.#write({ ...vault, secrets: { ...vault.secrets, [name]: seal(this.#key(), name, secret) } });
  }

  /** Whether there was one to remove. */
  remove(name: string): boolean {
    const { [name]: gone, ...secrets } = this.#vault().secrets;
    if (gone === undefined) return false;
    this.#write({ version: 1, secrets });
    return true;
  }

  /** The secret of a name. Throws UsageError when there is none or when key and entry do not belong together. */
  secretOf(name: string): string {
    const sealed = Object.entries(this.#vault().secrets).find(([known]) => known === name)?.[1];
    if (sealed === undefined) throw new UsageError((lang) => text(lang, "agent.creds.unknown", { name: cleanText(name) }));
    return unseal(this.#key(), name, sealed);
  }

  #vault(): Vault {
    const file = join(this.#folder, "vault.json");
    if (!existsSync(file)) return { version: 1, secrets: {} };
    const vault = Vault.safeParse(parseJson(readText(file)));
    if (!vault.success) throw new UsageError((lang) => text(lang, "agent.creds.damaged", { folder: this.#folder }));
    return vault.data;
  }

  #write(vault: Vault): void {
    writeFileAtomic(join(this.#folder, "vault.json"), JSON.stringify(vault), 0o600);
  }

  #key(): Buffer {
    const file = join(this.#folder, "vault.key");
    makeFolder(this.#folder);
    if (!existsSync(file)) writeFileAtomic(file, randomBytes(32).toString("base64"), 0o600);
    const key = Buffer.from(readText(file), "base64");
    if (key.length !== 32) throw new UsageError((lang) => text(lang, "agent.creds.damaged", { folder: this.#folder }));
    return key;
  }
}

/**
 * Puts secrets in place of their names: `{"credential":"name"}` anywhere, or a bare name as value of `snmp`, `http` or `onvif`.
 * A stored secret that is a JSON object is put in as such. Throws UsageError where one says too little for its place.
 */
export async function resolveCredentials(options: unknown, secretOf: (name: string) => string | Promise<string>, depth = 0): Promise<unknown> {
  if (options === null || typeof options !== "object" || depth > DEPTH_MAX) return options;
  if (Array.isArray(options)) return Promise.all(options.map((inner) => resolveCredentials(inner, secretOf, depth + 1)));
  const named = namedCredential(options);
  if (named !== undefined) return secretValue(await secretOf(named));
  const resolved = await Promise.all(
    Object.entries(options).map(async ([field, value]) =>
      accessFields.has(field) && typeof value === "string"
        ? ([field, accessOf(field, value, await secretOf(value))] as const)
        : ([field, await resolveCredentials(value, secretOf, depth + 1)] as const),
    ),
  );
  return Object.fromEntries(resolved);
}

function namedCredential(options: object): string | undefined {
  const entries = Object.entries(options);
  const [field, value] = entries[0] ?? [];
  return entries.length === 1 && field === "credential" && typeof value === "string" ? value : undefined;
}

/** A secret may be a whole access object such as `{"version":"3","user":...}`. */
function secretValue(secret: string): unknown {
  return secret.startsWith("{") ? (parseJson(secret) ?? secret) : secret;
}

/** Access to a device from what a person types: a whole object, `user:password`, or of SNMP the community alone. */
function accessOf(field: string, name: string, secret: string): unknown {
  const value = secretValue(secret);
  if (typeof value !== "string") return value;
  const colon = secret.startsWith("{") ? -1 : secret.indexOf(":");
  if (field === "snmp" && !secret.startsWith("{")) return { version: "2c", community: secret };
  if (colon < 1) throw new UsageError((lang) => text(lang, "agent.creds.no_login", { name: cleanText(name) }));
  return { user: secret.slice(0, colon), password: secret.slice(colon + 1) };
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

function seal(key: Buffer, name: string, secret: string): z.infer<typeof Sealed> {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return { iv: iv.toString("base64"), tag: cipher.getAuthTag().toString("base64"), text: sealed.toString("base64") };
}

function unseal(key: Buffer, name: string, sealed: z.infer<typeof Sealed>): string {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(sealed.iv, "base64"), { authTagLength: 16 })
      .setAAD(Buffer.from(name))
      .setAuthTag(Buffer.from(sealed.tag, "base64"));
    return Buffer.concat([decipher.update(Buffer.from(sealed.text, "base64")), decipher.final()]).toString("utf8");
  } catch {
    throw new UsageError((lang) => text(lang, "agent.creds.other_key", { name }));
  }
}
