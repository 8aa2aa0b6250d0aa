import { createHash, randomBytes } from "node:crypto";
import { DeviceError } from "./device-error.ts";
import type { DeviceSession } from "./device-session.ts";
import { readDigestChallenge } from "./http-digest.ts";
import { type LanReply, redirected } from "./lan-http.ts";
import { escapeXml, parseXml, type XmlNode } from "./xml.ts";

/** A SOAP fault: the device understood us and says no. `codes` are Code and Subcodes without prefix, outermost first. */
export class SoapFault extends Error {
  override readonly name = "SoapFault";
  readonly codes: readonly string[];
  constructor(codes: readonly string[], message: string) {
    super(message);
    this.codes = codes;
  }
}

export type SoapCall = {
  /** Path of the service on the device; the host of an XAddr is never used. */
  readonly path: string;
  /** The body's element as XML; prefixes of `soapNamespaces` are bound. */
  readonly body: string;
  /** Asked before any login, so no credentials go along. */
  readonly open?: boolean;
  readonly capBytes?: number;
  readonly deadlineMs?: number;
};

export type SoapClient = {
  readonly session: DeviceSession;
  /** The first element of the answer's Body. @throws SoapFault, DeviceError */
  readonly call: (call: SoapCall) => Promise<XmlNode>;
  /** Tells how far the device's clock is ahead of ours, ms; a WS-UsernameToken carries the device's time. */
  readonly setSkew: (skewMs: number) => void;
};

/** Prefixes that bodies may use. */
export const soapNamespaces = {
  tds: "http://www.onvif.org/ver10/device/wsdl",
  trt: "http://www.onvif.org/ver10/media/wsdl",
  tr2: "http://www.onvif.org/ver20/media/wsdl",
  trc: "http://www.onvif.org/ver10/recording/wsdl",
  tse: "http://www.onvif.org/ver10/search/wsdl",
  trp: "http://www.onvif.org/ver10/replay/wsdl",
  tup: "http://www.onvif.org/ver10/uplink/wsdl",
  tt: "http://www.onvif.org/ver10/schema",
  tns1: "http://www.onvif.org/ver10/topics",
  wsnt: "http://docs.oasis-open.org/wsn/b-2",
} as const;

const envelopeNamespace = "http://www.w3.org/2003/05/soap-envelope";
const bindings = Object.entries(soapNamespaces)
  .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
  .join("");
const securityNamespaces = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";

/**
 * SOAP 1.2 over one visit to a device. HTTP Digest comes first; a device that answers "not authorized" without a Digest
 * challenge gets a WS-UsernameToken instead. One wrong try ends the visit's logins.
 */
export function createSoapClient(session: DeviceSession, nowMs: () => number): SoapClient {
  const { address, port, user, password } = session.access;
  const device = `${address}:${port}`;
  let skewMs = 0;
  let mode: "plain" | "token" = "plain";

  const post = (call: SoapCall, header: string, open: boolean) =>
    (open ? session.sendOpen : session.send)({
      method: "POST",
      path: call.path,
      contentType: "application/soap+xml; charset=utf-8",
      body: `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${envelopeNamespace}"${bindings}>${header}<s:Body>${call.body}</s:Body></s:Envelope>`,
      ...(call.capBytes === undefined ? {} : { capBytes: call.capBytes }),
      ...(call.deadlineMs === undefined ? {} : { deadlineMs: call.deadlineMs }),
    });
  const token = () => usernameToken(user ?? "", password ?? "", nowMs() + skewMs, randomBytes(16));

  const call = async (request: SoapCall): Promise<XmlNode> => {
    if (request.open || user === undefined) return readReply(await post(request, "", true), device);
    const postToken = async () => inTime(await post(request, token(), true), device);
    if (mode === "token") return readReply(await postToken(), device, session.refuse);
    const reply = await post(request, "", false);
    if (!asksForToken(reply)) return readReply(reply, device);
    const second = await postToken();
    if (asksForToken(second) || second.status === 401) session.refuse();
    mode = "token";
    return readReply(second, device);
  };
  return { session, call, setSkew: (value) => (skewMs = value) };
}

/** A refusal that Digest cannot cure: a 401 without a Digest challenge, or the fault NotAuthorized. */
function asksForToken(reply: LanReply): boolean {
  if (reply.status === 401) return readDigestChallenge(reply.challenges) === undefined;
  return reply.status >= 400 && /NotAuthorized|FailedAuthentication/.test(reply.body.slice(0, 16_384));
}

/**
 * The reply, unless the device finds the token's time wrong: its UTC is off by an hour while daylight saving is on, and no other password helps.
 * @throws DeviceError auth_failed
 */
function inTime(reply: LanReply, device: string): LanReply {
  if (!/time check failed/i.test(reply.body.slice(0, 16_384))) return reply;
  throw new DeviceError("auth_failed", `${device} finds the time of the login wrong, not the password: set its clock, and switch its daylight saving off`);
}

function readReply(reply: LanReply, device: string, refuse?: () => never): XmlNode {
  if (reply.status === 401) {
    refuse?.();
    throw new DeviceError("auth_failed", `${device} asks for a login that it was not given, or of a kind that is not spoken here`);
  }
  if (reply.status === 503) throw new DeviceError("device_busy", `${device} says that it is busy (503)`);
  if (reply.status === 404 || reply.status === 405) throw new DeviceError("unsupported", `${device} has no ONVIF service there (status ${reply.status})`);
  if (reply.status >= 300 && reply.status < 400) throw redirected(reply, device);
  if (reply.body.trim() === "") throw new DeviceError("bad_reply", `${device} answered ${reply.status} with nothing in it`);
  const envelope = parseXml(reply.body, device);
  const content = envelope.name === "Envelope" ? envelope.find("Body")?.children()[0] : undefined;
  if (content === undefined) throw new DeviceError("malformed", `${device} answered ${reply.status} with something that is not SOAP`);
  if (content.name === "Fault") throw faultOf(content, device);
  return content;
}

function faultOf(fault: XmlNode, device: string): SoapFault {
  const codes: string[] = [];
  for (let code = fault.find("Code"); code !== undefined && codes.length < 8; code = code.find("Subcode"))
    codes.push((code.value("Value") ?? "").replace(/^.*:/, "").slice(0, 64));
  const reason = fault.value("Reason", "Text") ?? fault.value("faultstring") ?? "";
  return new SoapFault(codes, `${device} answered with the fault ${codes.join("/") || "without a code"}: ${reason.slice(0, 200)}`);
}

/** Header of WS-UsernameToken: digest = base64(sha1(nonce + created + password)). */
export function usernameToken(user: string, password: string, createdMs: number, nonce: Buffer): string {
  const created = new Date(createdMs).toISOString();
  const digest = createHash("sha1").update(nonce).update(created).update(password).digest("base64");
  const type = `${securityNamespaces}username-token-profile-1.0#PasswordDigest`;
  const encoding = `${securityNamespaces}soap-message-security-1.0#Base64Binary`;
  return (
    `<s:Header><w:Security s:mustUnderstand="true" xmlns:w="${securityNamespaces}wssecurity-secext-1.0.xsd">` +
    `<w:UsernameToken><w:Username>${escapeXml(user)}</w:Username><w:Password Type="${type}">${digest}</w:Password>` +
    `<w:Nonce EncodingType="${encoding}">${nonce.toString("base64")}</w:Nonce>` +
    `<u:Created xmlns:u="${securityNamespaces}wssecurity-utility-1.0.xsd">${created}</u:Created>` +
    "</w:UsernameToken></w:Security></s:Header>"
  );
}

/** True for faults that say: this call or service does not exist here. */
export function saysUnsupported(error: unknown): boolean {
  if (error instanceof DeviceError) return error.trouble === "unsupported";
  return error instanceof SoapFault && error.codes.some((code) => /NotSupported|UnknownAction|NotImplemented|OptionalActionNotImplemented/.test(code));
}

/** True for faults that say: you are known, but may not do this. */
export function saysForbidden(error: unknown): boolean {
  return error instanceof SoapFault && error.codes.some((code) => /NotAuthorized|OperationProhibited/.test(code));
}
