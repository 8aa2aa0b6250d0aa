import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { Bonjour } from "bonjour-service";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type DiscoverProgress, discover } from "../../../agent/discover/discover.ts";
import { mergeSightings, type Sighting } from "../../../agent/discover/merge.ts";
import { createIo, type Io } from "../../../agent/io/io.ts";
import { mdnsBrowse } from "../../../agent/io/mdns.ts";
import { openSnmp } from "../../../agent/io/snmp.ts";
import { hostsOf } from "../../../agent/io/sweep.ts";
import { readMatches, wsdProbe } from "../../../agent/io/wsd.ts";
import { freeTcpPort } from "../../support/free-port.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type Snmpsim, startSnmpsim } from "../../support/snmpsim.ts";
import { projectRoot } from "../../support/source-files.ts";
import { startWsdScanner } from "../../support/wsd-scanner.ts";

const sighting = (over: Partial<Sighting> & Pick<Sighting, "address">): Sighting => ({ source: "mdns", roles: [], ...over });

describe("mergeSightings", () => {
  const faces: readonly Sighting[] = [
    sighting({ address: "10.0.0.20", roles: ["printer"], uuid: "AB-1", model: "MFP 430" }),
    sighting({ address: "10.0.0.20", roles: ["scanner"], uuid: "ab-1" }),
    sighting({ source: "wsd", address: "10.0.0.20", roles: ["printer", "scanner"], uuid: "urn:uuid:ab-1" }),
    sighting({ source: "snmp", address: "10.0.0.20", roles: ["printer"], name: "May in P1" }),
    sighting({ source: "neighbours", address: "10.0.0.20", mac: "02:00:00:00:00:20" }),
  ];

  it("the faces of one MFP are one device, whatever their order", () => {
    for (const order of [faces, [...faces].reverse()]) {
      const [only, ...more] = mergeSightings(order);
      expect(more).toEqual([]);
      expect(only).toMatchObject({ device: { id: "printer-20", role: "printer", model: "MFP 430", name: "May in P1" }, faces: ["printer", "scanner"] });
    }
  });

  it("a key that two groups share joins them afterwards", () => {
    const parts = [
      sighting({ address: "10.0.0.5", mac: "m" }),
      sighting({ address: "10.0.0.6", uuid: "u", roles: ["printer"] }),
      sighting({ address: "10.0.0.6", mac: "m" }),
    ];
    expect(mergeSightings(parts)).toMatchObject([{ addresses: ["10.0.0.5", "10.0.0.6"] }]);
  });

  it("a machine on the cable and on the Wi-Fi is one by its serial number, which what stands in its place is not", () => {
    const at = (address: string, serial: string) => sighting({ address, mac: address, roles: ["printer"], serial });
    expect(mergeSightings([at("10.0.0.5", "KX1203"), at("10.0.0.6", "kx1203")])).toMatchObject([{ addresses: ["10.0.0.5", "10.0.0.6"] }]);
    expect(mergeSightings([at("10.0.0.5", "0000000"), at("10.0.0.6", "0000000")])).toHaveLength(2);
  });

  it("two machines of one model stay two, with names of their own", () => {
    const two = ["10.0.0.7", "10.1.0.7"].map((address) => sighting({ address, roles: ["printer"], model: "MFP 430" }));
    expect(mergeSightings(two).map(({ device }) => device.id)).toEqual(["printer-7", "printer-7-2"]);
  });

  it("a host without a face is proposed only when asked for, and no MAC leaves", () => {
    const host = [sighting({ source: "neighbours", address: "10.0.0.9", mac: "02:00:00:00:00:09" })];
    expect(mergeSightings(host)).toEqual([]);
    const guess = mergeSightings(host, { assumePc: true });
    expect(guess).toMatchObject([{ device: { role: "officer-pc" }, faces: [] }]);
    expect(JSON.stringify(guess)).not.toContain("02:00");
  });

  it("what devices say is cleaned", () => {
    const [only] = mergeSightings([sighting({ address: "10.0.0.3", roles: ["printer"], name: "\u001b[31mX\u202e", model: "y".repeat(500) })]);
    expect(only?.device).toMatchObject({ name: "X", model: "y".repeat(64) });
  });
});

describe("hostsOf", () => {
  it.each([
    ["192.168.1.77/30", ["192.168.1.77", "192.168.1.78"]],
    ["10.0.0.0/16", []],
    ["fd00::/64", []],
  ])("%s", (subnet, hosts) => {
    expect(hostsOf(subnet)).toEqual(hosts);
  });
  it("a /24 has 254 hosts", () => {
    expect(hostsOf("10.1.2.0/24")).toHaveLength(254);
  });
});

describe("wsdProbe", () => {
  const match = (uuid: string) =>
    `<s:Envelope xmlns:s="x" xmlns:a="y" xmlns:d="z"><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>${uuid}</a:Address></a:EndpointReference><d:Types>wsdp:Device pub:Computer</d:Types></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`;

  it("hears a device, and neither noise nor XML bombs disturb", async () => {
    const device = createSocket("udp4");
    device.bind(0, "127.0.0.1");
    await once(device, "listening");
    onTestFinished(() => void device.close());
    device.on("message", (message, { port, address }) => {
      expect(message.toString()).toContain("<d:Types>wsdp:Device</d:Types>");
      for (const text of ["noise", `<!DOCTYPE a [<!ENTITY b "c">]>${match("bomb")}`, match("urn:uuid:1")]) device.send(text, port, address);
    });
    const found = await wsdProbe(["wsdp:Device"], AbortSignal.timeout(8_000), { address: "127.0.0.1", port: device.address().port });
    expect(found).toEqual([{ address: "127.0.0.1", uuid: "urn:uuid:1", types: ["Device", "Computer"], scopes: [], urls: [] }]);
  });

  it("what is no match gives nothing", () => {
    expect(readMatches("<a/>", "10.0.0.1")).toEqual([]);
    expect(readMatches(match(""), "10.0.0.1")).toEqual([]);
  });
});

describe("mdnsBrowse", () => {
  it("finds a scanner announced on this host", async () => {
    const port = await freeTcpPort();
    const name = `May quet ${port}`;
    const bonjour = new Bonjour({ interface: "127.0.0.1", bind: "0.0.0.0" } as Record<string, string>);
    onTestFinished(() => void bonjour.destroy());
    bonjour.publish({ name, type: "uscan", port, txt: { ty: "Canon R40", uuid: "u-1", rs: "eSCL" }, probe: false });
    const found = await mdnsBrowse(["uscan"], 1_500, AbortSignal.timeout(8_000));
    expect(found).toContainEqual(expect.objectContaining({ type: "uscan", name, port, txt: expect.objectContaining({ ty: "Canon R40", uuid: "u-1" }) }));
  });
});

describe("mdnsBrowse on a network that loses frames", () => {
  it("asks again after a second", async () => {
    const type = `hcc${process.pid}`;
    const socket = createSocket({ type: "udp4", reuseAddr: true }).bind(5353);
    onTestFinished(() => void socket.close());
    await once(socket, "listening");
    socket.addMembership("224.0.0.251", "127.0.0.1");
    let questions = 0;
    socket.on("message", (packet) => {
      if (packet.includes(`_${type}`)) questions += 1;
    });
    await mdnsBrowse([type], 500, AbortSignal.timeout(8_000));
    const askedOnce = questions;
    await mdnsBrowse([type], 1_300, AbortSignal.timeout(8_000));
    expect(askedOnce).toBeGreaterThan(0);
    expect(questions - askedOnce).toBe(2 * askedOnce);
  });
});

describe.skipIf(!requirePeer("snmpsimd"))("discover", () => {
  let simulator: Snmpsim;
  beforeAll(async () => {
    simulator = await startSnmpsim({ public: join(projectRoot, "test/fixtures/wifi-clients/unifi-ap/device.snmprec") });
  });
  afterAll(() => simulator?.stop());

  const io = (): Io => ({
    ...createIo(),
    sweep: async () => {},
    // The only living SNMP agent of this LAN is the simulator.
    openSnmp: (device, signal, manners) =>
      openSnmp({ ...device, address: "127.0.0.1", port: device.address === "10.0.0.2" ? simulator.port : 9 }, signal, { ...manners, requestMs: 150 }),
    readDefaultRoute: async () => ({ interface: "lan", gateway: "10.0.0.1" }),
    readNeighbours: async () => [2, 20, 30].map((host) => ({ address: `10.0.0.${host}`, mac: `02:00:00:00:00:${host}`, interface: "lan" })),
    mdnsBrowse: async () => [
      { type: "ipp", name: "MFP", host: "mfp.local", port: 631, addresses: ["10.0.0.20"], txt: { ty: "Kyocera M2540", uuid: "u" } },
      { type: "uscan", name: "MFP", host: "mfp.local", port: 80, addresses: ["10.0.0.20"], txt: { uuid: "u" } },
      { type: "ipp", name: "elsewhere", host: "x.local", port: 631, addresses: ["172.16.9.9"], txt: {} },
    ],
    wsdProbe: async ([type]) => {
      if (type === "wsdp:Device") return [{ address: "10.0.0.30", uuid: "urn:uuid:pc", types: ["Device", "Computer"], scopes: [], urls: [] }];
      throw new Error("no multicast here");
    },
  });

  it("proposes what it saw inside the networks, each device once", async () => {
    const steps: DiscoverProgress[] = [];
    const proposals = await discover({ io: io(), signal: AbortSignal.timeout(15_000), subnets: ["10.0.0.0/24"], onProgress: (step) => steps.push(step) });
    expect(proposals.map(({ device, sources }) => [device.role, device.address, device.model ?? "", [...sources].sort().join("+")])).toEqual([
      ["access-point", "10.0.0.2", "UAP-AC-Pro-Gen2 6.6.55", "neighbours+snmp"],
      ["router", "10.0.0.1", "", "gateway"],
      ["printer", "10.0.0.20", "Kyocera M2540", "mdns+neighbours"],
      ["officer-pc", "10.0.0.30", "", "neighbours+wsd"],
    ]);
    expect(proposals[0]?.device.vendor).toBe("Ubiquiti");
    expect(JSON.stringify(proposals)).not.toContain("02:00");
    expect(steps.at(-1)).toMatchObject({ stage: "snmp", done: 4, total: 4 });
  });

  it("a scanner that speaks WSD is one machine with the printer that mDNS tells of, and says who made it", async () => {
    const { url } = await startWsdScanner();
    const address = "127.0.0.1";
    const face = { address, uuid: "urn:uuid:U", scopes: [], urls: [url] };
    const both: Io = {
      ...io(),
      mdnsBrowse: async () => [{ type: "ipp", name: "MFP", host: "mfp.local", port: 631, addresses: [address], txt: { uuid: "u" } }],
      wsdProbe: async ([type]) => (type === "wscn:ScanDeviceType" ? [{ ...face, types: ["ScanDeviceType"] }] : [{ ...face, types: ["Device"] }]),
    };
    const proposals = await discover({ io: both, signal: AbortSignal.timeout(15_000), subnets: ["127.0.0.0/24"] });
    expect(proposals).toMatchObject([
      { faces: ["printer", "scanner"], device: { role: "printer", address, vendor: "Canon", model: "MF3010", serial: "KX1203" } },
    ]);
  });

  it("ends when it is told to", async () => {
    await expect(discover({ io: io(), signal: AbortSignal.abort(new Error("stop")), subnets: ["10.0.0.0/24"] })).rejects.toThrow();
  });
});
