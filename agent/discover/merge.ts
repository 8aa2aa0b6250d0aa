import { plainSerial } from "#schemas/asset-ledger.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { Device, type DeviceRole } from "#schemas/inventory.ts";

/** Ways in which a device was seen. */
export type SightingSource = "gateway" | "neighbours" | "mdns" | "wsd" | "snmp";

/**
 * One face that a device showed. Keys (uuid, mac) tell faces of one device together and go no further; texts are hostile.
 * `guess` is what its maker sells, for devices that show no face of their own.
 */
export type Sighting = {
  readonly source: SightingSource;
  readonly address: string;
  readonly roles: readonly DeviceRole[];
  readonly guess?: DeviceRole | undefined;
  readonly uuid?: string | undefined;
  readonly mac?: string | undefined;
  readonly name?: string | undefined;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
};

/** A device for a person to accept: it is never added by itself. `faces` are all roles that it showed. */
export type Proposal = {
  readonly device: Device;
  readonly faces: readonly DeviceRole[];
  readonly sources: readonly SightingSource[];
  readonly addresses: readonly string[];
  /** Tells this device from others by a key that cannot be turned back; only where `seal` was given. */
  readonly identity?: string;
};

export type MergeOptions = {
  /** Whether a host without any known face is proposed as an officer's PC; else it is left out. */
  readonly assumePc?: boolean;
  /** Makes an identity of a MAC address or UUID that tells nothing of it. */
  readonly seal?: (key: string) => string;
};

/** What a device with several faces is proposed as: an MFP prints and scans, and is listed as a printer. */
const roleOrder: readonly DeviceRole[] = [
  "recorder",
  "camera",
  "access-point",
  "router",
  "copier",
  "printer",
  "scanner",
  "kiosk",
  "display",
  "citizen-pc",
  "officer-pc",
];

/** Joins sightings into devices: those that share a UUID, a serial number, a MAC or an address are one. Sorted by role and address. Pure. */
export function mergeSightings(sightings: readonly Sighting[], options: MergeOptions = {}): readonly Proposal[] {
  const taken = new Set<string>();
  return groups(sightings)
    .flatMap((group) => proposalOf(group, options) ?? [])
    .sort((a, b) => roleOrder.indexOf(a.device.role) - roleOrder.indexOf(b.device.role) || compareAddresses(a.device.address ?? "", b.device.address ?? ""))
    .map((proposal) => ({ ...proposal, device: { ...proposal.device, id: freeId(proposal.device.id, taken) } }));
}

function groups(sightings: readonly Sighting[]): readonly (readonly Sighting[])[] {
  const byKey = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const joined = new Set([sighting]);
    for (const key of keysOf(sighting)) for (const other of byKey.get(key) ?? []) joined.add(other);
    const group = [...joined];
    for (const member of group) for (const key of keysOf(member)) byKey.set(key, group);
  }
  return [...new Set(byKey.values())];
}

function keysOf({ uuid, serial, mac, address }: Sighting): readonly string[] {
  const [plain, number] = [plainUuid(uuid), plainSerial(serial)];
  return [`address ${address}`, ...(plain ? [`uuid ${plain}`] : []), ...(number ? [`serial ${number}`] : []), ...(mac ? [`mac ${mac}`] : [])];
}

function plainUuid(uuid: string | undefined): string | undefined {
  return uuid?.toLowerCase().replace(/^urn:uuid:/, "");
}

function proposalOf(group: readonly Sighting[], { assumePc = false, seal }: MergeOptions): Proposal | undefined {
  const shown = group.flatMap(({ roles }) => roles);
  const guessed = group.flatMap(({ guess }) => guess ?? []);
  const faces = [...new Set(shown.length > 0 ? shown : guessed)].sort((a, b) => roleOrder.indexOf(a) - roleOrder.indexOf(b));
  const role = faces[0] ?? (assumePc ? "officer-pc" : undefined);
  const addresses = [...new Set(group.map(({ address }) => address))].sort(compareAddresses);
  const address = addresses[0];
  if (role === undefined || address === undefined) return undefined;
  const word = (name: "name" | "vendor" | "model" | "serial", max: number): Partial<Record<typeof name, string>> => {
    const text = group.map((sighting) => cleanText(sighting[name] ?? "", max)).find((said) => said !== "");
    return text === undefined ? {} : { [name]: text };
  };
  const serial = word("serial", 64);
  const words = { ...word("name", 128), ...word("vendor", 64), ...word("model", 64), ...(looksLikeMac(serial.serial ?? "") ? {} : serial) };
  const device = Device.safeParse({ id: idOf(role, address), role, address, ...words });
  if (!device.success) return undefined;
  const key = keyOf(group);
  const sources = [...new Set(group.map(({ source }) => source))];
  return { device: device.data, faces, sources, addresses, ...(seal && key !== undefined && { identity: seal(key) }) };
}

/** Some firmware gives its MAC address for a serial number: that is none, and goes no further. Pure. */
export function looksLikeMac(text: string): boolean {
  return /^([0-9a-f]{2}[:.-]?){5}[0-9a-f]{2}$/i.test(text);
}

/** The MAC before the UUID: it is seen in every search of one's own network, while announcements get lost. */
function keyOf(group: readonly Sighting[]): string | undefined {
  const keys = group.flatMap(({ mac, uuid }) => [...(mac ? [`mac ${mac}`] : []), ...(uuid ? [`uuid ${plainUuid(uuid)}`] : [])]).sort();
  return keys[0];
}

function idOf(role: DeviceRole, address: string): string {
  return `${role}-${address.split(/[.:]/).at(-1) || "0"}`.toLowerCase();
}

function freeId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted}-${number}`;
  taken.add(id);
  return id;
}

function compareAddresses(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
