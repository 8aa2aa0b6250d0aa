import { createHmac, timingSafeEqual } from "node:crypto";
import { LeaseClaims } from "#schemas/measure.ts";

/** Shortest secret that may sign leases, in characters. */
export const SECRET_LENGTH_MIN = 32;
const TOKEN_LENGTH_MAX = 1_000;
/** How far the clocks of collector and measure server may differ, ms. */
const CLOCK_TOLERANCE_MS = 30_000;

export type TokenFault = "malformed" | "forged" | "not_yet" | "expired" | "other_server";
export type TokenCheck = { readonly ok: true; readonly claims: LeaseClaims } | { readonly ok: false; readonly fault: TokenFault };

/** Signs what a lease allows: `<base64url JSON>.<base64url HMAC-SHA-256>`. Whoever knows the secret can check it without a database. */
export function signLease(claims: LeaseClaims, secret: string): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${payload}.${mac(payload, secret).toString("base64url")}`;
}

/** Checks a token against the secret, the clock and the server's own name; never throws on what a stranger sends. */
export function checkLease(token: string, secret: string, nowMs: number, server: string | undefined): TokenCheck {
  const [payload, signature, rest] = token.length > TOKEN_LENGTH_MAX ? [] : token.split(".");
  if (payload === undefined || signature === undefined || rest !== undefined) return { ok: false, fault: "malformed" };
  const given = Buffer.from(signature, "base64url");
  const expected = mac(payload, secret);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { ok: false, fault: "forged" };
  const claims = LeaseClaims.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
  if (!claims.success) return { ok: false, fault: "malformed" };
  if (server !== undefined && claims.data.server !== server) return { ok: false, fault: "other_server" };
  if (nowMs < claims.data.notBeforeMs - CLOCK_TOLERANCE_MS) return { ok: false, fault: "not_yet" };
  if (nowMs >= claims.data.expiresMs + CLOCK_TOLERANCE_MS) return { ok: false, fault: "expired" };
  return { ok: true, claims: claims.data };
}

function mac(payload: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(payload).digest();
}
