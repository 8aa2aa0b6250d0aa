import { isIP } from "node:net";
import { z } from "zod";
import type { ReadDefaultRoute } from "./gateway.ts";
import type { MayReach, TcpKnock } from "./tcp.ts";

const WAIT_MS = 3_000;

/** Others outside, to hold a silence against: where nobody answers, it is the way out that is silent. */
export const References = z
  .array(z.strictObject({ host: z.union([z.ipv4(), z.ipv6(), z.hostname()]), port: z.int().min(1).max(65_535) }))
  .max(8)
  .default([]);
export type References = z.infer<typeof References>;

type Asking = { readonly io: { readonly tcpKnock: TcpKnock }; readonly mayReach: MayReach; readonly signal: AbortSignal };

/** Knocks at all at once: does anybody answer? Undefined when there is nobody to ask but this PC. @throws when aborted */
export async function anybodyAnswers(references: References, { io, mayReach, signal }: Asking): Promise<boolean | undefined> {
  const outside = references.filter(({ host }) => !isThisPc(host));
  if (outside.length === 0) return undefined;
  const knocks = await Promise.all(outside.map(({ host, port }) => io.tcpKnock(host, port, WAIT_MS, signal, mayReach)));
  signal.throwIfAborted();
  return knocks.some((knock) => knock === "open" || knock === "refused");
}

/** Whether a host names this very PC. */
export function isThisPc(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}

/** What a failure means where this PC has no way out: for people, in the detail of a run. */
export const NO_WAY_OUT = "this PC has no default route: check its network cable";

/**
 * Asked only after silence: is there any way out of this PC to somebody else? Without one the silence says nothing of the other side. A table that
 * cannot be read counts as yes: the silence stands. @throws when aborted
 */
export async function hasWayOut(
  host: string,
  readDefaultRoute: ReadDefaultRoute,
  signal: AbortSignal,
  log?: (message: string, fields: { error: string }) => void,
): Promise<boolean> {
  if (isThisPc(host)) return true;
  try {
    return (await readDefaultRoute(signal)) !== undefined;
  } catch (error) {
    signal.throwIfAborted();
    log?.("the default route could not be read", { error: String(error) });
    return true;
  }
}
