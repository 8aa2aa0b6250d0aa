import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "./device-error.ts";
import type { DeviceSession } from "./device-session.ts";
import { type DeviceTime, readDeviceTime } from "./onvif-time.ts";
import { createSoapClient, type SoapClient, saysUnsupported, soapNamespaces } from "./soap.ts";
import type { XmlNode } from "./xml.ts";

/** Services that we speak, by the prefix of their calls. */
export type OnvifService = "tds" | "trt" | "tr2" | "trc" | "tse" | "trp" | "tup";

export type DeviceIdentity = {
  readonly manufacturer: string | undefined;
  readonly model: string | undefined;
  readonly firmware: string | undefined;
  readonly serial: string | undefined;
};

/** One ONVIF device during one visit. */
export type Onvif = {
  readonly soap: SoapClient;
  /** Calls a service with a body. @throws DeviceError unsupported when the device does not have the service */
  readonly call: (service: OnvifService, body: string, limits?: { capBytes?: number; deadlineMs?: number }) => Promise<XmlNode>;
  readonly has: (service: OnvifService) => boolean;
  readonly deviceTime: () => Promise<DeviceTime>;
  readonly identity: () => Promise<DeviceIdentity>;
};

const devicePath = "/onvif/device_service";

/**
 * Starts a visit: asks the clock (which needs no login and gives the skew for tokens), then the services.
 * @throws DeviceError, SoapFault when the device is no ONVIF device or does not answer
 */
export async function openOnvif(session: DeviceSession, nowMs: () => number): Promise<Onvif> {
  const soap = createSoapClient(session, nowMs);
  const device = `${session.access.address}:${session.access.port}`;
  const deviceTime = async () => readDeviceTime(await openThenKnown(soap, "<tds:GetSystemDateAndTime/>"));
  const sentMs = nowMs();
  const first = await deviceTime();
  if (first.utcMs !== undefined) soap.setSkew(first.utcMs - (sentMs + nowMs()) / 2);

  const paths = await servicePaths(soap);
  const call: Onvif["call"] = async (service, body, limits = {}) => {
    const path = paths.get(service);
    if (path === undefined) throw new DeviceError("unsupported", `${device} does not offer the ONVIF service ${service}`);
    return soap.call({ path, body, ...limits });
  };
  const identity = async (): Promise<DeviceIdentity> => {
    const answer = await call("tds", "<tds:GetDeviceInformation/>");
    const read = (name: string) => cleanText(answer.value(name) ?? "") || undefined;
    return { manufacturer: read("Manufacturer"), model: read("Model"), firmware: read("FirmwareVersion"), serial: read("SerialNumber") };
  };
  return { soap, call, has: (service) => paths.has(service), deviceTime, identity };
}

/** Some devices wrongly ask for a login even for the clock and the list of services. */
async function openThenKnown(soap: SoapClient, body: string): Promise<XmlNode> {
  try {
    return await soap.call({ path: devicePath, body, open: true });
  } catch (error) {
    const closed = (error instanceof DeviceError && error.trouble === "auth_failed") || /NotAuthorized|FailedAuthentication/.test(String(error));
    if (!closed || soap.session.access.user === undefined) throw error;
    return soap.call({ path: devicePath, body });
  }
}

async function servicePaths(soap: SoapClient): Promise<ReadonlyMap<OnvifService, string>> {
  const paths = new Map<OnvifService, string>([["tds", devicePath]]);
  const prefixOf = new Map(Object.entries(soapNamespaces).map(([prefix, uri]) => [uri as string, prefix as OnvifService]));
  const add = (service: OnvifService | undefined, address: string | undefined) => {
    const path = pathOf(address);
    if (service !== undefined && path !== undefined && service !== "tds") paths.set(service, path);
  };
  try {
    const answer = await openThenKnown(soap, "<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>");
    for (const service of answer.children("Service")) add(prefixOf.get(service.value("Namespace") ?? ""), service.value("XAddr"));
    return paths;
  } catch (error) {
    if (!saysUnsupported(error) && !(error instanceof Error && error.name === "SoapFault")) throw error;
  }
  const answer = await openThenKnown(soap, "<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>");
  const capabilities = answer.find("Capabilities");
  add("trt", capabilities?.value("Media", "XAddr"));
  add("trc", capabilities?.value("Extension", "Recording", "XAddr"));
  add("tse", capabilities?.value("Extension", "Search", "XAddr"));
  add("trp", capabilities?.value("Extension", "Replay", "XAddr"));
  return paths;
}

/** Path and query of an XAddr. Its host and port are dropped: behind NAT or after a move they are wrong, and they may point elsewhere. */
function pathOf(address: string | undefined): string | undefined {
  if (address === undefined || address.length > 512 || !URL.canParse(address)) return undefined;
  const { pathname, search, protocol } = new URL(address);
  return protocol === "http:" || protocol === "https:" ? pathname + search : undefined;
}
