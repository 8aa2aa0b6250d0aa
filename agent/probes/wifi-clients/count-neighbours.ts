import type { Io } from "../../io/io.ts";
import { inSubnets } from "../../io/sweep.ts";

/** Networks that are swept in one run; each takes two seconds and more. */
const SWEPT_MAX = 4;

/** Which hosts of the local network may sit on the Wi-Fi. */
export type NeighbourScope = { readonly subnets: readonly string[]; readonly targets: readonly string[] };

/**
 * Counts hosts in this PC's neighbour table that may be on the Wi-Fi: those of the given subnets, else those on the interface on which
 * the access points themselves are seen. Given subnets are swept first. An upper bound: wired PCs and hosts that left minutes ago are in it.
 * MAC addresses are looked at here and stay here. undefined when the table tells nothing about this network.
 */
export async function countNeighbours(io: Io, { subnets, targets }: NeighbourScope, signal: AbortSignal): Promise<number | undefined> {
  // Whoever is there has to answer ARP, even behind a firewall that drops everything else.
  for (const subnet of subnets.slice(0, SWEPT_MAX)) await io.sweep(subnet, signal).catch(() => {});
  const neighbours = await io.readNeighbours(signal).catch(() => undefined);
  if (neighbours === undefined) return undefined;
  const route = await io.readDefaultRoute(signal).catch(() => undefined);
  const infrastructure = new Set([...targets, ...(route?.gateway === undefined ? [] : [route.gateway])]);
  const interfaces = new Set(neighbours.filter(({ address }) => targets.includes(address)).map((neighbour) => neighbour.interface));
  if (subnets.length === 0 && interfaces.size === 0) return undefined;
  const wanted = inSubnets(subnets);
  const ownMacs = new Set(neighbours.filter(({ address }) => infrastructure.has(address)).map(({ mac }) => mac));
  const guests = neighbours.filter(({ address, mac, interface: name }) => !ownMacs.has(mac) && (subnets.length > 0 ? wanted(address) : interfaces.has(name)));
  return new Set(guests.map(({ mac }) => mac)).size;
}
