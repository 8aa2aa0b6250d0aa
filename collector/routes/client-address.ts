import { BlockList, isIP } from "node:net";
import type { Context } from "hono";
import { isEncrypted, isLoopback, remoteAddress } from "./connection.ts";

/** The networks of proxies whose X-Forwarded-For is believed: addresses or CIDR. @throws Error that names the one that is neither */
export function proxyList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const version = isIP(address);
    const width = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : Number(bits);
    if (version === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > width) throw new Error(`${network} is neither an address nor a network`);
    list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

/**
 * The address that a request comes from. X-Forwarded-For counts only as far as proxies of ours have written it: from its right end, as long as the
 * hop before was trusted. What a client puts there itself stands further left and is never reached.
 */
export function clientAddress(c: Context, proxies: BlockList): string {
  let address = plain(remoteAddress(c) ?? "unknown");
  const hops = (c.req.header("x-forwarded-for") ?? "").split(",").map((hop) => plain(hop.trim()));
  while (isTrusted(address, proxies) && hops.length > 0) {
    const hop = hops.pop() ?? "";
    if (isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}

/**
 * Whether nobody on the way reads what the browser sends: TLS of our own, a trusted proxy that did not speak plain HTTP to it, or this machine itself.
 * X-Forwarded-Proto of anyone else counts for nothing. `isPublicTls`: the settings say that browsers come by https.
 */
export function isConfidential(c: Context, proxies: BlockList, isPublicTls: boolean): boolean {
  if (isEncrypted(c)) return true;
  const remote = remoteAddress(c);
  if (remote === undefined) return false;
  const said = c.req.header("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
  if (isTrusted(plain(remote), proxies)) return said === undefined ? isPublicTls : said === "https";
  return isLoopback(remote) && (isPublicTls || c.req.header("x-forwarded-for") === undefined);
}

function isTrusted(address: string, proxies: BlockList): boolean {
  const version = isIP(address);
  return version !== 0 && proxies.check(address, version === 6 ? "ipv6" : "ipv4");
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
