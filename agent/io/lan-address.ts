import { BlockList, isIP } from "node:net";

const lan = new BlockList();
for (const [net, bits] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const)
  lan.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const)
  lan.addSubnet(net, bits, "ipv6");

/** True for a literal loopback, private, link-local or carrier-shared address: a device that no public authority can vouch for. */
export function isLanAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && lan.check(address, family === 6 ? "ipv6" : "ipv4");
}
