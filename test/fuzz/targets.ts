import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import snmp from "net-snmp";
import { AgentConfig } from "#schemas/agent-config.ts";
import { toColumns } from "#schemas/batch-columns.ts";
import { Calendar } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { Batch, EnrolRequest, formatSenderClock, IngestReply, parseSenderClock } from "#schemas/exchange.ts";
import { Inventory } from "#schemas/inventory.ts";
import { LeaseRequest, MeasureTick } from "#schemas/measure.ts";
import { Observation } from "#schemas/observation.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { Problem } from "#schemas/problem.ts";
import { parseResentSegments } from "#schemas/tcp-counters.ts";
import { LocalConfig } from "../../agent/config.ts";
import { Identity } from "../../agent/identity.ts";
import { DeviceError } from "../../agent/io/device-error.ts";
import { readEsclStatus } from "../../agent/io/escl.ts";
import { parseGetNetRoute, parseIpRoute, parseProcRoute } from "../../agent/io/gateway.ts";
import { readDigestChallenge } from "../../agent/io/http-digest.ts";
import { parseHop } from "../../agent/io/icmp.ts";
import { parseNetAdapter } from "../../agent/io/interfaces.ts";
import { decodeIppAnswer } from "../../agent/io/ipp-codec.ts";
import { parseGetNetNeighbor, parseIpNeigh, parseProcArp } from "../../agent/io/neighbours.ts";
import { readDeviceTime } from "../../agent/io/onvif-time.ts";
import { readRtp } from "../../agent/io/rtp.ts";
import { createRtspReader } from "../../agent/io/rtsp-reader.ts";
import { readSdp } from "../../agent/io/rtsp-video.ts";
import { parseRows } from "../../agent/io/run-program.ts";
import { compareOids, oidIsUnder, snmpNumber, snmpText } from "../../agent/io/snmp-value.ts";
import { parsePnpImage } from "../../agent/io/spooler.ts";
import { readMatches } from "../../agent/io/wsd.ts";
import { parseXml } from "../../agent/io/xml.ts";
import { readRows } from "../../agent/recorders/dahua-rows.ts";
import { parsedBody } from "../../agent/spool/inspect.ts";
import { parseAttestation } from "../../collector/attest/attestation-input.ts";
import { parseCsv } from "../../collector/attest/csv-rows.ts";
import { parseWaiver } from "../../collector/attest/waiver-input.ts";
import { publicKeyOf } from "../../collector/auth/agent-keys.ts";
import { hashOfCode, newEnrolCode } from "../../collector/auth/enrol-code.ts";
import { BodyRefused, inflate, parseBatch, parseJson } from "../../collector/ingest/read-body.ts";
import { batchOf } from "../support/batches.ts";
import { ippReply } from "../support/ipp-reply.ts";
import { projectRoot } from "../support/source-files.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { closeImportTargets, importTargets } from "./import-targets.ts";

const text = (...samples: readonly string[]) => samples.map((sample) => Buffer.from(sample, "utf8"));
const json = (value: unknown) => text(JSON.stringify(value));
const data = (path: string) => readFileSync(`${projectRoot}/${path}`);
const policy = PolicyProfile.parse(JSON.parse(data("schemas/policies/gia-lai-890.json").toString("utf8")));
/** Parses JSON as a file of ours is parsed: broken JSON is one of the answers. */
const fileOf = (parse: (value: unknown) => unknown) => (bytes: Buffer) => {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return;
  }
  parse(value);
};

const soap = `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><tds:GetSystemDateAndTimeResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-7</tt:TZ></tt:TimeZone><tt:UTCDateTime><tt:Time><tt:Hour>2</tt:Hour><tt:Minute>10</tt:Minute><tt:Second>5</tt:Second></tt:Time><tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month><tt:Day>28</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse></s:Body></s:Envelope>`;
const matches = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:1419d68a-1dd2-11b2-a105-000000000000</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/Cam</d:Scopes><d:XAddrs>http://10.0.0.9/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`;
const sdp = "v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n";
const rtsp = `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://x/y/\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}$\u0000\u0000\u0010\u0090\u00e0abcdefghijklmn`;
const rtp = Buffer.concat([Buffer.from("90e0000100000001deadbeefabac0004", "hex"), Buffer.alloc(16, 1), Buffer.from("6588", "hex")]);
/** GetResponse of SNMPv2c: sysName.0 = "sw1". */
const snmpReply = Buffer.from("302b020101040670 75626c6963a21e02027b2b020100020100301230100608 2b06010201010500 0404 73773100".replaceAll(" ", ""), "hex");

function feedRtsp(bytes: Buffer): void {
  const read = createRtspReader({ reply: ({ body }) => readSdp(body), packet: ({ data: packet }) => readRtp(packet) }, "fuzz");
  for (let at = 0; at < bytes.length; at += 97) read(bytes.subarray(at, at + 97));
}

const session = snmp.createSession("127.0.0.1", "public", { version: snmp.Version2c }) as unknown as {
  onMsg: (bytes: Buffer) => void;
  on: (event: string, listen: () => void) => void;
  close: () => void;
};
session.on("error", () => undefined);

const line = [
  {
    name: "route, ip",
    samples: json([{ dst: "default", gateway: "10.0.0.1", dev: "eth0", protocol: "dhcp", metric: 100 }]),
    parse: (bytes: Buffer) => parseIpRoute(bytes.toString()),
    throws: [SyntaxError],
  },
  {
    name: "route, proc",
    samples: text("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\n"),
    parse: (bytes: Buffer) => parseProcRoute(bytes.toString()),
  },
  {
    name: "neighbours, ip",
    samples: json([{ dst: "10.0.0.2", dev: "eth0", lladdr: "02:00:00:00:00:01", state: ["REACHABLE"] }]),
    parse: (bytes: Buffer) => parseIpNeigh(bytes.toString()),
    throws: [SyntaxError],
  },
  {
    name: "neighbours, proc",
    samples: text("IP address HW type Flags HW address Mask Device\n10.0.0.2 0x1 0x2 02:00:00:00:00:01 * eth0\n"),
    parse: (bytes: Buffer) => parseProcArp(bytes.toString()),
  },
  { name: "hop", samples: text(" 1  10.0.0.1  0.512 ms\n 2  * * *\n"), parse: (bytes: Buffer) => parseHop(bytes.toString(), "10.0.0.1", []) },
  {
    name: "resent segments",
    samples: text("Tcp: RtoAlgorithm RtoMin RetransSegs\nTcp: 1 200 17\n"),
    parse: (bytes: Buffer) => parseResentSegments(bytes.toString()),
  },
] satisfies FuzzTarget[];

const windows = fileOf((rows) => {
  const list = parseRows(JSON.stringify(rows));
  parseGetNetNeighbor(list);
  parseGetNetRoute(list, new Set(["Ethernet"]));
  parseNetAdapter(list, "Ethernet");
  parsePnpImage(list);
});

const devices: readonly FuzzTarget[] = [
  { name: "XML", samples: text(soap, matches), parse: (bytes) => parseXml(bytes.toString(), "fuzz"), throws: [DeviceError] },
  { name: "ONVIF time", samples: text(soap), parse: (bytes) => readDeviceTime(parseXml(bytes.toString(), "fuzz")), throws: [DeviceError] },
  { name: "WS-Discovery", samples: text(matches), parse: (bytes) => readMatches(bytes.toString(), "10.0.0.9") },
  {
    name: "eSCL",
    samples: text(
      `<scan:ScannerStatus xmlns:scan="s" xmlns:pwg="p"><pwg:State>Idle</pwg:State><scan:AdfState>ScannerAdfEmpty</scan:AdfState></scan:ScannerStatus>`,
    ),
    parse: (bytes) => {
      const lanHttp = async () => ({ status: 200, headers: {}, body: bytes.toString(), address: "10.0.0.9" }) as never;
      return readEsclStatus(lanHttp, { address: "10.0.0.9", port: 80, path: "/eSCL" }, new AbortController().signal);
    },
    throws: [DeviceError],
  },
  { name: "IPP", samples: [Buffer.from(ippReply({}))], parse: decodeIppAnswer, throws: [RangeError] },
  { name: "RTP", samples: [rtp], parse: readRtp },
  { name: "SDP", samples: text(sdp), parse: (bytes) => readSdp(bytes.toString()) },
  { name: "RTSP", samples: [Buffer.from(rtsp, "latin1"), Buffer.from(rtsp.repeat(3), "latin1")], parse: feedRtsp, throws: [DeviceError] },
  {
    name: "digest challenge",
    samples: text('Digest realm="cam", qop="auth,auth-int", algorithm=SHA-256, nonce="abc", opaque="x", stale=FALSE'),
    parse: (bytes) => readDigestChallenge([bytes.toString(), "Basic realm=x"]),
  },
  {
    name: "Dahua rows",
    samples: text("result=1234\r\nfound=2\r\nitems[0].StartTime=2026-11-01 00:00:00\r\nitems[0].EndTime=2026-11-01 01:00:00\r\n"),
    parse: (bytes) => readRows(bytes.toString()),
  },
  { name: "SNMP message", samples: [snmpReply], parse: (bytes) => session.onMsg(bytes) },
  {
    name: "SNMP value",
    samples: text("1.3.6.1.2.1.1.5.0", "sw-1 tầng 2"),
    parse: (bytes) => [snmpText(bytes), snmpNumber(bytes.toString()), oidIsUnder(bytes.toString(), "1.3.6"), compareOids(bytes.toString(), "1.3.6.1")],
  },
  {
    name: "PowerShell rows",
    samples: json([{ IPAddress: "10.0.0.2", LinkLayerAddress: "02-00-00-00-00-01", State: 4, NextHop: "10.0.0.1", Name: "Ethernet", LinkSpeed: "1 Gbps" }]),
    parse: windows,
  },
  {
    name: "device text",
    samples: text("Máy in \u001b[31mHP\u001b]0;x\u0007 \u202eabc\u0000 tầng 2"),
    parse: (bytes) => demandHarmless(cleanText(bytes.toString())),
  },
  ...line,
];

const reply: IngestReply = {
  ackedThrough: 3,
  accepted: 3,
  duplicates: 0,
  rejected: [{ seq: 1, code: "x" }],
  serverTime: "2026-11-28T00:00:00.000Z",
  minIntervalS: 0,
  backlogRate: 50,
  nonce: "n",
};
const config = {
  agent: "agt-0123456789abcdef",
  version: 1,
  issuedAt: "2026-11-28T00:00:00.000Z",
  centre: { code: "mot", name: "Xã Một", keyArea: false, devices: [{ id: "ap-1", role: "access-point", address: "10.0.0.2" }] },
  policy,
  calendar: JSON.parse(data("schemas/calendars/vn.json").toString("utf8")) as unknown,
  measureServers: [{ id: "main", url: "https://m.example.vn" }],
};

const wire: readonly FuzzTarget[] = [
  {
    name: "batch, gzip",
    samples: [gzipSync(JSON.stringify(batchOf()))],
    parse: async (bytes) => Batch.safeParse(parseJson(await inflate(bytes, "gzip"))),
    throws: [BodyRefused],
  },
  {
    name: "batch",
    samples: json(batchOf({ count: 8, gaps: [{ from: 9, to: 12, reason: "dead_letter" }] })),
    parse: (bytes) => Batch.safeParse(parseJson(bytes)),
    throws: [BodyRefused],
  },
  {
    name: "batch in columns",
    samples: json(toColumns(batchOf({ count: 8, gaps: [{ from: 9, to: 12, reason: "dead_letter" }] }))),
    parse: (bytes) => demandPlain(parseBatch(bytes)),
    throws: [BodyRefused],
  },
  { name: "observation of a spool", samples: json(batchOf().observations[0]), parse: (bytes) => Observation.safeParse({ ...parsedBody(bytes), seq: 1 }) },
  {
    name: "sender's clock",
    samples: text(formatSenderClock({ wallMs: 1, uptimeMs: 2, bootId: "b;c" })),
    parse: (bytes) => parseSenderClock(bytes.toString("latin1")),
  },
  {
    name: "enrolment",
    samples: json({ code: "x".repeat(40), publicKey: "a", proof: "b", version: "1" }),
    parse: (bytes) => EnrolRequest.safeParse(parseJson(bytes)),
    throws: [BodyRefused],
  },
  { name: "enrolment code", samples: text(newEnrolCode()), parse: (bytes) => hashOfCode(bytes.toString()) },
  { name: "public key", samples: text("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="), parse: (bytes) => publicKeyOf(bytes.toString()) },
  { name: "answer of a collector", samples: json(reply), parse: fileOf((value) => [IngestReply.safeParse(value), Problem.safeParse(value)]) },
  { name: "lease", samples: json({ server: "main", usedBytes: 3 }), parse: fileOf((value) => [LeaseRequest.safeParse(value), MeasureTick.safeParse(value)]) },
  { name: "configuration", samples: json(config), parse: fileOf((value) => AgentConfig.safeParse(value)), weight: 0.1 },
];

const files: readonly FuzzTarget[] = [
  { name: "policy", samples: json(policy), parse: fileOf((value) => PolicyProfile.safeParse(value)), weight: 0.1 },
  { name: "calendar", samples: json(config.calendar), parse: fileOf((value) => Calendar.safeParse(value)), weight: 0.2 },
  { name: "inventory", samples: json({ centres: [config.centre] }), parse: fileOf((value) => Inventory.safeParse(value)) },
  {
    name: "settings of an agent",
    samples: json({
      collector: "https://c.example.vn",
      allowedSubnets: ["10.0.0.0/8"],
      targets: [{ id: "a", role: "printer", address: "10.0.0.3" }],
      probes: { host: { path: "/" } },
    }),
    parse: fileOf((value) => LocalConfig.safeParse(value)),
  },
  {
    name: "identity",
    samples: json({ agent: "agt-0123456789abcdef", centre: "mot", collector: "https://c.example.vn", enrolledAt: "2026-11-28T00:00:00.000Z" }),
    parse: fileOf((value) => Identity.safeParse(value)),
  },
  {
    name: "CSV of attestations",
    samples: text('requirement;item;value;declared_by\r\nR03;"officers; in all";12;"Nguyễn ""A"""\r\nR04;;=1+1;B\r\n'),
    parse: (bytes) => parseCsv(bytes.toString()).map((fields) => parseAttestation(fields, "a-1", "2026-11-28T00:00:00.000Z", policy)),
  },
  {
    name: "CSV of waivers",
    samples: text("requirement,from,until,reason\nR03,2026-01-01,2026-02-01,x\n"),
    parse: (bytes) => parseCsv(bytes.toString()).map((fields) => parseWaiver(fields, "w-1", "2026-11-28", ["R03"])),
  },
];

/** Every parser that reads what somebody else wrote. */
export const fuzzTargets: readonly FuzzTarget[] = [...devices, ...wire, ...files, ...importTargets];

/** What is unfolded from columns is a batch that the plain form takes, too. @throws Error when it is none */
function demandPlain({ data }: { data?: Batch | undefined }): void {
  if (data !== undefined) Batch.parse(JSON.parse(JSON.stringify(data)));
}

/** What is kept of a device's text can neither steer a terminal nor turn a line around. @throws Error when it can */
function demandHarmless(clean: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  if (clean.length > 128 || /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(clean) || !clean.isWellFormed())
    throw new Error(`not harmless: ${JSON.stringify(clean)}`);
}

/** Lets go of what the targets hold open. */
export function closeFuzzTargets(): void {
  session.close();
  closeImportTargets();
}
