import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isPluggedIn, machinesBehind, readUsbDevices } from "../../../agent/io/usb-devices.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A tree as Linux shows it: a printer, a scanner that SANE drives, a keyboard and a root hub. */
function usbTree() {
  const root = temporaryFolder();
  const place = { sysfs: join(root, "sysfs"), udev: join(root, "udev") };
  const file = (path: string, text: string) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  const device = (name: string, number: string, interfaceClass: string, words: Record<string, string>) => {
    for (const [key, value] of Object.entries({ ...words, dev: number })) file(`sysfs/${name}/${key}`, value);
    file(`sysfs/${name}:1.0/bInterfaceClass`, interfaceClass);
  };
  device("1-1", "189:1", "07", { manufacturer: "Canon", product: "LBP2900", serial: "0000A1" });
  device("1-2.3", "189:2", "ff", { manufacturer: "Fujitsu", product: "fi-7160" });
  device("1-4", "189:3", "03", { product: "USB Keyboard" });
  device("usb1", "189:0", "09", {});
  file("udev/c189:2", "E:ID_VENDOR=Fujitsu\nE:libsane_matched=yes");
  file("udev/c189:3", "E:ID_INPUT=1");
  return place;
}

describe("USB devices of a Linux PC", () => {
  it("printers by their class, scanners by SANE's rules, and nothing else", async () => {
    expect(await readUsbDevices(usbTree())).toEqual([
      { name: "Canon LBP2900", models: ["LBP2900"], serial: "0000A1", isPrinter: true, isScanner: false },
      { name: "Fujitsu fi-7160", models: ["fi-7160"], serial: "", isPrinter: false, isScanner: true },
    ]);
  });

  it("a kernel without USB tells nothing, which is not the same as no device", async () => {
    expect(await readUsbDevices({ sysfs: "/no/such/folder", udev: "/no/such/folder" })).toBeUndefined();
  });

  it.each<[string, string, boolean | undefined]>([
    ["the one with its serial number is there", "usb://Canon/LBP2900?serial=0000A1", true],
    ["the one with its serial number is there, by HPLIP", "hp:/usb/LaserJet_M404?serial=0000A1", true],
    ["another serial number, by HPLIP", "hp:/usb/LaserJet_M404?serial=0000B2", false],
    ["another serial number", "usb://Canon/LBP2900?serial=0000B2", false],
    ["without a serial number any printer may be it", "usb://Canon/LBP2900", undefined],
    ["another port than USB", "parallel:/dev/lp0", undefined],
  ])("a queue's printer: %s", async (_, uri, present) => {
    expect(isPluggedIn(uri, await readUsbDevices(usbTree()))).toBe(present);
    expect(isPluggedIn(uri, undefined)).toBeUndefined();
  });

  it.each<[string, string, number]>([
    ["two of a kind without serial numbers, by what they say as printers", "usb://Canon/LBP2900", 2],
    ["by what they say on USB", "usb://HP/LaserJet%201020", 1],
    ["by HPLIP", "hp:/usb/HP_LaserJet_1020", 1],
    ["a serial number names one machine already", "usb://Canon/LBP2900?serial=0000A1", 0],
    ["a model that is not there", "usb://Brother/HL-1110", 0],
    ["no port of USB", "ipp://printer.local/ipp/print", 0],
  ])("machines behind a port: %s", (_, uri, count) => {
    const printer = { name: "", serial: "", isPrinter: true, isScanner: false };
    const devices = [
      { ...printer, models: ["CAPT USB Device", "LBP2900"] },
      { ...printer, models: ["CAPT USB Device", "LBP2900"] },
      { ...printer, models: ["LBP2900"], serial: "0000A1" },
      { ...printer, models: ["HP LaserJet 1020"] },
      { ...printer, models: ["LBP2900"], isPrinter: false },
    ];
    expect([machinesBehind(uri, devices), machinesBehind(uri, undefined)]).toEqual([count, 0]);
  });

  it("a printer's own description of itself is read from its interface", async () => {
    const place = usbTree();
    writeFileSync(join(place.sysfs, "1-1:1.0", "ieee1284_id"), "MFG:Canon;MDL:LBP2900B;CLS:PRINTER;\n");
    expect((await readUsbDevices(place))?.[0]?.models).toEqual(["LBP2900", "LBP2900B"]);
  });

  it("no printer at all, so the queue's is not there either", () => {
    expect(isPluggedIn("usb://Canon/LBP2900", [])).toBe(false);
  });
});
