import { describe, expect, it } from "vitest";
import { NEIGHBOURS_MAX, parseGetNetNeighbor, parseIpNeigh, parseProcArp } from "../../../agent/io/neighbours.ts";

const printer = { address: "192.168.1.20", mac: "00:1b:a9:11:22:33", interface: "eth0" };

describe("the neighbour table", () => {
  it("of ip -j neigh: known hosts, with those that have not answered lately marked, not those that failed", () => {
    const rows = [
      { dst: "192.168.1.20", dev: "eth0", lladdr: "00:1b:a9:11:22:33", state: ["STALE"] },
      { dst: "192.168.1.21", dev: "eth0", state: ["FAILED"] },
      { dst: "192.168.1.22", dev: "eth0", lladdr: "00:1b:a9:11:22:34", state: ["INCOMPLETE"] },
      { dst: "fe80::1", dev: "eth0", lladdr: "00:1b:a9:11:22:35", router: null, state: ["REACHABLE"] },
      { dst: "224.0.0.251", dev: "eth0", lladdr: "01:00:5e:00:00:fb", state: ["NOARP"] },
      { unexpected: true },
    ];
    expect(parseIpNeigh(JSON.stringify(rows))).toEqual([
      { ...printer, stale: true },
      { address: "fe80::1", mac: "00:1b:a9:11:22:35", interface: "eth0" },
    ]);
  });

  it("of /proc/net/arp: complete entries", () => {
    const text = `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.20     0x1         0x2         00:1b:a9:11:22:33     *        eth0
192.168.1.21     0x1         0x0         00:00:00:00:00:00     *        eth0
`;
    expect(parseProcArp(text)).toEqual([printer]);
  });

  it("of Get-NetNeighbor: Windows writes MACs with hyphens and lists groups as permanent", () => {
    const rows = [
      { IPAddress: "192.168.1.20", LinkLayerAddress: "00-1B-A9-11-22-33", InterfaceAlias: "eth0", State: "Reachable" },
      { IPAddress: "192.168.1.255", LinkLayerAddress: "FF-FF-FF-FF-FF-FF", InterfaceAlias: "eth0", State: "Permanent" },
      { IPAddress: "192.168.1.30", LinkLayerAddress: "00-00-00-00-00-00", InterfaceAlias: "eth0", State: "Unreachable" },
      { IPAddress: "192.168.1.31", LinkLayerAddress: null, InterfaceAlias: "eth0", State: "Incomplete" },
    ];
    expect(parseGetNetNeighbor(rows)).toEqual([printer]);
  });

  it.each([
    ["empty", "", []],
    ["an empty list", "[]", []],
  ])("may be %s", (_name, text, expected) => {
    expect(parseIpNeigh(text)).toEqual(expected);
  });

  it("is cut at its cap", () => {
    const rows = Array.from({ length: NEIGHBOURS_MAX + 10 }, (_, index) => ({
      dst: `10.0.${index >> 8}.${index & 255}`,
      dev: "eth0",
      lladdr: "00:1b:a9:11:22:33",
      state: [],
    }));
    expect(parseIpNeigh(JSON.stringify(rows))).toHaveLength(NEIGHBOURS_MAX);
  });
});
