import { describe, expect, it } from "vitest";
import { judgeWindowsPrinter } from "../../../agent/devices/printer-windows.ts";
import { cupsQueues, parsePnpImage, parseWin32Printer } from "../../../agent/io/spooler.ts";
import { officeDevices } from "../../../agent/probes/office-devices/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { probeContext } from "../../support/probe-context.ts";

describe("queues of this PC", () => {
  it.each([
    ["a USB printer", { Name: "Canon LBP", PortName: "USB001", Local: true, WorkOffline: false, DetectedErrorState: 0 }, 1],
    ["a printer to PDF", { Name: "Microsoft Print to PDF", PortName: "PORTPROMPT:", Local: true }, 0],
    ["a network printer", { Name: "HP M404", PortName: "192.168.1.20", Local: false }, 0],
    ["a row in another shape", { PortName: 7 }, 0],
  ])("Windows: %s", (_, row, count) => {
    expect(parseWin32Printer([row])).toHaveLength(count);
  });

  it.each([
    [0, false, true, [], []],
    [8, false, false, ["jam"], []],
    [4, false, false, [], ["no_paper"]],
    [9, false, true, [], []],
    [9, true, false, ["offline"], []],
  ])("Windows: error state %i, working offline %s", (state, offline, working, faults, consumables) => {
    expect(judgeWindowsPrinter(state, offline)).toMatchObject({ working, faults, consumables });
  });

  it("Windows: two queues for one machine are one printer", () => {
    const rows = ["Máy in một cửa", "Máy in một cửa (Copy 1)", "Máy in kế toán"].map((Name, at) => ({
      Name,
      PortName: at < 2 ? "USB001" : "USB002",
      WorkOffline: at !== 1,
    }));
    expect(parseWin32Printer(rows)).toMatchObject([
      { name: "Máy in một cửa", workOffline: false },
      { name: "Máy in kế toán", workOffline: true },
    ]);
  });

  it.each<[string, readonly (readonly [string, string, boolean])[], readonly string[]]>([
    [
      "moved to another port",
      [
        ["Canon LBP", "Canon LBP", true],
        ["Canon LBP (Copy 1)", "Canon LBP", false],
      ],
      ["Canon LBP: on"],
    ],
    [
      "moved back",
      [
        ["Canon LBP (Bản sao 1)", "Canon LBP", true],
        ["Canon LBP", "Canon LBP", false],
      ],
      ["Canon LBP: on"],
    ],
    [
      "moved and off",
      [
        ["Canon LBP (Copy 1)", "Canon LBP", true],
        ["Canon LBP", "Canon LBP", true],
      ],
      ["Canon LBP: off"],
    ],
    [
      "moved twice",
      [
        ["Canon LBP", "L", true],
        ["Canon LBP (Copy 1)", "L", true],
        ["Canon LBP (Copy 2)", "L", false],
      ],
      ["Canon LBP: on"],
    ],
    [
      "two of a kind that are both on",
      [
        ["Canon LBP (Copy 1)", "Canon LBP", false],
        ["Canon LBP", "Canon LBP", false],
      ],
      ["Canon LBP: on", "Canon LBP (Copy 1): on"],
    ],
    [
      "two of a kind whose names a person gave",
      [
        ["Máy in 1", "Canon LBP", true],
        ["Máy in 2", "Canon LBP", false],
      ],
      ["Máy in 1: off", "Máy in 2: on"],
    ],
    [
      "two of a kind on two floors",
      [
        ["Máy in (Tầng 2)", "Canon LBP", true],
        ["Máy in (Tầng 3)", "Canon LBP", false],
      ],
      ["Máy in (Tầng 2): off", "Máy in (Tầng 3): on"],
    ],
    [
      "two makes that are called the same",
      [
        ["Máy in (Copy 1)", "HP 107", true],
        ["Máy in", "Canon LBP", false],
      ],
      ["Máy in (Copy 1): off", "Máy in: on"],
    ],
  ])("Windows: a USB printer that %s", (_, rows, expected) => {
    const queues = parseWin32Printer(rows.map(([Name, DriverName, WorkOffline], at) => ({ Name, DriverName, PortName: `USB00${at + 1}`, WorkOffline })));
    expect(queues.map((queue) => `${queue.name}: ${queue.system === "windows" && queue.workOffline ? "off" : "on"}`)).toEqual(expected);
  });

  it("Windows: neither a webcam nor a scanner on the network is a scanner of this PC", () => {
    const rows = [
      { FriendlyName: "Canon DR-C230", Status: "OK", InstanceId: "USB\\VID_1083&PID_1651\\6&1", CompatibleID: ["USB\\Class_ff"] },
      {
        FriendlyName: "HP TrueVision HD",
        Status: "OK",
        InstanceId: "USB\\VID_04F2&PID_B5D5&MI_00\\6&2",
        CompatibleID: ["USB\\COMPAT_x", "USB\\Class_0e&SubClass_03&Prot_00"],
      },
      { FriendlyName: "HP LaserJet MFP M428 (NET)", Status: "OK", InstanceId: "ROOT\\IMAGE\\0000" },
      { FriendlyName: "Brother MFC-L2710DW", Status: "OK", InstanceId: "SWD\\DAFWSDPROVIDER\\URN:UUID:E3248000" },
      { FriendlyName: "Integrated Camera", Status: "OK" },
      { FriendlyName: "EPSON L3110", Status: "Error" },
    ];
    expect(parsePnpImage(rows)).toEqual([
      { name: "Canon DR-C230", ok: true },
      { name: "EPSON L3110", ok: false },
    ]);
  });

  it("CUPS: only queues on this PC's own ports", () => {
    const queue = (uri: string, name = "q") =>
      new Map([
        ["printer-name", [name]],
        ["device-uri", [uri]],
      ]);
    expect(["usb://Canon/LBP", "ipp://printer.local/ipp/print", "cups-pdf:/"].map((uri) => cupsQueues([queue(uri)]).length)).toEqual([1, 0, 0]);
    const two = [queue("usb://Canon/LBP", "Fax"), queue("usb://Canon/LBP", "Máy in"), queue("usb://Canon/LBP", "Máy in hai mặt")];
    expect(cupsQueues(two)).toMatchObject([{ name: "Máy in" }]);
  });

  it.each<[string, number, readonly string[], readonly string[]]>([
    ["one machine with two ways of printing is one", 1, ["A", "B"], ["A"]],
    ["two machines have the names of two queues", 2, ["A", "B"], ["A", "B"]],
    ["two machines behind one queue are told apart by number", 2, ["A"], ["A", "A 2"]],
    ["a queue whose machine is not seen is told once", 0, ["A", "B"], ["A"]],
  ])("CUPS, without serial numbers: %s", (_, machines, names, told) => {
    const queues = names.map(
      (name) =>
        new Map([
          ["printer-name", [name]],
          ["device-uri", ["usb://Canon/LBP2900"]],
        ]),
    );
    const printer = { name: "Canon", models: ["LBP2900"], serial: "", isPrinter: true, isScanner: false };
    expect(
      cupsQueues(
        queues,
        Array.from({ length: machines }, () => printer),
      ).map(({ name }) => name),
    ).toEqual(told);
  });

  it("two scanners of a kind have two names", () => {
    const rows = [1, 2].map((at) => ({ FriendlyName: "EPSON L3110", Status: "OK", InstanceId: `USB\\VID_04B8\\${at}` }));
    expect(parsePnpImage(rows).map(({ name }) => name)).toEqual(["EPSON L3110", "EPSON L3110 2"]);
  });

  it("they join the readings of a run when asked for", async () => {
    const readLocalDevices = async () => ({
      queues: parseWin32Printer([{ Name: "Canon LBP", PortName: "USB001", WorkOffline: true }]),
      scanners: [{ name: "DR-C230", ok: true }],
    });
    const io = { readLocalDevices, tcpKnock: async () => "refused" as const, readNeighbours: async () => [] };
    const outcome = await observe(officeDevices, { address: "127.0.0.1", role: "officer-pc", spooler: true }, probeContext({ io }));
    expect(outcome).toMatchObject({
      kind: "measured",
      readings: expect.arrayContaining([
        { metric: "device_up", value: 0, labels: { device: "Canon LBP", role: "printer", method: "spooler" } },
        { metric: "printer_working", value: 0, labels: { device: "Canon LBP", role: "printer" } },
        { metric: "scanner_ready", value: 1, labels: { device: "DR-C230" } },
      ]),
    });
  });
});
