import type { DeviceRole } from "#schemas/inventory.ts";
import type { Definition } from "../devices/definition.ts";
import { identify, readSystem } from "../devices/identify.ts";
import { definitions } from "../devices/registry.ts";
import { DeviceError } from "../io/device-error.ts";
import { inParallel } from "../io/in-parallel.ts";
import type { Io } from "../io/io.ts";
import type { MdnsService } from "../io/mdns.ts";
import type { Neighbour } from "../io/neighbours.ts";
import type { SnmpSession } from "../io/snmp.ts";
import { snmpText } from "../io/snmp-value.ts";
import { hostsOf, inSubnets } from "../io/sweep.ts";
import { makerOf } from "./maker.ts";
import { looksLikeMac, type MergeOptions, mergeSightings, type Proposal, type Sighting } from "./merge.ts";
import { wsdSightings } from "./wsd-sightings.ts";

/** How far a search is; `stage` names what is asked now. */
export type DiscoverProgress = { readonly stage: "sweep" | "announcements" | "snmp"; readonly done: number; readonly total: number };
export type DiscoverOptions = {
  readonly io: Io;
  readonly signal: AbortSignal;
  /** Networks to look at, as `192.168.1.0/24`; nothing outside of them is asked or proposed. */
  readonly subnets: readonly string[];
  /** Port at which SNMP is asked; another one than usual is for tries by hand. */
  readonly snmpPort?: number;
  readonly onProgress?: (progress: DiscoverProgress) => void;
} & MergeOptions;

const LISTEN_MS = 4_000;
const HOSTS_MAX = 512;
/** Networks of so few hosts are asked address by address, whoever was seen in them. */
const ASKED_WHOLE_MAX = 14;
const SNMP_PORT = 161;
/** More than with a probe: most addresses stay silent, and each is asked one small question. */
const SNMP_IN_PARALLEL = 16;
const SNMP_VISIT_MS = 3_000;
const SNMP_REQUEST_MS = 400;

const mdnsRoles: Readonly<Record<string, DeviceRole>> = {
  ipp: "printer",
  ipps: "printer",
  printer: "printer",
  "pdl-datastream": "printer",
  uscan: "scanner",
  uscans: "scanner",
  scanner: "scanner",
  smb: "officer-pc",
};
/**
 * Looks for devices on the LAN and proposes an inventory: what is announced (mDNS, WS-Discovery), who is in the neighbour table after
 * a sweep, and who answers SNMP. Changes nothing, adds nothing. @throws when aborted
 */
export async function discover({
  io,
  signal,
  subnets,
  snmpPort = SNMP_PORT,
  onProgress = () => {},
  ...merging
}: DiscoverOptions): Promise<readonly Proposal[]> {
  const inside = inSubnets(subnets);
  const announced = listen(io, inside, signal);
  // Awaited below; until then a failure must not count as unhandled.
  announced.catch(() => {});
  for (const [done, subnet] of subnets.entries()) {
    onProgress({ stage: "sweep", done, total: subnets.length });
    await io.sweep(subnet, signal);
  }
  const neighbours = (await io.readNeighbours(signal).catch(() => [])).filter(({ address }) => inside(address));
  const route = await io.readDefaultRoute(signal).catch(() => undefined);
  onProgress({ stage: "announcements", done: 0, total: 1 });
  const sightings: Sighting[] = [
    ...(await announced),
    ...neighbours.map(neighbourSighting),
    ...(route?.gateway !== undefined && inside(route.gateway) ? [{ source: "gateway" as const, address: route.gateway, roles: ["router" as const] }] : []),
  ];
  const few = subnets.map(hostsOf).filter(({ length }) => length <= ASKED_WHOLE_MAX);
  const hosts = [...new Set([...sightings.map(({ address }) => address), ...few.flat()])].slice(0, HOSTS_MAX);
  let done = 0;
  const answers = await inParallel(hosts, SNMP_IN_PARALLEL, async (address) => {
    const sighting = await askSnmp(io, { address, port: snmpPort }, signal);
    onProgress({ stage: "snmp", done: ++done, total: hosts.length });
    return sighting;
  });
  signal.throwIfAborted();
  return mergeSightings([...sightings, ...answers.flatMap((sighting) => sighting ?? [])], merging);
}

function neighbourSighting({ address, mac }: Neighbour): Sighting {
  const maker = makerOf(mac);
  return { source: "neighbours", address, mac, roles: [], guess: maker?.role, vendor: maker?.vendor };
}

/** What is announced, with what the machines behind it tell of themselves when they are asked. */
async function listen(io: Io, inside: (address: string) => boolean, signal: AbortSignal): Promise<readonly Sighting[]> {
  const [services, ofWsd] = await Promise.all([io.mdnsBrowse(Object.keys(mdnsRoles), LISTEN_MS, signal).catch(() => []), wsdSightings(io, inside, signal)]);
  return [...services.flatMap(mdnsSightings).filter(({ address }) => inside(address)), ...ofWsd];
}

function mdnsSightings({ type, name, addresses, txt }: MdnsService): readonly Sighting[] {
  const role = mdnsRoles[type];
  const roles = role === undefined ? [] : [role];
  return addresses.map((address) => ({ source: "mdns", address, roles, uuid: txt.uuid, name, vendor: txt.usb_mfg, model: txt.ty ?? txt.usb_mdl }));
}

/** Asks with the factory community only: what is not open is for a person to enter. */
async function askSnmp(io: Io, { address, port }: { address: string; port: number }, signal: AbortSignal): Promise<Sighting | undefined> {
  const visit = AbortSignal.any([signal, AbortSignal.timeout(SNMP_VISIT_MS)]);
  try {
    using session = io.openSnmp({ address, port, access: { version: "2c", community: "public" } }, visit, { requestMs: SNMP_REQUEST_MS });
    const system = await readSystem(session);
    const definition = await identify(session, definitions(), system);
    const serial = await serialOf(session);
    return { source: "snmp", address, roles: rolesOf(definition), name: system.name, model: system.descr, vendor: definition && vendorOf(definition), serial };
  } catch (error) {
    if (error instanceof DeviceError) return undefined;
    throw error;
  }
}

/** Where devices keep their serial number: Printer-MIB (RFC 3805), then the chassis of ENTITY-MIB (RFC 6933). */
const serialObjects = ["1.3.6.1.2.1.43.5.1.1.17.1", "1.3.6.1.2.1.47.1.1.1.1.11.1"] as const;

/** The first that is a serial number. */
async function serialOf(session: SnmpSession): Promise<string | undefined> {
  const found = await session.get(serialObjects).catch(() => undefined);
  return serialObjects.map((oid) => snmpText(found?.get(oid) ?? "").trim()).find((text) => text !== "" && !looksLikeMac(text));
}

function rolesOf(definition: Definition | undefined): readonly DeviceRole[] {
  if (definition === undefined) return [];
  if (definition.kind === "printer") return ["printer"];
  if (definition.scope === "switch") return [];
  return [definition.scope === "router" ? "router" : "access-point"];
}

/** General definitions name no vendor. */
function vendorOf({ vendor }: Definition): string | undefined {
  return vendor.startsWith("any ") ? undefined : vendor;
}
