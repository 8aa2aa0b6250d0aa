import { describe, expect, it } from "vitest";
import type { DefaultRoute } from "../../../agent/io/gateway.ts";
import type { Io } from "../../../agent/io/io.ts";
import { NO_WAY_OUT } from "../../../agent/io/references.ts";
import { beginningOf, GATEWAY_SILENT, gatewayTowards, NETWORK_LEFT, openWays } from "../../../agent/io/ways.ts";
import { probeContext } from "../../support/probe-context.ts";

const lan = "192.168.1.10/24";
const stick = "192.168.8.100/24";
const camera = "192.168.1.64";
const vlan = "192.168.20.64";
const viaLan: DefaultRoute = { interface: "eth0", gateway: "192.168.1.1" };
const viaStick: DefaultRoute = { interface: "usb0", gateway: "192.168.8.1" };

describe("where the way to a device begins", () => {
  it.each<[string, string, string[], string[], ReturnType<typeof beginningOf>]>([
    ["in a network with a link", camera, [lan, stick], [], "attached"],
    ["in one that was left", camera, [stick], [lan], "left"],
    ["in one with another address of this PC", camera, ["192.168.1.77/24"], [lan], "attached"],
    ["at a gateway, where this PC never was", vlan, [lan, stick], [lan], "routed"],
    ["in a network over IPv6", "fd00:1::64", ["fd00:1::5/64"], [], "attached"],
    ["in one over IPv6 that was left", "fd00:1::64", [stick], ["fd00:1::5/64"], "left"],
  ])("%s", (_, address, attached, networks, expected) => {
    expect(beginningOf(address, attached, { networks })).toBe(expected);
  });
});

describe("the gateway that decides", () => {
  it.each<[string, string[], string | undefined, DefaultRoute, ReturnType<typeof gatewayTowards>]>([
    ["of the default route, when no other is known", [lan], undefined, viaLan, { gateway: "192.168.1.1" }],
    ["none, on a line without one", [lan], undefined, { interface: "ppp0" }, { gateway: undefined }],
    ["of the LAN, though the default route goes by the stick", [lan, stick], "192.168.1.1", viaStick, { gateway: "192.168.1.1" }],
    ["a new router of the same LAN", [lan], "192.168.1.1", { interface: "eth0", gateway: "192.168.1.254" }, { gateway: "192.168.1.254" }],
    ["none, once the LAN is left", [stick], "192.168.1.1", viaStick, "left"],
  ])("%s", (_, attached, gateway, route, expected) => {
    expect(gatewayTowards(attached, { networks: [], ...(gateway !== undefined && { gateway }) }, route)).toEqual(expected);
  });
});

describe("a run", () => {
  type Pc = { networks: readonly string[]; route: DefaultRoute | undefined; neighbours?: readonly string[]; knocks?: readonly string[] };
  const memory = () => {
    const values = new Map<string, unknown>();
    return { get: (key: string) => values.get(key), set: (key: string, value: unknown) => void values.set(key, JSON.parse(JSON.stringify(value))) };
  };
  const on = ({ networks, route, neighbours = [], knocks = [] }: Pc, kept: ReturnType<typeof memory>) => {
    const io: Partial<Io> = {
      attachedNetworks: () => networks,
      readDefaultRoute: async () => route,
      readNeighbours: async () => neighbours.map((address) => ({ address, mac: "02:00:00:00:00:01", interface: "eth0" })),
      tcpKnock: async (address) => (knocks.includes(address) ? "refused" : "silent"),
    };
    return openWays([camera, vlan], probeContext({ io, memory: kept }));
  };

  it("the cable comes out and the stick goes on: silence is this PC's", async () => {
    const kept = memory();
    expect(await on({ networks: [lan, stick], route: viaLan }, kept).cutOff(camera)).toBeUndefined();
    expect(await on({ networks: [stick], route: viaStick, neighbours: ["192.168.8.1"] }, kept).cutOff(camera)).toBe(NETWORK_LEFT);
    expect(await on({ networks: [lan], route: viaLan }, kept).cutOff(camera)).toBeUndefined();
  });

  it("a device on an attached network is down whether or not there is a default route", async () => {
    expect(await on({ networks: [lan], route: undefined }, memory()).cutOff(camera)).toBeUndefined();
    expect(await on({ networks: [stick], route: undefined }, memory()).cutOff(vlan)).toBe(NO_WAY_OUT);
  });

  it.each<[string, Pc, string | undefined]>([
    ["whose gateway has answered ARP", { networks: [lan], route: viaLan, neighbours: ["192.168.1.1"] }, undefined],
    ["whose gateway answers on a port", { networks: [lan], route: viaLan, knocks: ["192.168.1.1"] }, undefined],
    ["whose gateway is silent", { networks: [lan], route: viaLan }, GATEWAY_SILENT],
    ["whose LAN is left for the stick, though that one's gateway answers", { networks: [stick], route: viaStick, neighbours: ["192.168.8.1"] }, NETWORK_LEFT],
    ["while the default route goes by the stick", { networks: [lan, stick], route: viaStick, neighbours: ["192.168.1.1"] }, undefined],
  ])("a camera behind a router, %s", async (_, pc, expected) => {
    const kept = memory();
    await on({ networks: [lan, stick], route: viaLan }, kept).answered(vlan);
    expect(await on(pc, kept).cutOff(vlan)).toBe(expected);
  });

  it("tables that cannot be read leave the silence to the device", async () => {
    const refuse = () => Promise.reject(new Error("no table"));
    const io: Partial<Io> = { attachedNetworks: () => [lan], readDefaultRoute: async () => viaLan, readNeighbours: refuse };
    expect(await openWays([vlan], probeContext({ io })).cutOff(vlan)).toBeUndefined();
    expect(await openWays([vlan], probeContext({ io: { ...io, readDefaultRoute: refuse } })).cutOff(vlan)).toBeUndefined();
  });
});
