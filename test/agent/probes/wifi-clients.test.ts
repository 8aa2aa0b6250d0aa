import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Outcome, type Reading, readingOf } from "#schemas/observation.ts";
import { DeviceError } from "../../../agent/io/device-error.ts";
import type { Io } from "../../../agent/io/io.ts";
import { wifiClients } from "../../../agent/probes/wifi-clients/probe.ts";
import { observe } from "../../../agent/runner.ts";
import { freeUdpPort } from "../../support/free-port.ts";
import { type Asked, answer, type HostileRow, startHostileAgent } from "../../support/hostile-snmp.ts";
import { probeContext } from "../../support/probe-context.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type Snmpsim, startSnmpsim } from "../../support/snmpsim.ts";
import { projectRoot } from "../../support/source-files.ts";

const run = (options: object, io: Partial<Io> = {}) => observe(wifiClients, options, probeContext({ io }));
const MAC = /([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|\b[0-9a-f]{12}\b/i;

function readingsOf(outcome: Outcome): readonly Reading[] {
  if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
  return outcome.readings;
}
const total = (outcome: Outcome, metric: Reading["metric"]) =>
  readingsOf(outcome).find((reading) => reading.metric === metric && reading.labels === undefined)?.value;

describe.skipIf(!requirePeer("snmpsimd"))("wifi-clients over SNMP", () => {
  const models = [
    "unifi-ap",
    "mikrotik-routeros",
    "tplink-omada-eap",
    "ruckus-unleashed",
    "ruckus-standalone-ap",
    "generic-router",
    "windows-dhcp-server",
    "ruijie-ac",
  ];
  let simulator: Snmpsim;
  beforeAll(async () => {
    const fixture = (id: string) => join(projectRoot, "test/fixtures/wifi-clients", id, "device.snmprec");
    const printer = join(projectRoot, "test/fixtures/office-devices/states/scanner-only.snmprec");
    const unifiZero = join(projectRoot, "test/fixtures/wifi-clients-faults/unifi-zero.snmprec");
    const zero = join(projectRoot, "test/fixtures/wifi-clients-faults/omada-zero.snmprec");
    simulator = await startSnmpsim({
      ...Object.fromEntries(models.map((id) => [id, fixture(id)])),
      "no-wifi": printer,
      "omada-zero": zero,
      "unifi-zero": unifiZero,
    });
  });
  afterAll(() => simulator?.stop());
  const target = (community: string, over: object = {}) => ({ address: "127.0.0.1", port: simulator.port, snmp: { version: "2c", community }, ...over });
  const guests: Io["readNeighbours"] = async () => [
    { address: "127.0.0.1", mac: "02:00:00:00:00:01", interface: "lan" },
    { address: "10.9.9.20", mac: "02:00:00:00:00:20", interface: "lan" },
    { address: "10.9.9.21", mac: "02:00:00:00:00:21", interface: "lan" },
    { address: "10.8.8.22", mac: "02:00:00:00:00:22", interface: "other" },
  ];
  const nobody: Io["readNeighbours"] = async () => [];
  const noRoute: Io["readDefaultRoute"] = async () => undefined;

  it("one access point: a total without labels, and what breaks it down", async () => {
    const outcome = await run(target("unifi-ap", { id: "ap-1" }));
    expect(total(outcome, "wifi_clients")).toBe(32);
    expect(readingOf(readingsOf(outcome), "wifi_clients", { ap: "ap-1", ssid: "HCC-Guest", radio: "5" })).toBe(21);
    expect(readingOf(readingsOf(outcome), "wifi_ap_up", { ap: "ap-1" })).toBe(1);
    expect(outcome).toMatchObject({ evidence: { method: "snmp:unifi-ap" } });
  });

  it("several devices add up, and a failed one is named without spoiling the rest", async () => {
    const targets = [target("unifi-ap", { id: "ap-1" }), target("mikrotik-routeros", { id: "gw" }), target("silent", { id: "ap-2" })];
    const outcome = await run({ targets });
    expect(total(outcome, "wifi_clients")).toBe(47);
    expect(total(outcome, "dhcp_leases")).toBe(57);
    expect(readingOf(readingsOf(outcome), "wifi_ap_up", { ap: "ap-2" })).toBeUndefined();
    expect(outcome).toMatchObject({ evidence: { partial: true, targets: [{}, {}, { target: "ap-2", state: "failed", reason: "timeout" }] } });
  });

  it("a controller speaks for its access points", async () => {
    const outcome = await run({ targets: [target("ruckus-unleashed", { id: "ctl" }), target("ruckus-standalone-ap", { id: "ap" })] });
    expect(total(outcome, "wifi_clients")).toBe(16);
  });

  it("a zero of firmware that always says 0 is dropped while hosts are seen", async () => {
    const outcome = await run(target("omada-zero", { id: "eap" }), { readNeighbours: guests, readDefaultRoute: noRoute });
    expect(total(outcome, "wifi_clients")).toBeUndefined();
    expect(outcome).toMatchObject({ evidence: { contradiction: [{ target: "eap", clients: 0, neighbours: 2 }] } });
    expect(JSON.stringify(outcome)).not.toMatch(MAC);
  });

  it("the same zero stands when nobody is seen", async () => {
    expect(total(await run(target("omada-zero"), { readNeighbours: nobody, readDefaultRoute: noRoute }), "wifi_clients")).toBe(0);
  });

  it("a router's table is a hint with its method, never a total", async () => {
    const outcome = await run(target("generic-router"), { readNeighbours: nobody, readDefaultRoute: noRoute });
    expect(total(outcome, "wifi_clients")).toBeUndefined();
    expect(readingOf(readingsOf(outcome), "wifi_clients", { method: "neighbours" })).toBe(2);
    expect(outcome).toMatchObject({ evidence: { method: "neighbours" } });
    expect(JSON.stringify(outcome)).not.toMatch(MAC);
  });

  it("a device that tells nothing leaves the local table, for the subnets that were named", async () => {
    const outcome = await run({ targets: [target("no-wifi")], subnets: ["10.8.8.0/24"] }, { readNeighbours: guests, readDefaultRoute: noRoute });
    expect(readingOf(readingsOf(outcome), "wifi_clients", { method: "sweep" })).toBe(1);
  });

  it("a zero is dropped for any device while hosts are seen on a network that only the Wi-Fi uses", async () => {
    const zero: Io["readNeighbours"] = async () => [{ address: "10.8.8.22", mac: "02:00:00:00:00:22", interface: "wlan" }];
    const quiet = { readNeighbours: zero, readDefaultRoute: noRoute, sweep: async () => {} };
    const outcome = await run({ targets: [target("unifi-zero", { id: "ap" })], subnets: ["10.8.8.0/24"] }, quiet);
    expect(total(outcome, "wifi_clients")).toBeUndefined();
    expect(outcome).toMatchObject({ evidence: { contradiction: [{ target: "ap", clients: 0, neighbours: 1 }] } });
    expect(total(await run({ targets: [target("unifi-zero")] }, quiet), "wifi_clients")).toBe(0);
  });

  it.each<[string, string, number]>([
    ["leases before all", "generic-router", 4],
    ["a router's own leases count, too", "windows-dhcp-server", 71],
  ])("the best table speaks: %s", async (_, community, hosts) => {
    const readLeases = async () => [20, 21, 22, 23].map((host) => ({ address: `10.9.9.${host}`, mac: `02:00:00:00:00:${host}`, leftS: 60 * host }));
    const io = { readNeighbours: guests, readDefaultRoute: noRoute, readLeases };
    const outcome = await run({ targets: [target(community)], ...(community === "generic-router" && { leaseFile: "/var/lib/misc/dnsmasq.leases" }) }, io);
    expect(readingOf(readingsOf(outcome), "wifi_clients", { method: "dhcp" })).toBe(hosts);
    expect(outcome).toMatchObject({ evidence: { method: "dhcp" } });
    expect(JSON.stringify(outcome)).not.toMatch(MAC);
  });

  it("without any table it is unsupported, with what would help", async () => {
    const outcome = await run(target("no-wifi"), { readNeighbours: nobody, readDefaultRoute: noRoute });
    expect(outcome).toMatchObject({ kind: "failed", reason: "unsupported", detail: expect.stringContaining("add-a-device") });
  });

  it("a DHCP server alone tells leases and free addresses", async () => {
    const outcome = await run(target("windows-dhcp-server"), { readNeighbours: nobody, readDefaultRoute: noRoute });
    expect([total(outcome, "dhcp_leases"), total(outcome, "dhcp_free"), total(outcome, "wifi_clients")]).toEqual([71, 129, undefined]);
  });

  it("no MAC address leaves, whatever the device keeps in its tables", async () => {
    for (const model of models) expect(JSON.stringify(await run(target(model), { readNeighbours: guests, readDefaultRoute: noRoute })), model).not.toMatch(MAC);
  });
});

describe("wifi-clients and faults", () => {
  const dead = {
    icmpBurst: async () => ({ method: "icmp", sent: 1, rttsMs: [] }),
    tcpBurst: async () => ({ method: "tcp", sent: 1, rttsMs: [] }),
  } satisfies Partial<Io>;

  it("silence of a living host is a timeout, never 0", async () => {
    expect(await run({ address: "127.0.0.1", port: await freeUdpPort() })).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it("silence of a dead host is a measurement", async () => {
    const outcome = await run({ id: "ap-9", address: "127.0.0.1", port: await freeUdpPort() }, dead);
    expect(readingsOf(outcome)).toEqual([{ metric: "wifi_ap_up", value: 0, labels: { ap: "ap-9" } }]);
  });

  it("without a way out of this PC silence is no measurement", async () => {
    const session = {
      ...dead,
      readDefaultRoute: async () => undefined,
      openSnmp: () => {
        throw new DeviceError("unreachable", "10.9.9.2 could not be reached");
      },
    };
    expect(await run({ id: "ap-9", address: "10.9.9.2" }, session)).toMatchObject({ kind: "failed", reason: "no_route" });
    const down = await run({ id: "ap-9", address: "10.9.9.2" }, { ...session, attachedNetworks: () => ["10.9.9.5/24"] });
    expect(readingsOf(down)).toEqual([{ metric: "wifi_ap_up", value: 0, labels: { ap: "ap-9" } }]);
  });

  it("where echo requests may not be sent, silence proves nothing", async () => {
    const io = { ...dead, icmpBurst: () => Promise.reject(new Error("the system's ping may not send ICMP here")) };
    expect(await run({ address: "127.0.0.1", port: await freeUdpPort() }, io)).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it.each([
    [{ targets: [] }, "options.targets"],
    [{ address: "ap.example" }, "options.targets.0.address"],
    [{ address: "127.0.0.1", subnets: ["10.0.0.0"] }, "options.subnets.0"],
    [{ address: "127.0.0.1", snmp: { version: "3", user: "u", auth: { protocol: "sha", key: "short" } } }, "options.targets.0.snmp.auth.key"],
  ])("wrong options name their field: %j", async (options, field) => {
    expect(await run(options)).toMatchObject({ kind: "failed", reason: "bad_options", detail: expect.stringContaining(field) });
  });
});

describe("wifi-clients and a device that lies", () => {
  const vap = "1.3.6.1.4.1.41112.1.6.1.2.1";
  const evil = '\u001b[31mFree\u202eWiFi<script>alert("1")</script>\u0000';
  const rows: readonly HostileRow[] = [
    { oid: "1.3.6.1.2.1.1.1.0", value: `UAP ${evil}` },
    { oid: "1.3.6.1.2.1.1.2.0", value: { oid: "1.3.6.1.4.1.41112.1.6.3" } },
    { oid: "1.3.6.1.2.1.1.5.0", value: evil },
    { oid: `${vap}.6.1`, value: evil },
    { oid: `${vap}.6.2`, value: Buffer.alloc(30_000, 0x41) },
    { oid: `${vap}.8.1`, value: 3 },
    { oid: `${vap}.8.2`, value: 4 },
    { oid: `${vap}.9.1`, value: "ng" },
    { oid: `${vap}.9.2`, value: "na" },
  ];
  const play = async (tree: readonly HostileRow[]) => {
    const agent = await startHostileAgent((asked) => [answer(asked, rowsFor(asked, tree))]);
    onTestFinished(() => agent.stop());
    return run({ address: "127.0.0.1", port: agent.port });
  };

  it("control characters, bidi marks and long names are harmless when they leave", async () => {
    const outcome = await play(rows);
    expect(total(outcome, "wifi_clients")).toBe(7);
    const ssids = readingsOf(outcome).flatMap(({ labels }) => labels?.ssid ?? []);
    expect(ssids).toContain('Free WiFi<script>alert("1")</script>');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(JSON.stringify(outcome)).not.toMatch(/[\u0000-\u001f\u202a-\u202e]|\\u00/);
    expect(Math.max(...ssids.map((ssid) => ssid.length))).toBeLessThanOrEqual(128);
  });

  it.each<[string, HostileRow["value"]]>([
    ["a negative count", -5],
    ["a word", "many"],
    ["an absurd count", 2_000_000_000],
  ])("%s gives no total instead of a wrong one", async (_, value) => {
    const outcome = await play(rows.map((row) => (row.oid === `${vap}.8.1` ? { ...row, value } : row)));
    expect(outcome.kind === "measured" ? total(outcome, "wifi_clients") : undefined).toBeUndefined();
  });

  /** What an honest tree would answer: GET gives the object, everything else the next one; the end is an object outside. */
  function rowsFor({ pdu, oid, oids }: Asked, tree: readonly HostileRow[]): readonly HostileRow[] {
    if (pdu === 0xa0) return oids.map((one) => tree.slice(0, 3).find((row) => row.oid === one) ?? { oid: one, value: "no" });
    const next = tree.find((row) => row.oid.startsWith(`${oid}.`)) ?? tree[tree.findIndex((row) => row.oid === oid) + 1];
    return [next ?? { oid: "1.3.6.1.6.1.0", value: 0 }];
  }
});
