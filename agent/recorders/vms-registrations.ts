import { cleanText } from "#schemas/clean-text.ts";
import type { Target } from "#schemas/target.ts";
import { DeviceError } from "../io/device-error.ts";
import { type DeviceSession, openDeviceSession } from "../io/device-session.ts";
import { openOnvif } from "../io/onvif.ts";
import { listUplinks } from "../io/onvif-recording.ts";
import { SoapFault, saysUnsupported } from "../io/soap.ts";
import type { XmlNode } from "../io/xml.ts";
import { dahuaAsk } from "./dahua.ts";
import { isapiGet } from "./isapi-ask.ts";
import { onvifAccess, type Visit, vendorAccess } from "./open-recorder.ts";

/** One place where a device is set to report. `registered` is undefined where the device does not say. */
export type VmsRegistration = {
  readonly kind: "gb28181" | "isup" | "cloud" | "onvif-uplink";
  readonly host: string;
  readonly enabled: boolean;
  readonly registered: boolean | undefined;
};

/** What a device tells of its ties: registrations, and the addresses that watch it now (undefined where it does not tell). */
export type VmsTies = {
  readonly registrations: readonly VmsRegistration[];
  readonly viewers: readonly string[] | undefined;
  readonly protocol: "isapi" | "dahua" | "onvif";
};

const ENTRIES_MAX = 64;

/**
 * Asks a device where it is registered and who watches: ISAPI, then Dahua CGI, then ONVIF uplinks. Addresses of viewers are
 * for comparison only; callers must not keep them.
 * @throws DeviceError unsupported when it tells nothing of the kind
 */
export async function readVmsTies(target: Target, visit: Visit): Promise<VmsTies> {
  const vendor = () => openDeviceSession(visit.lanHttp, vendorAccess(target), visit.signal, visit.pace);
  const ways = [
    () => isapiTies(vendor()),
    () => dahuaTies(vendor()),
    () => onvifTies(openDeviceSession(visit.lanHttp, onvifAccess(target), visit.signal, visit.pace), visit),
  ];
  for (const way of ways) {
    const ties = await orMissing(way);
    if (ties) return ties;
  }
  throw new DeviceError("unsupported", `${target.address} does not tell this account where it is registered or who watches it; ask the province's system`);
}

async function isapiTies(session: DeviceSession): Promise<VmsTies> {
  const info = await isapiGet(session, "/ISAPI/System/deviceInfo");
  if (info.name !== "DeviceInfo") throw new DeviceError("unsupported", "not an ISAPI device");
  const registrations: VmsRegistration[] = [];
  const places = [
    ["gb28181", "/ISAPI/System/Network/SIP"],
    ["isup", "/ISAPI/System/Network/Ehome"],
    ["cloud", "/ISAPI/System/Network/EZVIZ"],
  ] as const;
  for (const [kind, path] of places) {
    const answer = await orMissing(() => isapiGet(session, path));
    if (answer) registrations.push(...isapiRegistrations(answer, kind));
  }
  const status = await orMissing(() => isapiGet(session, "/ISAPI/Streaming/status"));
  const viewers = status && all(status, "clientAddress").flatMap((address) => address.value("ipAddress") ?? address.value("ipv6Address") ?? []);
  if (registrations.length === 0 && viewers === undefined) throw new DeviceError("unsupported", "the recorder has none of these pages");
  return { registrations, viewers, protocol: "isapi" };
}

/** Elements that hold "enabled" beside a server's address, wherever the firmware puts them. */
function isapiRegistrations(answer: XmlNode, kind: VmsRegistration["kind"]): VmsRegistration[] {
  const holders = [answer, ...all(answer, "Standard"), ...all(answer, "GB28181"), ...all(answer, "Ehome"), ...all(answer, "EZVIZ")];
  return holders.slice(0, ENTRIES_MAX).flatMap((holder) => {
    const enabled = holder.value("enabled");
    if (enabled === undefined) return [];
    const host = holder.value("proxy") ?? holder.value("registrar") ?? holder.value("ipAddress") ?? holder.value("hostName") ?? holder.value("serverAddress");
    const status = holder.value("registerStatus") ?? holder.value("status");
    return [
      {
        kind,
        // The maker's own cloud is no province's system, whether or not its page names its address.
        host: cleanText(host ?? (kind === "cloud" ? "ezviz" : "")),
        enabled: enabled === "true",
        registered: status === undefined ? undefined : /^(true|registered|online|success)$/i.test(status),
      },
    ];
  });
}

/** All elements of a name, at any depth. */
function all(node: XmlNode, name: string): XmlNode[] {
  return node.children().flatMap((child) => (child.name === name ? [child] : all(child, name)));
}

async function dahuaTies(session: DeviceSession): Promise<VmsTies> {
  const system = await dahuaAsk(session, "/cgi-bin/magicBox.cgi?action=getSystemInfo");
  if (system.get("serialNumber") === undefined) throw new DeviceError("unsupported", "not a Dahua device");
  const registrations: VmsRegistration[] = [];
  for (const [kind, name] of [
    ["gb28181", "VSP_GB28181"],
    ["cloud", "RegisterServer"],
  ] as const) {
    const rows = await orMissing(() => dahuaAsk(session, `/cgi-bin/configManager.cgi?action=getConfig&name=${name}`));
    if (!rows) continue;
    const last = (wanted: RegExp) => [...rows].find(([key]) => wanted.test(key))?.[1];
    const enabled = last(/\.Enable$/);
    const status = last(/\.(RegisterStatus|Status)$/);
    if (enabled === undefined) continue;
    const host = last(/\.(Server|SipServer|Address|ServerIP|SipSvrIP)(\[0\])?$/);
    registrations.push({
      kind,
      host: cleanText(host ?? ""),
      enabled: enabled === "true",
      registered: status === undefined ? undefined : /^(true|registered|online)$/i.test(status),
    });
  }
  const users = await orMissing(() => dahuaAsk(session, "/cgi-bin/userManager.cgi?action=getActiveUserInfoAll"));
  const viewers = users && [...users].flatMap(([key, value]) => (key.endsWith(".ClientAddress") ? [value] : [])).slice(0, ENTRIES_MAX);
  if (registrations.length === 0 && viewers === undefined) throw new DeviceError("unsupported", "the recorder has none of these pages");
  return { registrations, viewers, protocol: "dahua" };
}

async function onvifTies(session: DeviceSession, { nowMs }: Visit): Promise<VmsTies> {
  const onvif = await openOnvif(session, nowMs);
  const uplinks = await listUplinks(onvif);
  const registrations = uplinks.map(({ host, status }) => ({ kind: "onvif-uplink" as const, host, enabled: true, registered: status === "Connected" }));
  return { registrations, viewers: undefined, protocol: "onvif" };
}

/** Undefined for answers of a device of another kind, and for pages that this account may not see. */
async function orMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const other = error instanceof DeviceError && ["unsupported", "bad_reply", "malformed", "no_such_object", "no_permission"].includes(error.trouble);
    if (other || saysUnsupported(error) || error instanceof SoapFault) return undefined;
    throw error;
  }
}
