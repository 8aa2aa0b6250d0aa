import type { DeviceRole } from "#schemas/inventory.ts";
import { type Target, targetLabel } from "#schemas/target.ts";
import { identify, readSystem } from "../../devices/identify.ts";
import { judgeIppPrinter, printerAttributes } from "../../devices/printer-ipp.ts";
import { readPrinter } from "../../devices/printer-snmp.ts";
import { definitions } from "../../devices/registry.ts";
import { DeviceError } from "../../io/device-error.ts";
import type { Io } from "../../io/io.ts";
import { askScanner } from "./ask-scanner.ts";
import type { DeviceAnswer } from "./device-answer.ts";
import { attempt, type Found, KNOCK_MS, SNMP_PORT, troubleOf, type Visit } from "./visit.ts";

/** Longest visit to one device, ms. */
export const VISIT_MS = 6_000;
const IPP_PORT = 631;
const JETDIRECT_PORT = 9100;

/** Services of a Windows PC; a refusal shows a living host as well. */
const pcPorts = [445, 135, 3389, 5357];

/** Asks one device in the ways of its role, the richest first. Faults come back as states. `announced` are the scanners that mDNS tells of. */
export async function askDevice(target: Target, io: Io, announced: Visit["announced"], signal: AbortSignal): Promise<DeviceAnswer> {
  const role: DeviceRole = target.role ?? "printer";
  const visit: Visit = { target, io, announced, signal: AbortSignal.any([signal, AbortSignal.timeout(VISIT_MS)]) };
  const found = await (role === "printer" || role === "copier" ? askPrinter(visit) : role === "scanner" ? askScanner(visit) : askPresence(visit));
  return { label: targetLabel(target), address: target.address, role, ...found };
}

/** SNMP tells most, IPP next, an open port only that something is there. Silence of all three is "down". */
async function askPrinter(visit: Visit): Promise<Found> {
  const { target, io, signal } = visit;
  // Asked at once: a dead device then costs one timeout, not three.
  const knocks = Promise.all([ippPort(target), JETDIRECT_PORT].map((port) => io.tcpKnock(target.address, port, KNOCK_MS, signal)));
  const bySnmp = await attempt(() => askPrinterSnmp(visit));
  if (bySnmp.value?.printer?.working !== undefined) return bySnmp.value;
  const [ipp, jetdirect] = await knocks;
  const byIpp = ipp === "open" ? await attempt(() => askPrinterIpp(visit)) : undefined;
  if (byIpp?.value?.printer?.working !== undefined) return byIpp.value;
  if (bySnmp.value) return bySnmp.value;
  if (byIpp?.value) return byIpp.value;
  // Old machines know SNMPv1 alone, and are silent to all else.
  const isThere = ipp === "open" || jetdirect === "open";
  const byOldSnmp = isThere && bySnmp.trouble?.reason === "timeout" ? await attempt(() => askPrinterSnmpV1(visit)) : undefined;
  if (byOldSnmp?.value) return byOldSnmp.value;
  const trouble = byIpp?.trouble ?? bySnmp.trouble;
  // Only a device that is there refuses a user.
  if (bySnmp.trouble?.reason === "auth_failed") return { up: true, method: "snmp", trouble: bySnmp.trouble };
  return { up: isThere, ...(isThere && { method: "tcp" as const }), ...(trouble && (isThere || trouble.reason !== "timeout") && { trouble }) };
}

/** The same question by SNMPv1, where nobody has said that it must be another version. */
async function askPrinterSnmpV1(visit: Visit): Promise<Found | undefined> {
  const { snmp = { version: "2c", community: "public" } as const } = visit.target;
  return snmp.version === "2c" ? askPrinterSnmp({ ...visit, target: { ...visit.target, snmp: { ...snmp, version: "1" } } }) : undefined;
}

/** Once a device has said who it is it is there, whatever breaks off then. */
async function askPrinterSnmp({ target, io, signal }: Visit): Promise<Found | undefined> {
  if (!target.snmp && target.port !== undefined) return undefined;
  const access = target.snmp ?? { version: "2c" as const, community: "public" };
  using session = io.openSnmp({ address: target.address, port: access.port ?? target.port ?? SNMP_PORT, access }, signal);
  const system = await readSystem(session);
  const known = definitions().filter((definition) => definition.kind === "printer");
  const { value: told, trouble } = await attempt(async () => {
    const definition = await identify(session, known, system);
    return definition && readPrinter(session, definition);
  });
  if (told) return { up: true, method: "snmp", printer: told.printer, ...(told.brokeOff && { trouble: troubleOf(told.brokeOff) }) };
  return { up: true, method: "snmp", trouble: trouble ?? { reason: "unsupported", message: "answers SNMP but has no Printer-MIB" } };
}

/** Where printers keep their IPP service: the path of IPP Everywhere first, then what older machines use. */
const ippPaths = ["/ipp/print", "/ipp", "/"];

async function askPrinterIpp({ target, io, signal }: Visit): Promise<Found> {
  const printer = { address: target.address, port: ippPort(target), tls: target.http?.tls };
  let missing: unknown;
  for (const path of ippPaths) {
    try {
      return { up: true, method: "ipp", printer: judgeIppPrinter(await io.ippAttributesOf({ ...printer, path }, printerAttributes, signal)) };
    } catch (error) {
      if (!(error instanceof DeviceError && error.trouble === "no_such_object")) throw error;
      missing = error;
    }
  }
  throw missing;
}

function ippPort({ port, snmp, http }: Target): number {
  return http?.port ?? (snmp ? undefined : port) ?? IPP_PORT;
}

/** PCs, kiosks and displays: any sign of life. The neighbour table, asked after all devices, finds those that answer nothing. */
async function askPresence({ target, io, signal }: Visit): Promise<Found> {
  const ports = target.port === undefined ? pcPorts : [target.port];
  const knocks = await Promise.all(ports.map((port) => io.tcpKnock(target.address, port, KNOCK_MS, signal)));
  if (knocks.some((knock) => knock === "open" || knock === "refused")) return { up: true, method: "tcp" };
  // Last, since each echo starts a program of the system.
  const echoed = await io.icmpBurst(target.address, { count: 1, intervalMs: 200, timeoutMs: KNOCK_MS }, signal).then(
    ({ rttsMs }) => rttsMs.length > 0,
    () => false,
  );
  return echoed ? { up: true, method: "icmp" } : { up: false };
}
