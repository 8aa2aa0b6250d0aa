import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { newToken } from "./secret-token.ts";

const YEAR_S = 365 * 86_400;

export type BrowserCookies = ReturnType<typeof browserCookies>;

/**
 * The cookies of people. Where the browser speaks TLS they carry the prefix `__Host-`, so that neither a sister host nor plain HTTP can set them.
 * The device cookie says that this browser has signed in as a login before; it opens nothing, it only keeps strangers' failures from counting here.
 */
export function browserCookies({ secure, key }: { secure: boolean; key: string }) {
  const name = (plain: string) => (secure ? `__Host-${plain}` : plain);
  const options = { path: "/", httpOnly: true, sameSite: "Lax", secure } as const;
  const seal = (login: string, nonce: string) => createHmac("sha256", key).update(`device ${login} ${nonce}`).digest("base64url");
  const [SESSION, DEVICE, SIGN_ON] = ["hcc-session", "hcc-device", "hcc-sign-on"].map(name) as [string, string, string];
  return {
    secure,
    session: (c: Context) => getCookie(c, SESSION),
    /** The server ends sessions by itself; `lifeMs` keeps a browser from sending a dead one for ever. */
    setSession: (c: Context, token: string, lifeMs: number) => setCookie(c, SESSION, token, { ...options, maxAge: lifeMs / 1_000 }),
    endSession: (c: Context) => void deleteCookie(c, SESSION, options),

    /** Remembers that this browser has signed in as `login`. */
    setDevice(c: Context, login: string) {
      const nonce = newToken().slice(0, 22);
      setCookie(c, DEVICE, `${nonce}.${seal(login, nonce)}`, { ...options, maxAge: YEAR_S });
    },
    /** Names this browser when it has signed in as `login` before. */
    device(c: Context, login: string): string | undefined {
      const [nonce = "", given = ""] = (getCookie(c, DEVICE) ?? "").split(".");
      const [expected, sent] = [Buffer.from(seal(login.trim().toLowerCase(), nonce)), Buffer.from(given)];
      return expected.length === sent.length && timingSafeEqual(expected, sent) ? nonce : undefined;
    },

    /** What a sign-on that has begun must find again when the browser comes back. */
    signOn: (c: Context) => getCookie(c, SIGN_ON),
    setSignOn: (c: Context, value: string) => setCookie(c, SIGN_ON, value, { ...options, maxAge: 600 }),
    endSignOn: (c: Context) => void deleteCookie(c, SIGN_ON, options),
  };
}
