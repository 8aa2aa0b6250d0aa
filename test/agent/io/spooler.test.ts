import { describe, expect, it } from "vitest";
import { judgeWindowsPrinter } from "../../../agent/devices/printer-windows.ts";
import { cupsQueue, parsePnpImage, parseWin32Printer } from "../../../agent/io/spooler.ts";
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

  it("Windows: a webcam is no scanner", () => {
    const rows = [
      { FriendlyName: "Canon DR-C230", Status: "OK" },
      { FriendlyName: "Integrated Camera", Status: "OK" },
      { FriendlyName: "EPSON L3110", Status: "Error" },
    ];
    expect(parsePnpImage(rows)).toEqual([
      { name: "Canon DR-C230", ok: true },
      { name: "EPSON L3110", ok: false },
    ]);
  });

  it("CUPS: only queues on this PC's own ports", () => {
    const queue = (uri: string) =>
      cupsQueue(
        new Map([
          ["printer-name", ["q"]],
          ["device-uri", [uri]],
        ]),
      );
    expect(["usb://Canon/LBP", "ipp://printer.local/ipp/print", "cups-pdf:/"].map((uri) => queue(uri).length)).toEqual([1, 0, 0]);
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
