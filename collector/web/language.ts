import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { Lang } from "#schemas/words.ts";

const COOKIE = "hcc-lang";
const YEAR_S = 365 * 86_400;

/** The reader's language: `?lang=`, which is then remembered in a cookie, else that cookie, else the installation's language. */
export function languageOf(c: Context, fallback: Lang): Lang {
  const asked = Lang.safeParse(c.req.query("lang"));
  if (asked.success) {
    setCookie(c, COOKIE, asked.data, { path: "/", maxAge: YEAR_S, httpOnly: true, sameSite: "Lax" });
    return asked.data;
  }
  const remembered = Lang.safeParse(getCookie(c, COOKIE));
  return remembered.success ? remembered.data : fallback;
}
