import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { LocalConfig } from "./config.ts";
import { isThisPc } from "./io/references.ts";
import type { MayReach } from "./io/tcp.ts";
import { endOf } from "./url-end.ts";

/** Never asked on a schedule: this PC itself, link-local with cloud metadata, multicast, broadcast, and IPv4 dressed as IPv6. */
const denied = blockList([
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "fe80::/10",
  "ff00::/8",
  "::ffff:0:0/96",
  "64:ff9b::/96",
  "fd00:ec2::254/128",
]);
const nat64 = blockList(["64:ff9b::/96"]);
const loopback = blockList(["127.0.0.0/8", "::1/128"]);
const privateNets = blockList(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]);

/**
 * Decides whether the agent may ask an address, by parsed bytes: `allowedSubnets`, or the private networks that this PC is directly connected to.
 * With `localTest` loopback is allowed, too.
 */
export function lanGuard({ allowedSubnets, localTest }: { allowedSubnets?: readonly string[] | undefined; localTest: boolean }): (address: string) => boolean {
  const allowed = blockList(allowedSubnets ?? connectedPrivateSubnets());
  return (address) => {
    if (contains(loopback, address)) return localTest;
    return !contains(denied, address) && contains(allowed, address);
  };
}

/**
 * Decides where the names lead that a collector gives for what is outside (portals, measure servers, hops): never to this PC, its link or the LAN's own
 * devices, which only their own probes ask. The collector's own host, and what the commune's file names for its probes, may lie anywhere; so may all with `localTest`. `connected` gives the networks that this PC stands in.
 */
export function outsideGuard(
  { localTest, allowedSubnets, probes }: Pick<LocalConfig, "localTest" | "allowedSubnets" | "probes">,
  collectorUrl: string | undefined,
  connected: () => readonly string[] = connectedPrivateSubnets,
): MayReach {
  const allows = lanGuard({ allowedSubnets, localTest });
  const own = new Set(hostsIn([collectorUrl, probes]));
  // A collector on this very PC has no further way to it.
  const isCollectorHere = collectorUrl !== undefined && isThisPc(endOf(collectorUrl).host);
  return (host, given) => {
    const address = translated(given);
    if (localTest || own.has(host) || (isCollectorHere && contains(loopback, address))) return true;
    const isOfLan = allows(address) && contains(blockList(connected()), address);
    return isIP(address) !== 0 && !contains(denied, address) && !isOfLan;
  };
}

/** The IPv4 address to which a network without IPv4 translates an address (RFC 6052, 64:ff9b::/96), and any other as it is. */
function translated(address: string): string {
  if (!contains(nat64, address)) return address;
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(":");
  return groups
    .slice(-2)
    .map((group) => Number.parseInt(group || "0", 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
}

/** Every text in a value that can name a host: of an address its host. */
function hostsIn(value: unknown): string[] {
  if (typeof value === "string") return [URL.canParse(value) ? endOf(value).host : value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(hostsIn) : [];
}

/** The networks that may be searched for devices: `allowedSubnets`, or the private ones that this PC is directly connected to. */
export function searchedNetworks({ allowedSubnets }: { allowedSubnets?: readonly string[] | undefined }): readonly string[] {
  return allowedSubnets ?? connectedPrivateSubnets();
}

/** The private networks of this PC's interfaces in CIDR form. */
function connectedPrivateSubnets(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap(({ internal, cidr, address }) => (!internal && cidr !== null && contains(privateNets, address) ? [cidr] : []));
}

type NetList = { readonly 4: BlockList; readonly 6: BlockList };

/** One list per family: Node.js holds every IPv4 address to lie inside `::ffff:0:0/96`. */
function blockList(subnets: readonly string[]): NetList {
  const lists = { 4: new BlockList(), 6: new BlockList() };
  for (const subnet of subnets) {
    const [address = "", bits = ""] = subnet.split("/");
    if (isIP(address) === 4) lists[4].addSubnet(address, Number(bits), "ipv4");
    else lists[6].addSubnet(address, Number(bits), "ipv6");
  }
  return lists;
}

function contains(lists: NetList, address: string): boolean {
  const family = isIP(address);
  if (family === 4) return lists[4].check(address, "ipv4");
  return family === 6 && lists[6].check(address, "ipv6");
}
