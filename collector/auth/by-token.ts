import type { Context } from "hono";
import type { TokenDesk, TokenVerdict } from "../people/token-desk.ts";

/** `none`: the request carries no token. `in_clear`: it came where others could read it. `elsewhere`: tokens do not count at this address. */
export type ByToken = (c: Context) => Promise<TokenVerdict | "none" | "in_clear" | "elsewhere">;

/** Who asks by `Authorization: Bearer`. A token reads `/v1/` and does nothing else, whatever its role; its request has no other identity. */
export function byToken(tokens: Pick<TokenDesk, "identify">, isConfidential: (c: Context) => boolean): ByToken {
  return async (c) => {
    const [scheme = "", given = ""] = (c.req.header("authorization") ?? "").split(" ");
    if (scheme.toLowerCase() !== "bearer") return "none";
    if (!isConfidential(c)) return "in_clear";
    if (!c.req.path.startsWith("/v1/") || (c.req.method !== "GET" && c.req.method !== "HEAD")) return "elsewhere";
    return tokens.identify(given);
  };
}
