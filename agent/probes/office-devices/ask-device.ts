import { cleanText } from "#schemas/clean-text.ts";
import type { DeviceRole } from "#schemas/inventory.ts";
import { type Target, targetLabel } from "#schemas/target.ts";
import { identify, readSystem } from "../../devices/identify.ts";
import { judgeIppPrinter, printerAttributes } from "../../devices/printer-ipp.ts";
import { readPrinter } from "../../devices/printer-snmp.ts";
import { definitions } from "../../devices/registry.ts";
import { DeviceError } from "../../io/device-error.ts";
import { readEsclStatus } from "../../io/escl.ts";
import type { Io } from "../../io/io.ts";
import type { DeviceAnswer } from "./device-answer.ts";

/** Longest visit to one device, ms. */
export const VISIT_MS = 6_000;
const KNOCK_MS = 1_000;
const SNMP_PORT = 161;
const IPP_PORT = 631;
const JETDIRECT_PORT = 9100;

/** Where eSCL is usually found: plain, then over TLS. */
const esclPlaces = [
  { port: 80, tls: false },
  { port: 443, tls: true },
  { port: 8080, tls: false },
] as const;
/** Services of a Windows PC; a refusal shows a living host as well. */
const pcPorts = [445, 135, 3389, 5357];

type Visit = { readonly target: Target; readonly io: Io; readonly signal: AbortSignal };
type Found = Omit<DeviceAnswer, "label" | "address" | "role">;

/** Asks one device in the ways of its role, the richest first. Faults come back as states. */
export async function askDevice(target: Target, io: Io, signal: AbortSignal): Promise<DeviceAnswer> {
  const role: DeviceRole = target.role ?? "printer";
  const visit: Visit = { target, io, signal: AbortSignal.any([signal, AbortSignal.timeout(VISIT_MS)]) };
  const found = await (role === "printer" || role === "copier" ? askPrinter(visit) : role === "scanner" ? askScanner(visit) : askPresence(visit));
  return { label: targetLabel(target), address: target.address, role, ...found };
}

/** SNMP tells most, IPP next, an open port only that something is there. Silence of all three is "down". */
async function askPrinter(visit: Visit): Promise<Found> {
  const { target, io, signal } = visit;
  // Asked at once: a dead device then costs one timeout, not three.
  const knocks = Promise.all([ippPort(target), JETDIRECT_PORT].map((port) => io.tcpKnock(target.address, port, KNOCK_MS, signal)));
  const bySnmp = await attempt(() => askPrinterSnmp(visit));
  if (bySnmp.value) return bySnmp.value;
  const [ipp, jetdirect] = await knocks;
  const byIpp = ipp === "open" ? await attempt(() => askPrinterIpp(visit)) : undefined;
  if (byIpp?.value) return byIpp.value;
  const trouble = byIpp?.trouble ?? bySnmp.trouble;
  const up = ipp === "open" || jetdirect === "open";
  return { up, ...(up && { method: "tcp" as const }), ...(trouble && (up || trouble.reason !== "timeout") && { trouble }) };
}

async function askPrinterSnmp({ target, io, signal }: Visit): Promise<Found | undefined> {
  if (!target.snmp && target.port !== undefined) return undefined;
  const access = target.snmp ?? { version: "2c" as const, community: "public" };
  using session = io.openSnmp({ address: target.address, port: access.port ?? target.port ?? SNMP_PORT, access }, signal);
  const known = definitions().filter((definition) => definition.kind === "printer");
  const definition = await identify(session, known, await readSystem(session));
  if (!definition) return { up: true, method: "snmp", trouble: { reason: "unsupported", message: "answers SNMP but has no Printer-MIB" } };
  return { up: true, method: "snmp", printer: await readPrinter(session, definition) };
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

async function askScanner(visit: Visit): Promise<Found> {
  const { target, io, signal } = visit;
  const port = target.http?.port ?? (target.snmp ? undefined : target.port);
  const places = port === undefined ? esclPlaces : [{ port, tls: target.http?.tls ?? false }];
  const knocks = await Promise.all(places.map(({ port: at }) => io.tcpKnock(target.address, at, KNOCK_MS, signal)));
  let trouble: DeviceAnswer["trouble"];
  for (const [index, place] of places.entries()) {
    if (knocks[index] !== "open") continue;
    const asked = await attempt(() => readEsclStatus(io.lanHttp, { address: target.address, ...place, path: "/eSCL" }, signal));
    if (asked.value) {
      const { state, guarded, feeder } = asked.value;
      const ready = state === "Idle" || state === "Processing" || (guarded && state === "Busy");
      return { up: true, method: "escl", scanner: { ready, state, ...(feeder !== undefined && { feeder }) } };
    }
    trouble ??= asked.trouble;
  }
  if (knocks.includes("open")) return { up: true, method: "tcp", ...(trouble && { trouble }) };
  // Dedicated network scanners may speak SNMP and nothing else.
  const bySnmp = await attempt(() => answersSnmp(visit));
  return bySnmp.value ? { up: true, method: "snmp" } : { up: false };
}

async function answersSnmp({ target, io, signal }: Visit): Promise<boolean> {
  const access = target.snmp ?? { version: "2c" as const, community: "public" };
  using session = io.openSnmp({ address: target.address, port: access.port ?? SNMP_PORT, access }, signal);
  await readSystem(session);
  return true;
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

/** Runs one way of asking; a device's fault is remembered, everything else goes through. */
async function attempt<Value>(ask: () => Promise<Value | undefined>): Promise<{ value?: Value | undefined; trouble?: NonNullable<DeviceAnswer["trouble"]> }> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const reason = error.trouble === "device_busy" ? "refused" : error.trouble;
    return { trouble: { reason, message: cleanText(error.message, 200) } };
  }
}
