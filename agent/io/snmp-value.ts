/** What a device said for one object: a number, an OID or IPv4 address as text, or octets that only a definition can read. */
export type SnmpValue = number | string | Uint8Array;

/** One object of a device. `oid` is whole, without a leading dot. */
export type SnmpRow = { readonly oid: string; readonly value: SnmpValue };

/** Longest octet string that is kept; names and states are far shorter. */
export const OCTETS_MAX = 1_024;

/** Octets as UTF-8 text, numbers and OIDs as they print. Still hostile: cleanText comes after. */
export function snmpText(value: SnmpValue): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}

/** A number that stands for itself or as the whole of a text ("12"); undefined for everything else. */
export function snmpNumber(value: SnmpValue): number | undefined {
  if (typeof value === "number") return value;
  const text = snmpText(value).trim();
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** True when `oid` lies below `base` or is it, on a boundary of dots. */
export function oidIsUnder(oid: string, base: string): boolean {
  return oid === base || oid.startsWith(`${base}.`);
}

/** Order of the SNMP tree: negative, 0 or positive as `a` lies before, at or after `b`. */
export function compareOids(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = Number(left[index]) - Number(right[index]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
