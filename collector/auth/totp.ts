import { Secret, TOTP } from "otpauth";

const ISSUER = "hcc-watch";
/** RFC 6238: steps of 30 s, of which the one before and the one after are taken too, for a phone whose clock is off. */
const STEP_MS = 30_000;
const STEPS_OFF_MAX = 1;
/** 160 bits (RFC 4226, 4). */
const SECRET_BYTES = 20;

/** A new secret in base32, as authenticator apps take it. */
export function newTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

export function isTotpSecret(text: string): boolean {
  return /^[A-Z2-7]{32}$/.test(text);
}

/** The address that an authenticator app reads from a QR code. */
export function totpUri(secret: string, login: string): string {
  return totpOf(secret, login).toString();
}

/** The step whose code this is; undefined for a code of no step near `nowMs`. Blanks in the code do not matter. */
export function totpStep(secret: string, code: string, nowMs: number): number | undefined {
  const token = code.replace(/\s/g, "");
  // The library throws at six characters that are more bytes.
  if (!/^[0-9]{6}$/.test(token)) return undefined;
  const off = totpOf(secret).validate({ token, timestamp: nowMs, window: STEPS_OFF_MAX });
  return off === null ? undefined : Math.floor(nowMs / STEP_MS) + off;
}

function totpOf(secret: string, login = ""): TOTP {
  return new TOTP({ issuer: ISSUER, label: login, secret: Secret.fromBase32(secret), period: STEP_MS / 1_000 });
}
