import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readingOf } from "#schemas/observation.ts";
import type { Io } from "../../../agent/io/io.ts";
import { diskLabel } from "../../../agent/probes/host/disk-part.ts";
import { gatewayPart } from "../../../agent/probes/host/gateway-part.ts";
import { probes } from "../../../agent/probes/registry.ts";
import { observe } from "../../../agent/runner.ts";
import { probeContext } from "../../support/probe-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const silentIcmp: Io["icmpBurst"] = async (_address, { count }) => ({ method: "icmp", sent: count, rttsMs: [] });
const silentTcp: Io["tcpBurst"] = async (_address, _port, { count }) => ({ method: "tcp", sent: count, rttsMs: [] });
const silent: Partial<Io> = {
  icmpBurst: silentIcmp,
  tcpBurst: silentTcp,
  readNeighbours: async () => [],
  readDefaultRoute: async () => ({ interface: "eth0", gateway: "192.0.2.1" }),
  readInterface: async () => ({ name: "eth0", medium: "ethernet", speedMbps: 1_000 }),
};

describe("the gateway", () => {
  it.each([
    ["answers a ping", { icmpBurst: async () => ({ method: "icmp", sent: 3, rttsMs: [1] }) }, 1, "icmp"],
    ["drops pings and refuses a connection", { tcpBurst: async () => ({ method: "tcp", sent: 1, rttsMs: [2] }) }, 1, "tcp"],
    [
      "cannot be pinged from here, but refuses a connection",
      { icmpBurst: () => Promise.reject(new Error("not permitted")), tcpBurst: async () => ({ method: "tcp", sent: 1, rttsMs: [2] }) },
      1,
      "tcp",
    ],
    [
      "is mute but in the neighbour table: nobody knows",
      { readNeighbours: async () => [{ address: "192.0.2.1", mac: "02:00:00:00:00:01", interface: "eth0" }] },
      undefined,
      "neighbour",
    ],
    ["is gone", {}, 0, "none"],
  ] satisfies [string, Partial<Io>, number | undefined, string][])("%s", async (_name, io, up, method) => {
    const part = await gatewayPart(probeContext({ io: { ...silent, ...io } }));
    expect(readingOf(part.readings, "gateway_up")).toBe(up);
    expect(part.evidence).toMatchObject({ gatewayMethod: method });
    expect(readingOf(part.readings, "nic_speed_mbps", { interface: "eth0" })).toBe(1_000);
  });

  it("no default route at all is a gateway that is down", async () => {
    const part = await gatewayPart(probeContext({ io: { ...silent, readDefaultRoute: async () => undefined } }));
    expect(part.readings).toEqual([{ metric: "gateway_up", value: 0 }]);
  });

  it("a speed that the system does not tell is no reading", async () => {
    const part = await gatewayPart(probeContext({ io: { ...silent, readInterface: async () => ({ name: "eth0", medium: "virtual" }) } }));
    expect(readingOf(part.readings, "nic_speed_mbps")).toBeUndefined();
  });
});

function ask(options: unknown, io: Partial<Io> = {}) {
  const probe = probes.get("host");
  if (!probe) throw new Error("host is not registered");
  return observe(probe, options, probeContext({ io: { ...silent, ...io } }));
}

describe("the probe host", () => {
  it("tells what this very machine is like", async () => {
    const outcome = await ask({ name: "localhost" });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(readingOf(outcome.readings, "host_uptime_s")).toBeGreaterThan(0);
    expect(readingOf(outcome.readings, "host_memory_free_percent")).toBeGreaterThan(0);
    expect(readingOf(outcome.readings, "host_disk_free_bytes", { disk: diskLabel(process.cwd()) })).toBeGreaterThan(0);
    expect(readingOf(outcome.readings, "dns_resolve_ms")).toBeGreaterThanOrEqual(0);
    expect(outcome.evidence?.silent).toBeUndefined();
  });

  it("holds a name without an address against another one before it says anything of the resolver", async () => {
    const look = async (names: object) => {
      const outcome = await ask(names);
      return outcome.kind === "measured" && { resolves: readingOf(outcome.readings, "dns_resolve_ms") !== undefined, noAddress: outcome.evidence?.noAddress };
    };
    const broken = "no-such-name.invalid";
    expect(await look({ name: broken, otherName: "localhost" })).toEqual({ resolves: true, noAddress: broken });
    expect(await look({ name: broken, otherName: "nor-this-one.invalid" })).toEqual({ resolves: false, noAddress: undefined });
    expect(await look({ name: "localhost", otherName: broken })).toEqual({ resolves: true, noAddress: undefined });
  });

  it("samples the load before it asks the system for anything else: on Windows that starts programs, which would be the load", async () => {
    const startedMs = performance.now();
    let askedMs = startedMs;
    const outcome = await ask(
      {},
      {
        readNeighbours: async () => {
          askedMs = performance.now();
          return [];
        },
      },
    );
    expect(askedMs - startedMs).toBeGreaterThan(900);
    expect(outcome.kind === "measured" && readingOf(outcome.readings, "host_cpu_percent")).toBeGreaterThanOrEqual(0);
    expect(outcome).toMatchObject({ evidence: { os: expect.stringMatching(/./), cores: expect.any(Number) } });
  });

  it.each([
    ["of a folder that is there", "nguyen-van-an", true],
    ["of one that is not", "nguyen-van-an/gone", false],
  ])("lets no path out: the disk %s", async (_name, inside, isThere) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "nguyen-van-an"));
    const outcome = await ask({ path: join(folder, inside) });
    expect(outcome.kind === "measured" && readingOf(outcome.readings, "host_disk_free_percent", { disk: diskLabel(folder) }) !== undefined).toBe(isThere);
    expect(JSON.stringify(outcome)).not.toContain("nguyen-van-an");
  });

  it.each([
    ["C:\\Users\\nguyen-van-an\\hcc", "C:"],
    ["d:\\hcc", "D:"],
    ["\\\\server\\nguyen-van-an\\hcc", "data"],
    ["/home/nguyen-van-an/hcc", "data"],
    ["/", "data"],
  ])("names the disk of %s: %s", (path, label) => {
    expect(diskLabel(path)).toBe(label);
  });

  it("what one source does not tell costs its own readings only, and is named", async () => {
    const outcome = await ask({ name: "no-such-name.invalid", path: "/no/such/folder" }, { readNeighbours: () => Promise.reject(new Error("no table")) });
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(Object.keys(outcome.evidence?.silent as object).sort()).toEqual(["disk", "dns", "gateway", "neighbours"]);
    expect(readingOf(outcome.readings, "host_disk_free_bytes")).toBeUndefined();
    expect(readingOf(outcome.readings, "lan_neighbours")).toBeUndefined();
    expect(readingOf(outcome.readings, "host_uptime_s")).toBeGreaterThan(0);
  });

  it("counts hosts, not addresses, and lets no MAC out", async () => {
    const mac = "02:00:00:00:00:0";
    const rows = [1, 1, 2].map((host, index) => ({ address: `192.0.2.${index + 10}`, mac: `${mac}${host}`, interface: "eth0" }));
    const outcome = await ask({}, { readNeighbours: async () => rows });
    expect(outcome.kind === "measured" && readingOf(outcome.readings, "lan_neighbours")).toBe(2);
    expect(JSON.stringify(outcome)).not.toContain(mac);
  });
});
