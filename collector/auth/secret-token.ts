import { createHash, randomBytes } from "node:crypto";

/** A token that nobody can guess: 256 random bits, for cookies and links. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What is stored of a token. It has 256 random bits, so that a plain hash is enough. */
export function hashOfToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
