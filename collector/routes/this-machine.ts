import type { Context } from "hono";

/** Names under which a browser on this machine asks. Another name that leads here (DNS rebinding) is not one of them. */
const ownNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a request comes from the collector's own machine, by one of its own names, and from no proxy on it. */
export function isAtThisMachine(c: Context): boolean {
  if (c.req.header("x-forwarded-for") !== undefined || c.req.header("forwarded") !== undefined) return false;
  const host = c.req.header("host");
  if (host === undefined || !URL.canParse(`http://${host}`) || !ownNames.has(new URL(`http://${host}`).hostname)) return false;
  const address = remoteAddress(c);
  return address === "127.0.0.1" || address === "::1" || address === "::ffff:127.0.0.1";
}

/** The other end of the connection; undefined where there is none, as in `app.request`. */
function remoteAddress(c: Context): string | undefined {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress;
}
