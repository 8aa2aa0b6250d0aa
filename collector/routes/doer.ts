import type { BlockList } from "node:net";
import type { Context } from "hono";
import type { Doer } from "../store/audit.ts";
import { clientAddress } from "./client-address.ts";

/** Who does something here, and from where, for the audit log. @throws Error when no guard stood before the route */
export function doerOf(c: Context, proxies: BlockList): Doer {
  const { asker } = c.var;
  if (!asker) throw new Error(`${c.req.method} ${c.req.path} was reached without a guard`);
  return { who: asker.login, address: clientAddress(c, proxies) };
}
