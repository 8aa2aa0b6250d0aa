import { createSocket } from "node:dgram";
import { BlockList, isIPv4 } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Largest network that is swept: a /22. */
export const SWEEP_HOSTS_MAX = 1_022;
/** The discard port: nobody answers, but the kernel has to ask by ARP who has the address. */
const DISCARD_PORT = 9;
const BURST = 16;
const PAUSE_MS = 40;
const SETTLE_MS = 1_200;

/** Makes the kernel learn who is there by sending one empty datagram to each address of a network. Never rejects but when aborted. */
export type Sweep = (subnet: string, signal: AbortSignal) => Promise<void>;

export const sweep: Sweep = async (subnet, signal) => {
  const socket = createSocket("udp4");
  // Hosts that refuse and networks without a route come back as errors; both are of no interest here.
  socket.on("error", () => {});
  try {
    const hosts = hostsOf(subnet);
    for (let index = 0; index < hosts.length; index += BURST) {
      for (const host of hosts.slice(index, index + BURST)) socket.send(Buffer.alloc(0), DISCARD_PORT, host, () => {});
      await sleep(PAUSE_MS, undefined, { signal });
    }
    await sleep(SETTLE_MS, undefined, { signal });
  } finally {
    socket.close();
  }
};

/** Host addresses of an IPv4 network as `192.168.1.0/24`; none for IPv6 and for networks above the limit. Pure. */
export function hostsOf(subnet: string): readonly string[] {
  const [address = "", bits = ""] = subnet.split("/");
  const size = 2 ** (32 - Number(bits));
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || !(size >= 4 && size - 2 <= SWEEP_HOSTS_MAX)) return [];
  const base = Math.floor(address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0) / size) * size;
  return Array.from({ length: size - 2 }, (_, index) => [24, 16, 8, 0].map((shift) => Math.floor((base + 1 + index) / 2 ** shift) % 256).join("."));
}

/** True when an address lies in one of the networks. Pure. */
export function inSubnets(subnets: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = "", bits = ""] = subnet.split("/");
    list.addSubnet(address, Number(bits), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return (address) => list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
