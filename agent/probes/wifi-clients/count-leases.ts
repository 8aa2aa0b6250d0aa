import type { Io } from "../../io/io.ts";
import { inSubnets } from "../../io/sweep.ts";

/** `hosts` hold a lease; `longestS` is the most that is left of one, so leases run at least so long. */
export type LeaseCount = { readonly hosts: number; readonly longestS?: number };

/**
 * Counts the hosts that hold a lease, in the given subnets where there are any. An upper bound: whoever left keeps the lease until it runs out.
 * MAC addresses are looked at here and stay here. undefined when the file cannot be read.
 */
export async function countLeases(io: Io, file: string, subnets: readonly string[], nowMs: number): Promise<LeaseCount | undefined> {
  const leases = await io.readLeases(file, nowMs).catch(() => undefined);
  if (leases === undefined) return undefined;
  const wanted = inSubnets(subnets);
  const own = leases.filter(({ address }) => subnets.length === 0 || wanted(address));
  const lefts = own.flatMap(({ leftS }) => leftS ?? []);
  return { hosts: new Set(own.map(({ mac }) => mac)).size, ...(lefts.length > 0 && { longestS: Math.max(...lefts) }) };
}
