import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { ownAddresses } from "./own-addresses.ts";
import { escapeXml, parseXml } from "./xml.ts";

/** A device that answered a WS-Discovery probe. Texts are hostile until cleaned. */
export type WsdDevice = {
  readonly address: string;
  readonly uuid: string;
  readonly types: readonly string[];
  readonly scopes: readonly string[];
  /** Where it says that its description is read. */
  readonly urls: readonly string[];
};
/** Asks all devices of the LAN for themselves, on each network of this PC unless `where` names one; one address alone is heard until it answers. `types` as the protocol's QNames: an empty list is answered by few. @throws when aborted */
export type WsdProbe = (types: readonly string[], signal: AbortSignal, where?: WsdPlace) => Promise<readonly WsdDevice[]>;
/** Where the probe is sent, and the local interface that it leaves by. */
export type WsdPlace = { readonly address?: string; readonly port?: number; readonly interface?: string };

const GROUP = "239.255.255.250";
const PORT = 3702;
/** MATCH_TIMEOUT of the specification is 10 s; what has not answered after 3 s seldom does. */
const LISTEN_MS = 3_000;
/** One device that was asked alone answers within APP_MAX_DELAY, 500 ms. */
const LISTEN_TO_ONE_MS = 1_600;
const DEVICES_MAX = 256;
const DATAGRAM_MAX = 16 * 1024;

export const wsdProbe: WsdProbe = async (types, signal, where = {}) => {
  const { address = GROUP, interface: name } = where;
  if (name !== undefined || address !== GROUP) return probeFrom(types, signal, where);
  const answers = await Promise.all(ownAddresses({ loopback: false }).map((own) => probeFrom(types, signal, { ...where, interface: own })));
  return [...new Map(answers.flat().map((device) => [device.uuid, device])).values()];
};

const probeFrom: WsdProbe = async (types, signal, { address = GROUP, port = PORT, interface: name } = {}) => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const found = new Map<string, WsdDevice>();
  const heard = new AbortController();
  const isOne = address !== GROUP;
  socket.on("error", () => {});
  socket.on("message", (message, { address: sender }) => {
    if (message.length > DATAGRAM_MAX || found.size >= DEVICES_MAX || (isOne && sender !== address)) return;
    for (const device of readMatches(message.toString("utf8"), sender)) found.set(device.uuid, device);
    if (isOne && found.size > 0) heard.abort();
  });
  try {
    await new Promise<void>((resolve) => socket.bind(0, name ?? "0.0.0.0", resolve));
    if (name !== undefined && !isOne) socket.setMulticastInterface(name);
    const probe = probeMessage(types, randomUUID());
    // Twice, as the specification wants for datagrams.
    for (let time = 0; time < 2 && !heard.signal.aborted; time++) {
      socket.send(probe, port, address, () => {});
      await sleep((isOne ? LISTEN_TO_ONE_MS : LISTEN_MS) / 2, undefined, { signal: AbortSignal.any([signal, heard.signal]) }).catch(() =>
        signal.throwIfAborted(),
      );
    }
    return [...found.values()];
  } finally {
    socket.close();
  }
};

/** A SOAP-over-UDP Probe (WS-Discovery 1.0, April 2005: what Windows and printers speak). Pure. */
export function probeMessage(types: readonly string[], uuid: string): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:wscn="http://schemas.microsoft.com/windows/2006/08/wdp/scan" xmlns:wprt="http://schemas.microsoft.com/windows/2006/08/wdp/print">' +
    `<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action><a:MessageID>urn:uuid:${escapeXml(uuid)}</a:MessageID>` +
    "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>" +
    `<s:Body><d:Probe><d:Types>${escapeXml(types.join(" "))}</d:Types></d:Probe></s:Body></s:Envelope>`
  );
}

/** Reads ProbeMatches; what is none gives nothing. Types lose their prefixes. Pure. */
export function readMatches(text: string, sender: string): readonly WsdDevice[] {
  try {
    const matches = parseXml(text, sender).find("Body", "ProbeMatches")?.children("ProbeMatch") ?? [];
    return matches.slice(0, DEVICES_MAX).flatMap((match) => {
      const uuid = match.value("EndpointReference", "Address");
      const words = (name: string) => (match.value(name) ?? "").split(/\s+/).filter((word) => word !== "");
      return uuid === undefined || uuid === ""
        ? []
        : [
            {
              address: sender,
              uuid: uuid.slice(0, 128),
              types: words("Types").map((type) => type.slice(type.indexOf(":") + 1)),
              scopes: words("Scopes").slice(0, 32),
              urls: words("XAddrs").slice(0, 8),
            },
          ];
    });
  } catch {
    return [];
  }
}
