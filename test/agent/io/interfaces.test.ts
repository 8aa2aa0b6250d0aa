import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseNetAdapter, readLinux } from "../../../agent/io/interfaces.ts";

let root: string;
const signal = AbortSignal.timeout(10_000);

/** Builds a small /sys/class/net: real folders under devices/, links beside each other. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hcc-sysfs-"));
  await interfaceFolder("eth0", "pci", { speed: "1000", duplex: "full", "statistics/rx_bytes": "123", "statistics/tx_bytes": "456" }, ["device"]);
  await interfaceFolder("wlan0", "pci", { "statistics/rx_bytes": "1" }, ["wireless", "device"]);
  await interfaceFolder("eth1", "pci", { speed: "-1", duplex: "unknown" }, ["device"]);
  await interfaceFolder("veth0", "virtual", { speed: "10000", duplex: "full" }, []);
});
afterAll(() => rm(root, { recursive: true }));

async function interfaceFolder(name: string, bus: string, files: Record<string, string>, folders: readonly string[]): Promise<void> {
  const folder = join(root, "devices", bus, name);
  await mkdir(join(folder, "statistics"), { recursive: true });
  for (const inner of folders) await mkdir(join(folder, inner));
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), `${text}\n`);
  await symlink(folder, join(root, name));
}

describe.skipIf(process.platform === "win32")("an interface in sysfs", () => {
  it.each([
    ["a cable at 1 Gbps", "eth0", { name: "eth0", medium: "ethernet", speedMbps: 1_000, duplex: "full", receivedBytes: 123, sentBytes: 456 }],
    ["Wi-Fi tells no speed here", "wlan0", { name: "wlan0", medium: "wifi", receivedBytes: 1 }],
    ["no cable, no speed", "eth1", { name: "eth1", medium: "ethernet" }],
    ["a virtual one says any speed", "veth0", { name: "veth0", medium: "virtual", duplex: "full" }],
    ["none of that name", "eth9", undefined],
    ["a name that leaves the folder", "../eth0", undefined],
  ])("%s", async (_name, name, expected) => {
    expect(await readLinux(name, signal, root)).toEqual(expected);
  });
});

describe("an adapter of Windows", () => {
  const cable = { Name: "Ethernet", Speed: 100_000_000, Medium: 14, Virtual: false, FullDuplex: true, Received: 5, Sent: 6 };
  it.each([
    ["a cable at 100 Mbps", cable, { name: "Ethernet", medium: "ethernet", speedMbps: 100, duplex: "full", receivedBytes: 5, sentBytes: 6 }],
    ["Wi-Fi", { ...cable, Medium: 9, FullDuplex: null }, { name: "Ethernet", medium: "wifi", speedMbps: 100, receivedBytes: 5, sentBytes: 6 }],
    ["a virtual switch", { ...cable, Virtual: true, Medium: 0 }, { name: "Ethernet", medium: "virtual", duplex: "full", receivedBytes: 5, sentBytes: 6 }],
    [
      "a mobile stick whose speed nobody knows",
      { ...cable, Speed: 2 ** 64, Medium: 0, FullDuplex: null },
      { name: "Ethernet", medium: "unknown", receivedBytes: 5, sentBytes: 6 },
    ],
    ["without statistics", { ...cable, Received: null, Sent: null }, { name: "Ethernet", medium: "ethernet", speedMbps: 100, duplex: "full" }],
  ])("%s", (_name, row, expected) => {
    expect(parseNetAdapter([{ Name: "Other", Speed: 1 }, row], "Ethernet")).toEqual(expected);
  });
});
