import { describe, expect, it } from "vitest";
import { parseGetNetRoute, parseIpRoute, parseProcRoute } from "../../../agent/io/gateway.ts";

const viaEthernet = { interface: "eth0", gateway: "192.168.1.1" };

describe("the default route", () => {
  it.each([
    ["the only one", [{ dst: "default", gateway: "192.168.1.1", dev: "eth0", flags: [] }], viaEthernet],
    [
      "the cheaper of two",
      [
        { dst: "default", gateway: "10.0.0.1", dev: "wlan0", metric: 600 },
        { dst: "default", gateway: "192.168.1.1", dev: "eth0", metric: 100 },
      ],
      viaEthernet,
    ],
    [
      "not the one whose cable is out",
      [
        { dst: "default", gateway: "10.0.0.1", dev: "eth1", flags: ["dead", "linkdown"] },
        { dst: "default", gateway: "192.168.1.1", dev: "eth0", metric: 100 },
      ],
      viaEthernet,
    ],
    ["of a PPPoE line has no address", [{ dst: "default", dev: "ppp0", scope: "link" }], { interface: "ppp0" }],
    ["is missing", [], undefined],
  ])("of ip -j route: %s", (_name, rows, expected) => {
    expect(parseIpRoute(JSON.stringify(rows))).toEqual(expected);
  });

  it.each([
    [
      "the cheaper of two",
      "eth1\t00000000\t0100000A\t0003\t0\t0\t600\t00000000\t0\t0\t0\neth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n",
      viaEthernet,
    ],
    ["without an address", "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n", { interface: "ppp0" }],
    ["none", "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", undefined],
  ])("of /proc/net/route: %s", (_name, rows, expected) => {
    expect(parseProcRoute(`Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n${rows}`)).toEqual(expected);
  });

  it.each([
    [
      "the sum of both metrics decides",
      [
        { DestinationPrefix: "0.0.0.0/0", NextHop: "10.0.0.1", InterfaceAlias: "Wi-Fi", RouteMetric: 0, InterfaceMetric: 50 },
        { DestinationPrefix: "0.0.0.0/0", NextHop: "192.168.1.1", InterfaceAlias: "eth0", RouteMetric: 5, InterfaceMetric: 25 },
      ],
      viaEthernet,
    ],
    [
      "IPv4 before IPv6",
      [
        { DestinationPrefix: "::/0", NextHop: "fe80::1", InterfaceAlias: "eth0", RouteMetric: 0, InterfaceMetric: 1 },
        { DestinationPrefix: "0.0.0.0/0", NextHop: "192.168.1.1", InterfaceAlias: "eth0", RouteMetric: 5, InterfaceMetric: 25 },
      ],
      viaEthernet,
    ],
    [
      "not the one that was entered by hand for an adapter whose cable is out",
      [
        { DestinationPrefix: "0.0.0.0/0", NextHop: "10.0.0.1", InterfaceAlias: "Ethernet 2", RouteMetric: 1, InterfaceMetric: 5 },
        { DestinationPrefix: "0.0.0.0/0", NextHop: "192.168.1.1", InterfaceAlias: "eth0", RouteMetric: 256, InterfaceMetric: 25 },
      ],
      viaEthernet,
    ],
    ["none of an adapter whose cable is out", [{ DestinationPrefix: "0.0.0.0/0", NextHop: "10.0.0.1", InterfaceAlias: "Ethernet 2" }], undefined],
    ["none", [], undefined],
  ])("of Get-NetRoute: %s", (_name, rows, expected) => {
    expect(parseGetNetRoute(rows, new Set(["eth0", "Wi-Fi"]))).toEqual(expected);
  });
});
