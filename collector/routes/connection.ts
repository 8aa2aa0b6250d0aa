import type { Context } from "hono";

type Socket = { readonly remoteAddress?: string; readonly encrypted?: boolean };

/** The connection that a request came by; undefined where there is none, as in `app.request`. */
function socketOf(c: Context): Socket | undefined {
  return ((c.env ?? {}) as { incoming?: { socket?: Socket } }).incoming?.socket;
}

/** The other end of the connection. */
export function remoteAddress(c: Context): string | undefined {
  return socketOf(c)?.remoteAddress;
}

/** Whether the connection itself speaks TLS. */
export function isEncrypted(c: Context): boolean {
  return socketOf(c)?.encrypted === true;
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string | undefined): boolean {
  return address === "127.0.0.1" || address === "::1" || address === "::ffff:127.0.0.1";
}
