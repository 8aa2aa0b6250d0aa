import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Outcome, readingOf } from "#schemas/observation.ts";
import { DeviceError } from "../../../agent/io/device-error.ts";
import type { Io } from "../../../agent/io/io.ts";
import { wsdProbe } from "../../../agent/io/wsd.ts";
import { officeDevices } from "../../../agent/probes/office-devices/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { freeTcpPort, freeUdpPort } from "../../support/free-port.ts";
import { answer, startHostileAgent } from "../../support/hostile-snmp.ts";
import { startHttpFake } from "../../support/http-fake.ts";
import { ippReply } from "../../support/ipp-reply.ts";
import { type IppEvePrinter, startIppEvePrinter } from "../../support/ippeveprinter.ts";
import { probeContext } from "../../support/probe-context.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type Snmpsim, startSnmpsim } from "../../support/snmpsim.ts";
import { projectRoot } from "../../support/source-files.ts";
import { startWsdScanner, wsdStatus } from "../../support/wsd-scanner.ts";

const run = (targets: readonly object[], io: Partial<Io> = {}) => observe(officeDevices, { targets }, probeContext({ io }));

function measured(outcome: Outcome) {
  if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
  const [device] = (outcome.evidence?.devices ?? []) as Record<string, unknown>[];
  return { read: (metric: Parameters<typeof readingOf>[1], labels = {}) => readingOf(outcome.readings, metric, labels), device, readings: outcome.readings };
}

describe.skipIf(!requirePeer("ippeveprinter", "dbus-daemon"))("a printer that speaks IPP", () => {
  let printer: IppEvePrinter;
  beforeAll(async () => {
    printer = await startIppEvePrinter("May in");
  });
  afterAll(() => printer?.stop());
  const ask = async () => measured(await run([{ id: "may-in-1", role: "printer", address: "127.0.0.1", port: printer.port }]));

  it("idle and full: up, working, no warning", async () => {
    await printer.set("supplies", "supply0=5&supply1=80");
    const { read, device } = await ask();
    expect(read("device_up", { device: "may-in-1", method: "ipp" })).toBe(1);
    expect(read("printer_working")).toBe(1);
    expect(read("printer_supply_percent", { supply: "Black Toner" })).toBe(80);
    expect(device).toMatchObject({ faults: [], consumables: [], warnings: [] });
  });

  it("low toner is a warning, not a defect", async () => {
    await printer.set("supplies", "supply0=5&supply1=3");
    const { read, device } = await ask();
    expect(read("printer_working")).toBe(1);
    expect(read("printer_supply_percent", { supply: "Black Toner" })).toBe(3);
    expect(device).toMatchObject({ faults: [], warnings: ["low_toner"] });
  });

  const trays = (sheets: number) =>
    printer.set("media", `size1=iso_a4_210x297mm&type1=stationery&level1=${sheets}&size3=iso_a4_210x297mm&type3=stationery&level3=25`);

  it("an empty tray does not make it broken while nothing is to be printed; a page that waits for paper does", async () => {
    await trays(0);
    const waiting = await ask();
    expect(waiting.read("printer_working")).toBe(1);
    expect(waiting.device?.warnings).toContain("no_paper");
    const release = await printer.print("none");
    await expect.poll(async () => (await ask()).device, { timeout: 10_000 }).toMatchObject({ faults: [], consumables: ["no_paper"] });
    expect((await ask()).read("printer_working")).toBe(0);
    await trays(250);
    await release();
    expect((await ask()).device).toMatchObject({ consumables: [], warnings: [] });
  });

  it.each<[string, string, number, object]>([
    ["a jam in the middle of a page", "media-jam", 0, { faults: ["jam"] }],
    ["stopped in the middle of a page", "paused", 0, { faults: ["stopped"] }],
    ["a page that prints as it should", "none", 1, { faults: [], consumables: [] }],
  ])("%s", async (_, reason, working, evidence) => {
    const release = await printer.print(reason);
    await expect.poll(async () => (await ask()).device, { timeout: 10_000 }).toMatchObject(evidence);
    expect((await ask()).read("printer_working")).toBe(working);
    await release();
  });
});

describe("printers over IPP, as they word it", () => {
  const idle = { "printer-state": [3], "printer-is-accepting-jobs": [true] };
  it.each<[string, Parameters<typeof ippReply>[0], number, object]>([
    ["stopped by a jam", { ...idle, "printer-state": [5], "printer-state-reasons": ["media-jam"] }, 0, { faults: ["stopped", "jam"] }],
    ["a cover is open", { ...idle, "printer-state-reasons": ["cover-open-error"] }, 0, { faults: ["door_open"] }],
    ["no paper", { ...idle, "printer-state-reasons": ["media-empty-error"] }, 0, { faults: [], consumables: ["no_paper"] }],
    ["an error of the vendor's own", { ...idle, "printer-state-reasons": ["com-vendor-fuser-error"] }, 0, { faults: ["other_fault"] }],
    ["a jam that it calls a warning", { ...idle, "printer-state": [4], "printer-state-reasons": ["media-jam-warning"] }, 0, { faults: ["jam"] }],
    ["a jam of an hour ago, still in its report", { ...idle, "printer-state-reasons": ["media-jam-report"] }, 1, { faults: [], warnings: ["jam"] }],
    ["takes no jobs", { ...idle, "printer-is-accepting-jobs": [false] }, 0, { faults: ["not_accepting_jobs"] }],
    ["idle with a warning that never goes", { ...idle, "printer-state-reasons": ["marker-supply-low-warning"] }, 1, { faults: [], warnings: ["low_toner"] }],
    ["nothing to say", { ...idle, "printer-state-reasons": ["none"] }, 1, { faults: [], warnings: [] }],
  ])("%s", async (_, attributes, working, evidence) => {
    const port = await startHttpFake(() => ({ body: ippReply(attributes) }));
    const { read, device } = measured(await run([{ role: "printer", address: "127.0.0.1", port }]));
    expect(read("printer_working")).toBe(working);
    expect(device).toMatchObject(evidence);
  });

  it("an older machine keeps its service at another path", async () => {
    const port = await startHttpFake(({ path }) => (path === "/ipp" ? { body: ippReply(idle) } : { status: 404 }));
    expect(measured(await run([{ role: "printer", address: "127.0.0.1", port }])).read("printer_working")).toBe(1);
  });

  it.each([
    ["an HTML page", "<html>login</html>", "malformed"],
    ["half an answer", ippReply(idle).subarray(0, 30), "malformed"],
    ["more than the cap", Buffer.alloc(600_000, 0x04), "malformed"],
    ["a refusal", ippReply({}, 0x0406), "no_such_object"],
  ])("%s: it is there, but its state is not told", async (_, body, reason) => {
    const port = await startHttpFake(() => ({ body }));
    const { read, device } = measured(await run([{ role: "printer", address: "127.0.0.1", port }]));
    expect(read("device_up", { method: "tcp" })).toBe(1);
    expect(read("printer_working")).toBeUndefined();
    expect(device).toMatchObject({ reason });
  });
});

describe.skipIf(!requirePeer("snmpsimd"))("a printer that speaks SNMP", () => {
  const folder = join(projectRoot, "test/fixtures/office-devices/printer-mib");
  const recordings = {
    "sim-printer": join(folder, "device.snmprec"),
    "sim-jam": join(projectRoot, "test/fixtures/office-devices/states/jam.snmprec"),
    "sim-konica": join(projectRoot, "test/fixtures/office-devices/states/service-bit-alone.snmprec"),
    "sim-down": join(projectRoot, "test/fixtures/office-devices/states/down.snmprec"),
    "sim-paper": join(projectRoot, "test/fixtures/office-devices/states/no-paper.snmprec"),
    "sim-scanner": join(projectRoot, "test/fixtures/office-devices/states/scanner-only.snmprec"),
  };
  let simulator: Snmpsim;
  beforeAll(async () => {
    simulator = await startSnmpsim(recordings);
  });
  afterAll(() => simulator?.stop());
  const ask = async (community: keyof typeof recordings, role = "printer") =>
    measured(await run([{ role, address: "127.0.0.1", port: simulator.port, snmp: { version: "2c", community } }]));

  it("the recording gives its expected answer", async () => {
    const { read, device } = await ask("sim-printer");
    const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
    for (const { metric, value, labels } of expected.readings) expect(read(metric, labels), metric).toBe(value);
    expect(device).toMatchObject({ method: "snmp", warnings: expected.warnings });
  });

  it("a waste box is no supply and an unknown level is no number", async () => {
    const { readings } = await ask("sim-printer");
    expect(readings.filter(({ metric }) => metric === "printer_supply_percent")).toHaveLength(1);
  });

  it.each<[string, keyof typeof recordings, number, object]>([
    ["a jam", "sim-jam", 0, { faults: ["jam"] }],
    ["the service bit of a healthy printer", "sim-konica", 1, { faults: [], warnings: ["service"] }],
    ["hrDeviceStatus down makes the doubtful bits count", "sim-down", 0, { faults: ["down", "offline"] }],
    ["no paper is to be refilled, not mended", "sim-paper", 0, { faults: [], consumables: ["no_paper"] }],
  ])("%s", async (_, community, working, evidence) => {
    const { read, device } = await ask(community, "copier");
    expect(read("printer_working", { role: "copier" })).toBe(working);
    expect(device).toMatchObject(evidence);
  });

  it("a device with SNMP but no Printer-MIB is there, without a state", async () => {
    const { read, device } = await ask("sim-scanner");
    expect(read("device_up", { method: "snmp" })).toBe(1);
    expect(read("printer_working")).toBeUndefined();
    expect(device).toMatchObject({ reason: "unsupported" });
  });
});

describe("a printer whose SNMP breaks off, with no other port open", () => {
  const system = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0"];
  const errorState = "1.3.6.1.2.1.25.3.5.1.2.1";
  it.each<[string, readonly { oid: string; value: string }[], string]>([
    ["it falls silent in the middle of its tables", [], "timeout"],
    ["its tables do not count upwards", [errorState, errorState].map((oid) => ({ oid, value: "\0" })), "malformed"],
  ])("%s: it is there, but its state is not told", async (_, rows, reason) => {
    const agent = await startHostileAgent((asked) => {
      if (system.includes(asked.oid))
        return [answer(asked, [...asked.oids.map((oid) => ({ oid, value: oid === system[1] ? { oid: "1.3.6.1.4.1.99999.1" } : "MFP" }))])];
      // The definition's probe, and then nothing of use.
      if (asked.pdu === 0xa0 || asked.oid.startsWith("1.3.6.1.2.1.43.5."))
        return [answer(asked, [{ oid: asked.pdu === 0xa1 ? errorState : asked.oid, value: "\0" }])];
      return rows.length > 0 ? [answer(asked, rows)] : [];
    });
    onTestFinished(agent.stop);
    const target = { role: "printer", address: "127.0.0.1", snmp: { version: "2c", community: "public", port: agent.port } };
    const { read, device } = measured(await run([target], { tcpKnock: async () => "silent" }));
    expect(read("device_up", { method: "snmp" })).toBe(1);
    expect(read("printer_working")).toBeUndefined();
    expect(device).toMatchObject({ reason });
  });

  it("a printer that refuses the SNMPv3 user is there; one that says nothing at all is not", async () => {
    const ask = async (trouble: "auth_failed" | "timeout") =>
      measured(
        await run([{ role: "printer", address: "127.0.0.1" }], {
          tcpKnock: async () => "silent",
          openSnmp: () => {
            throw new DeviceError(trouble, "127.0.0.1:161");
          },
        }),
      ).read("device_up");
    expect([await ask("auth_failed"), await ask("timeout")]).toEqual([1, 0]);
  });
});

/** A LAN on which nothing is announced. */
const quiet: Partial<Io> = { mdnsBrowse: async () => [], wsdProbe: async () => [] };

describe("scanners", () => {
  const status = (state: string, adf = "ScannerAdfEmpty") =>
    `<?xml version="1.0"?><scan:ScannerStatus xmlns:scan="s" xmlns:pwg="p"><pwg:Version>2.6</pwg:Version><pwg:State>${state}</pwg:State><scan:AdfState>${adf}</scan:AdfState></scan:ScannerStatus>`;
  it.each<[string, number, string, number | undefined]>([
    ["idle", 200, status("Idle"), 1],
    ["at work", 200, status("Processing", "ScannerAdfLoaded"), 1],
    ["stopped", 200, status("Stopped"), 0],
    ["busy", 503, "", 1],
    ["guarded by a password", 401, "", 0],
    ["XML with a document type", 200, `<!DOCTYPE x [<!ENTITY a "b">]>${status("Idle")}`, undefined],
    ["an answer that is cut off", 200, "<scan:ScannerStatus><pwg:State>Idle", undefined],
    ["no scanner at all", 404, "", undefined],
  ])("%s", async (_, code, body, ready) => {
    const port = await startHttpFake(({ path }) => (path === "/eSCL/ScannerStatus" ? { status: code, body } : { status: 404 }));
    const { read } = measured(await run([{ role: "scanner", address: "127.0.0.1", port }], quiet));
    expect(read("device_up", { role: "scanner" })).toBe(1);
    expect(read("scanner_ready")).toBe(ready);
  });
});

describe("scanners that are not at the usual place", () => {
  const idle = "<ScannerStatus><State>Idle</State></ScannerStatus>";
  const uuidPath = "/1c852a4d-b800-1f08-abcd-3c2af4000020/ScannerStatus";
  const mdnsBrowse =
    (port: number, rs: string): Io["mdnsBrowse"] =>
    async () => [{ type: "uscan", name: "MFP", host: "mfp.local", port, addresses: ["127.0.0.1"], txt: { rs } }];

  it.each(["1c852a4d-b800-1f08-abcd-3c2af4000020", "/1c852a4d-b800-1f08-abcd-3c2af4000020/"])("mDNS says where: %s", async (rs) => {
    const port = await startHttpFake(({ path }) => (path === uuidPath ? { body: idle } : { status: 404 }));
    const { read } = measured(await run([{ role: "scanner", address: "127.0.0.1", port }], { mdnsBrowse: mdnsBrowse(port, rs) }));
    expect(read("device_up", { method: "escl" })).toBe(1);
    expect(read("scanner_ready")).toBe(1);
  });

  it.each(["../../admin", "a b", "x?y=1", "a/../../b\r\nHost: evil"])("what is no path is not asked: %s", async (rs) => {
    const asked: string[] = [];
    const port = await startHttpFake(({ path }) => {
      asked.push(path);
      return { status: 404 };
    });
    measured(await run([{ role: "scanner", address: "127.0.0.1", port }], { mdnsBrowse: mdnsBrowse(port, rs), wsdProbe: async () => [] }));
    expect(asked).toEqual(["/eSCL/ScannerStatus"]);
  });

  it.each<[string, string, string | undefined, number | undefined]>([
    ["to another path of its own", uuidPath, "escl", 1],
    ["to another host: it stays unasked", "http://192.0.2.1/eSCL/ScannerStatus", "tcp", undefined],
    ["to a name", "http://printer.local/eSCL/ScannerStatus", "tcp", undefined],
    ["in a circle", "/eSCL/ScannerStatus", "tcp", undefined],
    ["nowhere", "", "tcp", undefined],
  ])("a redirect %s", async (_, location, method, ready) => {
    const port = await startHttpFake(({ path }) => (path === uuidPath ? { body: idle } : { status: 301, headers: { location } }));
    const { read } = measured(await run([{ role: "scanner", address: "127.0.0.1", port }], quiet));
    expect(read("device_up", method === undefined ? {} : { method })).toBe(1);
    expect(read("scanner_ready")).toBe(ready);
  });

  const overWsd = (discoveryPort: number): Partial<Io> => ({
    mdnsBrowse: async () => [],
    tcpKnock: async () => "refused",
    wsdProbe: (types, signal, where) => wsdProbe(types, signal, { ...where, port: discoveryPort }),
  });
  it.each<[string, Parameters<typeof startWsdScanner>[0], number | undefined, object]>([
    ["ready", {}, 1, { state: "Idle" }],
    ["at work", { status: wsdStatus("Processing") }, 1, { state: "Processing" }],
    ["stopped, with its reason", { status: wsdStatus("Stopped", "CoverOpen") }, 0, { state: "Stopped CoverOpen" }],
    ["there, but its answers are broken", { status: "<html/>" }, undefined, { reason: "malformed" }],
    ["its service is said to be elsewhere", { serviceHost: "192.0.2.1" }, 1, { state: "Idle" }],
  ])("WSD alone: %s", async (_, answers, ready, evidence) => {
    const { discoveryPort } = await startWsdScanner(answers);
    const { read, device } = measured(await run([{ role: "scanner", address: "127.0.0.1" }], overWsd(discoveryPort)));
    expect(read("device_up", { method: "wsd" })).toBe(1);
    expect(read("scanner_ready")).toBe(ready);
    expect(device).toMatchObject(evidence);
  });
});

describe("presence", () => {
  it("9100 is only connected to: not one byte goes to the printer", async () => {
    let bytes = 0;
    const server = createServer((socket) => socket.on("data", (part) => (bytes += part.length))).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const knocked: number[] = [];
    const tcpKnock: Io["tcpKnock"] = async (_, port) => {
      knocked.push(port);
      return port === 9100 ? "open" : "refused";
    };
    const { read } = measured(await run([{ role: "printer", address: "127.0.0.1", snmp: { version: "2c", port: await freeUdpPort() } }], { tcpKnock }));
    expect(read("device_up", { method: "tcp" })).toBe(1);
    expect(knocked).toContain(9100);
    expect(bytes).toBe(0);
  });

  it("a printer that answers nothing is down and does not work", async () => {
    const target = { role: "printer", address: "127.0.0.1", http: { port: await freeTcpPort() }, snmp: { version: "2c", port: await freeUdpPort() } };
    const { read } = measured(await run([target], { tcpKnock: async () => "silent" }));
    expect(read("device_up")).toBe(0);
    expect(read("printer_working")).toBe(0);
    expect(read("devices_seen")).toBe(0);
  });

  const silent: Partial<Io> = {
    tcpKnock: async () => "silent",
    icmpBurst: async () => ({ method: "icmp", sent: 1, rttsMs: [] }),
    attachedNetworks: () => ["10.9.9.5/24"],
  };
  const table: Io["readNeighbours"] = async () => [{ address: "10.9.9.2", mac: "02:00:00:00:00:09", interface: "eth0" }];
  it.each<[string, Partial<Io>, number, string | undefined]>([
    ["a refusal is a sign of life", { ...silent, tcpKnock: async () => "refused", readNeighbours: async () => [] }, 1, "tcp"],
    ["an echo", { ...silent, icmpBurst: async () => ({ method: "icmp", sent: 1, rttsMs: [1] }), readNeighbours: async () => [] }, 1, "icmp"],
    ["a firewall that drops all, but ARP", { ...silent, readNeighbours: table }, 1, "neighbours"],
    [
      "an entry of the table that is hours old",
      { ...silent, readNeighbours: async (signal) => (await table(signal)).map((row) => ({ ...row, stale: true })) },
      0,
      undefined,
    ],
    ["nothing at all", { ...silent, readNeighbours: async () => [] }, 0, undefined],
  ])("a PC: %s", async (_, io, up, method) => {
    const outcome = await run([{ role: "officer-pc", address: "10.9.9.2" }], io);
    expect(measured(outcome).read("device_up", method === undefined ? {} : { method })).toBe(up);
    expect(JSON.stringify(outcome)).not.toContain("02:00");
  });
});

describe("this PC's own cable", () => {
  const routed: Io["readDefaultRoute"] = async () => ({ interface: "eth0", gateway: "10.9.9.1" });
  const silence: Partial<Io> = {
    tcpKnock: async () => "silent",
    icmpBurst: async () => ({ method: "icmp", sent: 1, rttsMs: [] }),
    readNeighbours: async () => [],
    readDefaultRoute: async () => undefined,
    attachedNetworks: () => ["10.9.8.5/24"],
  };
  const targets = [
    { role: "officer-pc", address: "10.9.9.2", id: "pc-1" },
    { role: "display", address: "10.9.9.3", id: "tv-1" },
  ];

  it("silence of all is no measurement where there is no way out", async () => {
    expect(await run(targets, silence)).toMatchObject({ kind: "failed", reason: "no_route" });
    const behindRouter = {
      ...silence,
      readDefaultRoute: routed,
      tcpKnock: async (address: string) => (address === "10.9.9.1" ? "refused" : "silent"),
    } as const;
    expect(measured(await run(targets, behindRouter)).read("devices_seen")).toBe(0);
    expect(measured(await run(targets, { ...silence, attachedNetworks: () => ["10.9.9.5/24"] })).read("devices_seen")).toBe(0);
  });

  it("where one network of two has lost its cable, its devices are not told and nobody is counted", async () => {
    const values = new Map<string, unknown>();
    const memory = { get: (key: string) => values.get(key), set: (key: string, value: unknown) => void values.set(key, value) };
    const two = [...targets, { role: "display", address: "10.7.7.3", id: "tv-2" }];
    const tcpKnock: Io["tcpKnock"] = async (address) => (address === "10.7.7.3" ? "open" : "silent");
    const outcomeOn = (networks: readonly string[]) =>
      observe(officeDevices, { targets: two }, probeContext({ memory, io: { ...silence, tcpKnock, attachedNetworks: () => networks } }));
    expect(measured(await outcomeOn(["10.9.9.5/24", "10.7.7.5/24"])).read("devices_seen")).toBe(1);
    const { read } = measured(await outcomeOn(["10.7.7.5/24"]));
    expect(read("device_up", { device: "tv-2" })).toBe(1);
    expect([read("device_up", { device: "pc-1" }), read("devices_seen")]).toEqual([undefined, undefined]);
  });

  it("one that answers shows that there is a way", async () => {
    const tcpKnock: Io["tcpKnock"] = async (address) => (address === "10.9.9.3" ? "open" : "silent");
    const { read } = measured(await run(targets, { ...silence, tcpKnock }));
    expect(read("device_up", { device: "pc-1" })).toBe(0);
    expect(read("devices_seen")).toBe(1);
  });

  it("a printer on USB still tells, and nobody counts the others as gone", async () => {
    const readLocalDevices: Io["readLocalDevices"] = async () => ({
      queues: [{ system: "windows", name: "USB printer", workOffline: false, detectedErrorState: 0 }],
      scanners: [],
    });
    const outcome = await observe(officeDevices, { targets, spooler: true }, probeContext({ io: { ...silence, readLocalDevices } }));
    const { read, readings } = measured(outcome);
    expect(read("printer_working", { device: "USB printer" })).toBe(1);
    expect(readings.map(({ metric }) => metric)).not.toContain("devices_seen");
    expect(readings.some(({ labels }) => labels?.device === "pc-1")).toBe(false);
  });
});
