import type { Context } from "hono";
import { isOwnName } from "../own-name.ts";
import { isLoopback, remoteAddress } from "./connection.ts";

/** Whether a request comes from the collector's own machine, by one of its own names, and from no proxy on it. */
export function isAtThisMachine(c: Context): boolean {
  if (c.req.header("x-forwarded-for") !== undefined || c.req.header("forwarded") !== undefined) return false;
  const host = c.req.header("host");
  if (host === undefined || !URL.canParse(`http://${host}`) || !isOwnName(new URL(`http://${host}`).hostname)) return false;
  return isLoopback(remoteAddress(c));
}
