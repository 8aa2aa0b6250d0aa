import { readSystem } from "../../devices/identify.ts";
import { announcedEscl, type EsclScanner, readEsclStatus } from "../../io/escl.ts";
import { describeWsdDevice, readWsdScanner } from "../../io/wsd-device.ts";
import type { DeviceAnswer } from "./device-answer.ts";
import { attempt, type Found, KNOCK_MS, SNMP_PORT, type Visit } from "./visit.ts";

/** Where eSCL is usually found: plain, then over TLS. */
const usualPlaces = [
  { port: 80, tls: false },
  { port: 443, tls: true },
  { port: 8080, tls: false },
] as const;
const usualPath = "/eSCL";

/** eSCL at its usual places, then where mDNS says that it is, then WSD, an open port, SNMP. */
export async function askScanner(visit: Visit): Promise<Found> {
  const { target, io, signal, announced } = visit;
  const { address } = target;
  const port = target.http?.port ?? (target.snmp ? undefined : target.port);
  const places = port === undefined ? usualPlaces : [{ port, tls: target.http?.tls ?? false }];
  // Asked at once: a dead device then costs the longest of these waits, not their sum.
  const wsd = io.wsdProbe(["wscn:ScanDeviceType"], signal, { address }).catch(() => []);
  const knocks = await Promise.all(places.map(({ port: at }) => io.tcpKnock(address, at, KNOCK_MS, signal)));
  const open = places.filter((_, index) => knocks[index] === "open").map((place): EsclScanner => ({ address, path: usualPath, ...place }));
  let trouble: DeviceAnswer["trouble"];
  const first = async (scanners: readonly EsclScanner[]): Promise<Found | undefined> => {
    for (const scanner of scanners) {
      const asked = await attempt(() => askEscl(visit, scanner));
      if (asked.value) return asked.value;
      trouble ??= asked.trouble;
    }
    return undefined;
  };
  const isAlive = knocks.some((knock) => knock !== "silent");
  const byEscl = (await first(open)) ?? (isAlive ? await first(announcedEscl(await announced(), address)) : undefined);
  if (byEscl) return byEscl;
  // Dedicated network scanners may speak SNMP and nothing else; where nothing answered yet, it is asked while WSD still listens.
  const askedSnmp = () => attempt(() => answersSnmp(visit));
  const [byWsd, early] = await Promise.all([attempt(async () => askWsd(visit, (await wsd)[0])), isAlive ? undefined : askedSnmp()]);
  if (byWsd.value) return byWsd.value;
  trouble ??= byWsd.trouble;
  if (open.length > 0) return { up: true, method: "tcp", ...(trouble && { trouble }) };
  const bySnmp = early ?? (await askedSnmp());
  return bySnmp.value ? { up: true, method: "snmp" } : { up: false };
}

async function askEscl({ io, signal }: Visit, scanner: EsclScanner): Promise<Found> {
  const { state, guarded, feeder } = await readEsclStatus(io.lanHttp, scanner, signal);
  const ready = state === "Idle" || state === "Processing" || (guarded && state === "Busy");
  return { up: true, method: "escl", scanner: { ready, state, ...(feeder !== undefined && { feeder }) } };
}

/** A device that answers the probe is there, even when its scan service then says nothing of use. */
async function askWsd({ io, signal }: Visit, device: Awaited<ReturnType<Visit["io"]["wsdProbe"]>>[number] | undefined): Promise<Found | undefined> {
  if (device === undefined) return undefined;
  const asked = await attempt(async () => {
    const [service] = (await describeWsdDevice(io.lanHttp, device, signal)).scanners;
    return service === undefined ? undefined : readWsdScanner(io.lanHttp, device.address, service, signal);
  });
  const { state, reasons } = asked.value ?? {};
  if (state === undefined) return { up: true, method: "wsd", ...(asked.trouble && { trouble: asked.trouble }) };
  const ready = state === "Idle" || state === "Processing";
  return { up: true, method: "wsd", scanner: { ready, state: [state, ...(reasons ?? [])].join(" ") } };
}

async function answersSnmp({ target, io, signal }: Visit): Promise<boolean> {
  const access = target.snmp ?? { version: "2c" as const, community: "public" };
  using session = io.openSnmp({ address: target.address, port: access.port ?? SNMP_PORT, access }, signal);
  await readSystem(session);
  return true;
}
