import type { Io } from "../../io/io.ts";
import { inSubnets } from "../../io/sweep.ts";

/**
 * Counts the hosts that hold a lease, in the given subnets where there are any. An upper bound: whoever left keeps the lease until it runs out.
 * MAC addresses are looked at here and stay here. undefined when the file cannot be read.
 */
export async function countLeases(io: Io, file: string, subnets: readonly string[], nowMs: number): Promise<number | undefined> {
  const leases = await io.readLeases(file, nowMs).catch(() => undefined);
  const wanted = inSubnets(subnets);
  return leases && new Set(leases.filter(({ address }) => subnets.length === 0 || wanted(address)).map(({ mac }) => mac)).size;
}
