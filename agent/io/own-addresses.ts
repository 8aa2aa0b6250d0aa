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
