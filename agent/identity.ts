import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { AgentId, Code, Instant } from "#schemas/ids.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type Renaming, renameHeld, writeFileAtomic } from "./atomic-file.ts";
import { readText } from "./file-fault.ts";
import { restrictToOwner } from "./private-file.ts";
import { UsageError } from "./terminal.ts";

/** `agent.json`: who this PC is since its enrolment. */
export const Identity = z.strictObject({
  agent: AgentId,
  centre: Code,
  /** The reception point at which it stands; absent at the main office. */
  point: Code.optional(),
  collector: z.url(),
  enrolledAt: Instant,
  /** When the key in use was made, where that was after the enrolment. */
  keyMadeAt: Instant.optional(),
  /** The province's key for configurations, as the enrolment told it. */
  configKey: z.string().max(200).optional(),
});
export type Identity = z.infer<typeof Identity>;

/** Where this PC stands, in a text that names the centre: its code, and the reception point where that is not the main office. */
export function placeWord(lang: Lang, { centre, point }: Pick<Identity, "centre" | "point">): string {
  return point === undefined ? centre : text(lang, "agent.place", { centre, point });
}

/** The identity in a data folder; undefined before the enrolment. Throws UsageError when the file is damaged or closed to this user. */
export function readIdentity(dataDir: string): Identity | undefined {
  const file = join(dataDir, "agent.json");
  if (!existsSync(file)) return undefined;
  const content = readText(file);
  try {
    return Identity.parse(JSON.parse(content));
  } catch {
    throw new UsageError((lang) => text(lang, "agent.identity.damaged", { file }));
  }
}

/** The key that was enrolled for an identity. Throws UsageError when it is gone, damaged or closed to this user. */
export function keyOf(dataDir: string, { agent }: Identity): KeyObject {
  const file = join(dataDir, `${agent}.key`);
  const key = privateKeyIn(file);
  if (key === undefined) throw new UsageError((lang) => text(lang, "agent.identity.no_key", { file }));
  return key;
}

/**
 * The Ed25519 key for the next enrolment, made here; it never leaves the PC. An interrupted enrolment finds the same key again;
 * one that is damaged was never in use and is made anew. The key in use stays in place until the new one is accepted.
 */
export function pendingKey(dataDir: string): KeyObject {
  const file = pendingFile(dataDir);
  const kept = privateKeyIn(file);
  if (kept !== undefined) return kept;
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileAtomic(file, privateKey.export({ type: "pkcs8", format: "pem" }).toString(), 0o600);
  restrictToOwner(file);
  return privateKey;
}

/** Undefined where there is none, or one that is damaged. */
function privateKeyIn(file: string): KeyObject | undefined {
  if (!existsSync(file)) return undefined;
  const pem = readText(file);
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** Makes the pending key that of a new identity; from here on the agent speaks as it. */
export function adoptIdentity(dataDir: string, identity: Identity, renaming: Partial<Renaming> = {}): void {
  renameHeld(pendingFile(dataDir), join(dataDir, `${identity.agent}.key`), renaming);
  writeFileAtomic(join(dataDir, "agent.json"), `${JSON.stringify(identity, null, 2)}\n`);
}

/** Puts the pending key in the place of the one in use. Gives the identity with its date. */
export function adoptKey(dataDir: string, identity: Identity, nowMs: number): Identity {
  const renewed = { ...identity, keyMadeAt: new Date(nowMs).toISOString() };
  adoptIdentity(dataDir, renewed);
  return renewed;
}

function pendingFile(dataDir: string): string {
  return join(dataDir, "pending.key");
}

/** The public half as base64 SPKI, as EnrolRequest carries it. */
export function publicKeyText(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64");
}
