import { z } from "zod";
import { Code } from "./ids.ts";
import { type Device, DeviceRole, pointOf } from "./inventory.ts";

/**
 * A device as searches of the LAN have found it. `identity` tells it from others without a MAC address leaving the centre: `hash <salt> <hash>`
 * of its address on the wire, or `serial <number>` where there is no such address. Days are Vietnam days.
 */
export const FoundDevice = z.strictObject({
  identity: z.string().min(1).max(120),
  /** All that it showed itself to be: a multi-function machine prints and scans. */
  roles: z.array(DeviceRole).min(1).max(8),
  address: z.union([z.ipv4(), z.ipv6()]),
  serial: z.string().max(64).optional(),
  vendor: z.string().max(64).optional(),
  model: z.string().max(64).optional(),
  /** The declared device at whose address it answered. */
  device: Code.optional(),
  /** The reception point whose agent met it, as the collector knows it; absent at the main office. */
  point: Code.optional(),
});
export type FoundDevice = z.infer<typeof FoundDevice>;

/** A found device with the first and the last day on which a search met it. */
export type KnownDevice = FoundDevice & { readonly firstDay: string; readonly lastDay: string };

/** What the three sides say together. `declared_only`: it stands on paper and has no address at which it could be seen. */
export const ledgerStates = ["missing", "replaced", "duplicate", "extra", "declared_only", "matched"] as const;
export type LedgerState = (typeof ledgerStates)[number];

/** One asset. `label` is its declared code, else what the agent calls it. */
export type LedgerRow = {
  readonly state: LedgerState;
  readonly role: DeviceRole;
  readonly label: string;
  readonly device?: Device;
  readonly found?: KnownDevice;
  /** Day on which it answered last, in whichever way. */
  readonly lastDay?: string;
  /** The declared device that a duplicate repeats. */
  readonly sameAs?: string;
};

/** The three sides: what is declared, what searches found, and the days on which devices answered when they were asked. */
export type LedgerSides = {
  readonly declared: readonly Device[];
  readonly found: readonly KnownDevice[];
  readonly seen: readonly { readonly device: string; readonly role: DeviceRole; readonly day: string }[];
  /** What was not met on this day or later counts as gone. */
  readonly sinceDay: string;
};

/** Roles that one machine may stand for twice without being two. */
export const kindOf = (role: DeviceRole): string => (role === "copier" ? "printer" : role === "citizen-pc" ? "officer-pc" : role);

/** Joins the three sides: each declared device once, in its order, then what is there and stands nowhere. Pure. */
export function assetLedger({ declared, found, seen, sinceDay }: LedgerSides): readonly LedgerRow[] {
  const recent = found.filter(({ lastDay }) => lastDay >= sinceDay).sort((a, b) => b.lastDay.localeCompare(a.lastDay));
  const lastSeen = new Map<string, string>();
  for (const { device, day } of seen) if (day > (lastSeen.get(device) ?? "")) lastSeen.set(device, day);
  const known = new Map<string, string>();
  const rows = declared.map((device): LedgerRow => {
    const match = matchOf(device, recent);
    const days = [device.id, device.name].flatMap((label) => (label === undefined ? [] : (lastSeen.get(label) ?? [])));
    const lastDay = [...days, ...(match ? [match.lastDay] : [])].sort().at(-1);
    const sameAs = claim(known, device, match);
    const state = sameAs !== undefined ? "duplicate" : standing(device, match, found, lastDay, sinceDay);
    const more = { ...(match && { found: match }), ...(lastDay !== undefined && { lastDay }), ...(sameAs !== undefined && { sameAs }) };
    return { state, role: device.role, label: device.id, device, ...more };
  });
  return [...rows, ...extras(declared, recent, rows, seen, sinceDay)];
}

/** By serial number before all: it goes with the machine. Else by the place at which the machine answers. */
function matchOf(device: Device, found: readonly KnownDevice[]): KnownDevice | undefined {
  const bySerial = found.find(({ serial }) => sameSerial(serial, device.serial));
  return bySerial ?? found.find((one) => one.device === device.id || (device.address !== undefined && placeOf(one) === placeOf(device)));
}

/** Where something answers: reception points may use the same addresses. */
function placeOf(one: { readonly point?: string | undefined; readonly address?: string | undefined }): string {
  return `${pointOf(one)} ${one.address}`;
}

/** The code of the declared device that has the same serial number, address or found machine; else this one takes them. */
function claim(known: Map<string, string>, device: Device, match: KnownDevice | undefined): string | undefined {
  const { id, role, serial, address } = device;
  const plain = plainSerial(serial);
  const keys = [...(plain ? [`serial ${plain}`] : []), ...(address ? [`address ${placeOf(device)}`] : []), ...(match ? [match.identity] : [])].map(
    (key) => `${kindOf(role)} ${key}`,
  );
  const owner = keys.map((key) => known.get(key)).find((other) => other !== undefined);
  if (owner === undefined) for (const key of keys) known.set(key, id);
  return owner;
}

function standing(device: Device, match: KnownDevice | undefined, found: readonly KnownDevice[], lastDay: string | undefined, sinceDay: string): LedgerState {
  if (match && isOther(device, match, found)) return "replaced";
  if (lastDay !== undefined && lastDay >= sinceDay) return "matched";
  return device.address === undefined && lastDay === undefined ? "declared_only" : "missing";
}

/**
 * True when another machine answers in the place of the declared one: another serial number, or, of two without one, another identity than the
 * one that answered there before and has been gone since. PCs change addresses with their leases, so only a serial number speaks for them.
 */
function isOther({ id, role, serial }: Device, match: KnownDevice, found: readonly KnownDevice[]): boolean {
  const said = sameSerial(serial, match.serial);
  if (said !== undefined) return !said;
  if (kindOf(role) === "officer-pc") return false;
  return found.some((before) => before.device === id && before.identity !== match.identity && comparable(before, match) && before.lastDay < match.firstDay);
}

/** Hashes of two salts say nothing about each other. */
function comparable(a: KnownDevice, b: KnownDevice): boolean {
  const family = ({ identity }: KnownDevice) => identity.slice(0, identity.lastIndexOf(" "));
  return family(a) === family(b) && (a.serial === undefined || b.serial === undefined || !sameSerial(a.serial, b.serial));
}

/** Whether two serial numbers are one; undefined where one of them is none. Pure. */
export function sameSerial(a: string | undefined, b: string | undefined): boolean | undefined {
  const [one, other] = [plainSerial(a), plainSerial(b)];
  return one === undefined || other === undefined ? undefined : one === other;
}

/**
 * A serial number as it is compared; undefined for what stands in its place on a list or in cheap firmware ("-", "không rõ", "0000", "123456789"): many
 * machines carry that. Pure.
 */
export function plainSerial(serial: string | undefined): string | undefined {
  const plain = serial?.trim().toUpperCase() ?? "";
  const signs = plain.replace(/[^\p{L}\p{N}]/gu, "");
  const isFiller = !/\d/.test(signs) || /^(.)\1*$/u.test(signs) || "0123456789ABCDEF".includes(signs) || signs === "1234567890";
  return isFiller ? undefined : plain;
}

/** What was found or answered and is nobody's: a machine to declare, or to take off the network. */
function extras(
  declared: readonly Device[],
  recent: readonly KnownDevice[],
  rows: readonly LedgerRow[],
  seen: LedgerSides["seen"],
  sinceDay: string,
): LedgerRow[] {
  const taken = new Set(rows.flatMap(({ found }) => found?.identity ?? []));
  // What stood in a declared device's place before is no machine of its own.
  const places = new Set(declared.flatMap((device) => [device.id, ...(device.address === undefined ? [] : [placeOf(device)])]));
  const unclaimed = recent
    .filter((found) => !taken.has(found.identity) && !places.has(found.device ?? placeOf(found)))
    .map((found): LedgerRow => ({ state: "extra", role: found.roles[0] ?? "printer", label: found.address, found, lastDay: found.lastDay }));
  const names = new Set(declared.flatMap(({ id, name }) => [id, ...(name === undefined ? [] : [name])]));
  const unnamed = new Map<string, LedgerRow>();
  for (const { device, role, day } of seen) {
    const isNew = !names.has(device) && day >= sinceDay && day > (unnamed.get(device)?.lastDay ?? "");
    if (isNew) unnamed.set(device, { state: "extra", role, label: device, lastDay: day });
  }
  return [...unclaimed, ...unnamed.values()];
}
