import { createSocket } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { type FakeReply, startHttpFake } from "./http-fake.ts";

const envelope = (
  body: string,
) => `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">
<soap:Header><wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To></soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`;
const section = (dialect: string, inner: string) =>
  `<wsx:MetadataSection Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/${dialect}">${inner}</wsx:MetadataSection>`;
const hosted = (type: string, url: string) =>
  `<wsdp:Hosted><wsa:EndpointReference><wsa:Address>${url}</wsa:Address></wsa:EndpointReference><wsdp:Types xmlns:sca="s">${type}</wsdp:Types></wsdp:Hosted>`;

/** What WS-Transfer Get brings from an MFP that prints and scans at `url`. */
export const wsdMetadata = (url: string, { model = "MF3010", type = "sca:ScannerServiceType" } = {}) =>
  envelope(
    `<wsx:Metadata xmlns:wsx="m" xmlns:wsdp="d">${section("ThisDevice", "<wsdp:ThisDevice><wsdp:SerialNumber>KX1203</wsdp:SerialNumber></wsdp:ThisDevice>")}${section(
      "ThisModel",
      `<wsdp:ThisModel><wsdp:Manufacturer>Canon</wsdp:Manufacturer><wsdp:ModelName>${model}</wsdp:ModelName></wsdp:ThisModel>`,
    )}${section("Relationship", `<wsdp:Relationship>${hosted("wprt:PrinterServiceType", `${url}print`)}${hosted(type, url)}</wsdp:Relationship>`)}</wsx:Metadata>`,
  );

/** What a scan service answers when it is asked for its status. */
export const wsdStatus = (state: string, reason = "None") =>
  envelope(
    `<sca:GetScannerElementsResponse xmlns:sca="s"><sca:ScannerElements><sca:ElementData Name="sca:ScannerStatus" Valid="true"><sca:ScannerStatus>
<sca:ScannerCurrentTime>2026-11-28T08:00:00Z</sca:ScannerCurrentTime><sca:ScannerState>${state}</sca:ScannerState>
<sca:ScannerStateReasons><sca:ScannerStateReason>${reason}</sca:ScannerStateReason></sca:ScannerStateReasons>
</sca:ScannerStatus></sca:ElementData></sca:ScannerElements></sca:GetScannerElementsResponse>`,
  );

export const wsdFault = (text: string) => envelope(`<soap:Fault><soap:Reason><soap:Text xml:lang="en">${text}</soap:Text></soap:Reason></soap:Fault>`);

type Answers = { readonly metadata?: (url: string) => string | FakeReply; readonly status?: string | FakeReply; readonly serviceHost?: string };

/** A scanner that speaks WSD alone, on loopback until the test ends. `asked` holds the actions of the requests that reached it. */
export async function startWsdScanner({ metadata = wsdMetadata, status = wsdStatus("Idle"), serviceHost = "127.0.0.1" }: Answers = {}) {
  const asked: string[] = [];
  const reply = (answer: string | FakeReply): FakeReply =>
    typeof answer === "string" ? { headers: { "content-type": "application/soap+xml" }, body: answer } : answer;
  const port: number = await startHttpFake(({ body }) => {
    const action = /<a:Action>[^<]*\/(\w+)<\/a:Action>/.exec(body.toString())?.[1] ?? "";
    asked.push(action);
    if (action === "Get") return reply(metadata(`http://${serviceHost}:${port}/wsd/scan`));
    // As Debian's sane-airscan asks real scanners: the wish is a name with this very prefix.
    const wish = /<sca:RequestedElements><sca:Name>sca:(\w+)<\/sca:Name>/.exec(body.toString())?.[1];
    return action === "GetScannerElements" && wish === "ScannerStatus" ? reply(status) : { status: 400 };
  });
  const url = `http://127.0.0.1:${port}/wsd/device`;
  const discovery = createSocket("udp4");
  discovery.bind(0, "127.0.0.1");
  await once(discovery, "listening");
  onTestFinished(() => void discovery.close());
  discovery.on("message", (probe, { port: at, address }) => {
    if (!/<d:Types>[^<]*wscn:ScanDeviceType/.test(probe.toString())) return;
    const match = `<wsa:EndpointReference><wsa:Address>urn:uuid:6d4ff0ce-6b11</wsa:Address></wsa:EndpointReference><d:Types>wsdp:Device wscn:ScanDeviceType</d:Types><d:XAddrs>${url}</d:XAddrs>`;
    discovery.send(envelope(`<d:ProbeMatches xmlns:d="d"><d:ProbeMatch>${match}</d:ProbeMatch></d:ProbeMatches>`), at, address);
  });
  return { port, url, discoveryPort: discovery.address().port, asked };
}
