import type { Context } from "hono";
import { remoteAddress } from "./client-address.ts";

/** Names under which a browser on this machine asks. Another name that leads here (DNS rebinding) is not one of them. */
const ownNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a request comes from the collector's own machine, by one of its own names, and from no proxy on it. */
export function isAtThisMachine(c: Context): boolean {
  if (c.req.header("x-forwarded-for") !== undefined || c.req.header("forwarded") !== undefined) return false;
  const host = c.req.header("host");
  if (host === undefined || !URL.canParse(`http://${host}`) || !ownNames.has(new URL(`http://${host}`).hostname)) return false;
  return isLoopback(remoteAddress(c));
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string | undefined): boolean {
  return address === "127.0.0.1" || address === "::1" || address === "::ffff:127.0.0.1";
}
