import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome, readingOf } from "#schemas/observation.ts";
import { createIo } from "../../agent/io/io.ts";
import { probes } from "../../agent/probes/registry.ts";
import { observe } from "../../agent/runner.ts";
import { Spool } from "../../agent/spool/spool.ts";
import { runFlags } from "../../deploy/run-flags.ts";
import { probeContext } from "../support/probe-context.ts";
import { requirePeer } from "../support/require-peer.ts";
import { type Snmpsim, startSnmpsim } from "../support/snmpsim.ts";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const fixture = (path: string) => join(projectRoot, "test/fixtures", path, "device.snmprec");

describe.skipIf(!requirePeer("snmpsimd"))("the agent's command line against devices on loopback", () => {
  let simulator: Snmpsim;
  beforeAll(async () => {
    simulator = await startSnmpsim({ public: fixture("wifi-clients/unifi-ap"), may: fixture("office-devices/printer-mib") });
  });
  afterAll(() => simulator?.stop());

  /** As `npm run agent` starts it, with nothing but an address and a port. */
  const agent = async (...words: string[]) => {
    const flags = [...runFlags("agent"), "agent/main.ts"];
    const env = { ...process.env, HCC_AGENT_DATA: temporaryFolder() };
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...words, "--json"], { cwd: projectRoot, env, timeout: 60_000 });
    return JSON.parse(stdout) as unknown;
  };

  it("probe wifi-clients", async () => {
    const outcome = Outcome.parse(await agent("probe", "wifi-clients", "--options", JSON.stringify({ address: "127.0.0.1", port: simulator.port })));
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(readingOf(outcome.readings, "wifi_clients")).toBe(32);
  });

  it("probe office-devices", async () => {
    const target = { address: "127.0.0.1", role: "printer", snmp: { version: "2c", community: "may", port: simulator.port } };
    const outcome = Outcome.parse(await agent("probe", "office-devices", "--options", JSON.stringify({ targets: [target] })));
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    expect(readingOf(outcome.readings, "device_up", { method: "snmp" })).toBe(1);
  });

  it("discover", async () => {
    const { proposals } = (await agent("discover", "--network", "127.0.0.1/30", "--snmp-port", String(simulator.port))) as { proposals: object[] };
    expect(proposals).toContainEqual(
      expect.objectContaining({ device: expect.objectContaining({ address: "127.0.0.1", role: "access-point", vendor: "Ubiquiti" }) }),
    );
  });

  it("whatever devices and this PC's tables hold, no MAC address stands in what is spooled", async () => {
    const macs = ["3c:2a:f4:00:00:20", "02:00:00:00:00:31", "06:00:00:00:00:40"];
    const io = {
      ...createIo(),
      sweep: async () => {},
      readDefaultRoute: async () => undefined,
      readNeighbours: async () => macs.map((mac, index) => ({ address: `127.0.0.${index + 1}`, mac, interface: "lan" })),
      readLeases: async () => macs.map((mac, index) => ({ address: `127.0.0.${index + 1}`, mac })),
    };
    const target = { address: "127.0.0.1", port: simulator.port };
    const runs = [
      ["wifi-clients", { ...target, leaseFile: "/leases", subnets: ["127.0.0.0/24"] }],
      ["office-devices", { address: "127.0.0.3", role: "officer-pc", port: 9 }],
      ["device-discovery", { networks: ["127.0.0.0/24"], targets: [{ id: "pc-1", address: "127.0.0.2" }] }],
      ["host", { path: "/" }],
    ] as const;
    const folder = temporaryFolder();
    {
      using spool = new Spool({ folder, nowMs: Date.now, log: () => {} });
      for (const [kind, options] of runs) {
        const probe = probes.get(kind);
        if (!probe) throw new Error(kind);
        const outcome = await observe(probe, options, probeContext({ io, signal: AbortSignal.timeout(30_000) }));
        spool.append({ probe: kind, takenAt: new Date().toISOString(), uptimeMs: 1, bootId: "boot", clock: "ok", elapsedMs: 1, outcome });
      }
      expect(runs.map(([kind]) => spool.recent(kind, 1)[0]?.outcome.kind)).toEqual(["measured", "measured", "measured", "measured"]);
    }
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString("latin1"));
    expect(kept.join("").length).toBeGreaterThan(1_000);
    for (const mac of macs)
      for (const shape of [mac, mac.replaceAll(":", "-"), mac.replaceAll(":", "")])
        expect(kept.filter((text) => text.toLowerCase().includes(shape))).toEqual([]);
    expect(kept.join("")).not.toMatch(/\b([0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b/i);
  });
});
