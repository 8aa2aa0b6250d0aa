import { createHash } from "node:crypto";
import type { Login } from "./scenario.ts";

/** Checks logins as a device does; written apart from the client, straight from RFC 7616 and the UsernameToken profile. */
export const NONCE = "5f1d-nonce+/=";
/** Quotes and commas as they occur; not every client reads them. */
const realmOf = (login: Login) => (login.plain ? "Mock" : 'Mock "recorder", 1');

/** The challenges that a scenario's device sends. */
export function challenges(login: Login): string[] {
  const digest = (algorithm: string) =>
    `Digest realm="${realmOf(login).replace(/"/g, '\\"')}", qop="${login.plain ? "auth" : "auth, auth-int"}", nonce="${NONCE}", opaque="op", algorithm=${algorithm}`;
  if (login.plain) return [digest(login.kind === "digest-sha256" ? "SHA-256" : "MD5")];
  if (login.kind === "digest-md5") return [`Basic realm="x", ${digest("MD5")}`];
  return [digest("MD5-unknown"), digest("SHA-256")];
}

/** True when an Authorization header is right for this request. */
export function digestIsRight(login: Login, header: string | undefined, method: string): boolean {
  const field = (name: string) => {
    const match = header?.match(new RegExp(`\\b${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^,\\s]+))`));
    return (match?.[1] ?? match?.[2] ?? "").replace(/\\(.)/g, "$1");
  };
  const hash = (text: string) =>
    createHash(login.kind === "digest-md5" ? "md5" : "sha256")
      .update(text)
      .digest("hex");
  if (!header?.startsWith("Digest ") || field("username") !== login.user || field("nonce") !== NONCE || field("qop") !== "auth") return false;
  const ha1 = hash(`${login.user}:${realmOf(login)}:${login.password}`);
  const ha2 = hash(`${method}:${field("uri")}`);
  return field("response") === hash(`${ha1}:${NONCE}:${field("nc")}:${field("cnonce")}:auth:${ha2}`);
}

/** True when a SOAP message carries a right UsernameToken, created within five minutes of the device's own time. */
export function tokenIsRight(login: Login, message: string, deviceUtcMs: number): boolean {
  const text = (name: string) => message.match(new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`))?.[1] ?? "";
  const created = text("Created");
  if (text("Username") !== login.user || !(Math.abs(Date.parse(created) - deviceUtcMs) < 300_000)) return false;
  const digest = createHash("sha1")
    .update(Buffer.from(text("Nonce"), "base64"))
    .update(created)
    .update(login.password)
    .digest("base64");
  return text("Password") === digest;
}
