import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** Name of the hidden field that carries the token. */
export const TOKEN_FIELD = "token";

export type FormToken = {
  /** The token for a form of this browser; sets its cookie where there is none. */
  issue(c: Context): string;
  /** Whether a sent form came from a page of ours in the same browser. */
  holds(c: Context, sent: unknown): boolean;
};

/**
 * Guards forms against being sent by foreign pages: the browser's own word (`Sec-Fetch-Site` or `Origin`) and a token that only
 * our page could read. `key` is shared by all collectors on one database; `secure`: browsers come by TLS, and no sister host may set the cookie.
 */
export function formToken(key: string, secure = false): FormToken {
  const COOKIE = secure ? "__Host-hcc-form" : "hcc-form";
  // The cookie is whatever a browser sends: without the word before it, whoever chooses it has anything else sealed with this key.
  const tokenOf = (browser: string) => createHmac("sha256", key).update(`form ${browser}`).digest("base64url");
  return {
    issue(c) {
      const browser = getCookie(c, COOKIE) ?? randomBytes(18).toString("base64url");
      setCookie(c, COOKIE, browser, { path: "/", httpOnly: true, sameSite: "Strict", secure });
      return tokenOf(browser);
    },
    holds(c, sent) {
      const browser = getCookie(c, COOKIE);
      if (browser === undefined || typeof sent !== "string" || !isSameOrigin(c)) return false;
      const [expected, given] = [Buffer.from(tokenOf(browser)), Buffer.from(sent)];
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
}

function isSameOrigin(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  const origin = c.req.header("origin");
  // Behind a proxy our own URL may say http where the browser says https: the host is what must agree.
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === (c.req.header("host") ?? new URL(c.req.url).host);
}
