import { open } from "node:fs/promises";
import { isIP } from "node:net";

/** A lease of a DHCP server. The MAC may belong to a citizen's phone: it must not leave the function that counts. */
export type Lease = {
  readonly address: string;
  readonly mac: string;
  /** What is left of it, s; absent when it never runs out. */
  readonly leftS?: number;
};

/** Leases that have not run out, from the file of a dnsmasq on this PC. @throws when the file cannot be read */
export type ReadLeases = (file: string, nowMs: number) => Promise<readonly Lease[]>;

const FILE_BYTES_MAX = 1024 * 1024;
const LEASES_MAX = 8_192;

export const readLeases: ReadLeases = async (file, nowMs) => {
  await using handle = await open(file, "r");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(FILE_BYTES_MAX), 0, FILE_BYTES_MAX, 0);
  return parseLeases(buffer.toString("utf8", 0, bytesRead), nowMs);
};

/**
 * Reads dnsmasq's lines of `expiry mac address name client-id`; expiry is in s since the epoch, and 0 is "never". IPv6 leases name no MAC and are left out,
 * as are lines of any other shape.
 */
export function parseLeases(text: string, nowMs: number): readonly Lease[] {
  return text
    .split("\n")
    .slice(0, LEASES_MAX)
    .flatMap((line) => {
      const [expiry = "", mac = "", address = ""] = line.trim().split(/\s+/);
      // A hardware type other than Ethernet stands before the address: `06-aa:bb:...`.
      const isMac = /^([0-9a-f]{2}-)?([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac);
      const isLive = expiry === "0" || (/^\d+$/.test(expiry) && Number(expiry) * 1000 > nowMs);
      const left = expiry === "0" ? {} : { leftS: Number(expiry) - Math.floor(nowMs / 1000) };
      return isMac && isLive && isIP(address) === 4 ? [{ address, mac: mac.toLowerCase(), ...left }] : [];
    });
}
