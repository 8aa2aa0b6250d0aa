import { networkInterfaces } from "node:os";

/** One IPv4 address of each interface of this PC: multicast leaves by one interface at a time, and a gateway PC may stand in several networks. */
export function ownAddresses({ loopback }: { readonly loopback: boolean }): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? [])
      .filter(({ family, internal }) => family === "IPv4" && (loopback || !internal))
      .slice(0, 1)
      .map(({ address }) => address),
  );
}

/** The networks to which this PC is directly attached, as CIDR: one for each address of an interface that is up and has a link, loopback and link-local ones left out. */
export type AttachedNetworks = () => readonly string[];

// Node.js leaves out interfaces without a link: those that do not run on Unix, those whose OperStatus is not up on Windows.
export const attachedNetworks: AttachedNetworks = () =>
  Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap(({ internal, cidr, scopeid }) => (internal || cidr === null || (scopeid ?? 0) !== 0 || cidr.startsWith("169.254.") ? [] : [cidr])),
  );
