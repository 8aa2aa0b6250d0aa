import { z } from "zod";

/**
 * Why an IP address is none at which one device could be found: `none` is no place at all (0.0.0.0), `many` is heard by several (multicast, broadcast), `passing`
 * is what a device gives itself where nobody gave it one (169.254), `self` is the PC that asks.
 */
export type AddressFault = "none" | "many" | "passing" | "self";

/** What is wrong with an IP address as a device's, of the kinds that the text catalogue has a sentence for; undefined for one that may be a device's. Pure. */
export function addressFault(address: string): AddressFault | undefined {
  if (!address.includes(":")) return faultOfIpv4(address);
  const plain = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? address;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (high !== undefined && low !== undefined) return faultOfIpv4([high, low].flatMap(octetsOf).join("."));
  if (plain === "::") return "none";
  if (plain === "::1") return "self";
  if (plain.startsWith("ff")) return "many";
  return /^fe[89ab]/.test(plain) ? "passing" : undefined;
}

function octetsOf(word: string): number[] {
  const value = Number.parseInt(word, 16);
  return [value >> 8, value & 255];
}

function faultOfIpv4(address: string): AddressFault | undefined {
  const [first = 0, second = 0] = address.split(".").map(Number);
  if (first === 0) return "none";
  if (first === 127) return "self";
  if (first >= 224) return "many";
  return first === 169 && second === 254 ? "passing" : undefined;
}

/** An IP address without the given faults, told with a key of the text catalogue. */
export function addressWithout(faults: readonly AddressFault[]) {
  return z.union([z.ipv4(), z.ipv6()]).superRefine((address, context) => {
    const fault = addressFault(address);
    if (fault !== undefined && faults.includes(fault))
      context.addIssue({ code: "custom", message: `inventory.fault.address.${fault}`, params: { value: address } });
  });
}

/** What can never be asked as one device, whoever asks. */
export const neverOneDevice: readonly AddressFault[] = ["none", "many"];
/** What nobody may declare as a device's address. This PC is one for the centre that is this very PC (`npm start`). */
export const neverDeclared: readonly AddressFault[] = [...neverOneDevice, "passing"];
