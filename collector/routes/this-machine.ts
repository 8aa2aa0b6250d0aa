import type { Context } from "hono";
import { isLoopback, remoteAddress } from "./connection.ts";

/** Names under which a browser on this machine asks. Another name that leads here (DNS rebinding) is not one of them. */
const ownNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a request comes from the collector's own machine, by one of its own names, and from no proxy on it. */
export function isAtThisMachine(c: Context): boolean {
  if (c.req.header("x-forwarded-for") !== undefined || c.req.header("forwarded") !== undefined) return false;
  const host = c.req.header("host");
  if (host === undefined || !URL.canParse(`http://${host}`) || !ownNames.has(new URL(`http://${host}`).hostname)) return false;
  return isLoopback(remoteAddress(c));
}
