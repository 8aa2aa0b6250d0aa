import { randomUUID } from "node:crypto";
import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "./device-error.ts";
import type { LanHttp } from "./lan-http.ts";
import type { WsdDevice } from "./wsd.ts";
import { escapeXml, parseXml, type XmlNode } from "./xml.ts";

const ANSWER_BYTES_MAX = 256 * 1024;
const EXCHANGE_MS = 2_000;
const SERVICES_MAX = 16;
const REASONS_MAX = 8;

const addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const scanning = "http://schemas.microsoft.com/windows/2006/08/wdp/scan";

/** What a device tells of itself (Devices Profile for Web Services), and where its scanners are asked. Texts are cleaned. */
export type WsdDescription = {
  readonly vendor?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly scanners: readonly string[];
};
/** `state` as the WSD Scan Service has it: Idle, Processing or Stopped, with what keeps it from scanning. */
export type WsdScannerStatus = { readonly state: string; readonly reasons: readonly string[] };

/** Reads a device's description by WS-Transfer Get. @throws DeviceError no_such_object when it does not say where */
export async function describeWsdDevice(lanHttp: LanHttp, { address, uuid, urls }: WsdDevice, signal: AbortSignal): Promise<WsdDescription> {
  const [url] = urls;
  if (url === undefined) throw new DeviceError("no_such_object", `${address} does not say where its WSD description is`);
  const metadata = await ask(lanHttp, { address, url, to: uuid, action: "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", body: "" }, signal);
  const sections = metadata.children("MetadataSection");
  const word = (...path: readonly string[]) => cleanText(sections.map((section) => section.value(...path)).find((text) => text !== undefined) ?? "", 64);
  const words = { vendor: word("ThisModel", "Manufacturer"), model: word("ThisModel", "ModelName"), serial: word("ThisDevice", "SerialNumber") };
  const hosted = sections.flatMap((section) => section.find("Relationship")?.children("Hosted") ?? []).slice(0, SERVICES_MAX);
  const scanners = hosted.flatMap((service) => {
    const at = service.value("EndpointReference", "Address");
    return at !== undefined && /(^|[\s:])ScannerServiceType(\s|$)/.test(service.value("Types") ?? "") ? [at] : [];
  });
  return { ...Object.fromEntries(Object.entries(words).filter(([, text]) => text !== "")), scanners };
}

/** Asks a scan service for its ScannerStatus. Nothing moves in the scanner. @throws DeviceError */
export async function readWsdScanner(lanHttp: LanHttp, address: string, url: string, signal: AbortSignal): Promise<WsdScannerStatus> {
  const body =
    `<sca:GetScannerElementsRequest xmlns:sca="${scanning}"><sca:RequestedElements><sca:Name>sca:ScannerStatus</sca:Name></sca:RequestedElements>` +
    "</sca:GetScannerElementsRequest>";
  const answer = await ask(lanHttp, { address, url, to: url, action: `${scanning}/GetScannerElements`, body }, signal);
  const status = (answer.find("ScannerElements")?.children("ElementData") ?? []).flatMap((data) => data.children("ScannerStatus"))[0];
  const state = status?.value("ScannerState");
  if (status === undefined || state === undefined) throw new DeviceError("malformed", `${address} sent no ScannerStatus over WSD`);
  const reasons = (status.find("ScannerStateReasons")?.children("ScannerStateReason") ?? []).map(({ text }) => cleanText(text, 32));
  return { state: cleanText(state, 32), reasons: reasons.filter((reason) => reason !== "" && reason !== "None").slice(0, REASONS_MAX) };
}

type WsdCall = { readonly address: string; readonly url: string; readonly to: string; readonly action: string; readonly body: string };

/** The first element of the answer's Body. Of `url` only port and path count: no host but the device itself is ever asked. */
async function ask(lanHttp: LanHttp, { address, url, to, action, body }: WsdCall, signal: AbortSignal): Promise<XmlNode> {
  const place = URL.parse(url.trim());
  const tls = place?.protocol === "https:";
  if (place === null || !(tls || place.protocol === "http:"))
    throw new DeviceError("malformed", `${address} names no web address for WSD: ${cleanText(url, 80)}`);
  const header =
    `<a:To>${escapeXml(to)}</a:To><a:Action>${action}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>` +
    `<a:ReplyTo><a:Address>${addressing}/role/anonymous</a:Address></a:ReplyTo>`;
  const envelope =
    `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="${addressing}">` +
    `<s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
  const request = { address, port: Number(place.port) || (tls ? 443 : 80), tls, method: "POST", path: `${place.pathname}${place.search}` } as const;
  const headers = { "content-type": "application/soap+xml; charset=utf-8" };
  const limits = { signal, capBytes: ANSWER_BYTES_MAX, deadlineMs: EXCHANGE_MS };
  const reply = await lanHttp({ ...request, ...limits, headers, body: envelope });
  if (reply.status === 401 || reply.status === 403) throw new DeviceError("auth_failed", `${address} wants a login for WSD (HTTP ${reply.status})`);
  if (reply.status === 404) throw new DeviceError("no_such_object", `${address} has no WSD service at ${cleanText(request.path, 80)}`);
  const root = parseXml(reply.body, address);
  const content = root.name === "Envelope" ? root.find("Body")?.children()[0] : undefined;
  if (content === undefined) throw new DeviceError("malformed", `${address} answered WSD with something that is not SOAP (HTTP ${reply.status})`);
  if (content.name === "Fault")
    throw new DeviceError("bad_reply", `${address} refused over WSD: ${cleanText(content.value("Reason", "Text") ?? "no reason", 120)}`);
  return content;
}
