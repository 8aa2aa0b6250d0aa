import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "#schemas/target.ts";
import { createIo, type Io } from "../../agent/io/io.ts";
import { officeDevices } from "../../agent/probes/office-devices/probe.ts";
import { observe } from "../../agent/runner.ts";
import { freeUdpPort } from "../support/free-port.ts";
import { startSnmpsim } from "../support/snmpsim.ts";
import { projectRoot } from "../support/source-files.ts";

export type DevicesBench = {
  readonly targets: number;
  readonly dead: number;
  readonly seen: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly rssMegabytes: number;
};

const ALIVE = "127.0.0.1";
const DEAD = "127.0.0.2";
const COUNT = 60;

/**
 * One round of office-devices over 60 targets, every second one dead: 30 printers (SNMP, played by snmpsim) and 30 PCs.
 * A dead one is as silent as a switched-off PC: its SNMP port is closed, and TCP and echo wait out their whole time.
 */
export async function benchDevices(): Promise<DevicesBench> {
  const simulator = await startSnmpsim({ "bench-printer": join(projectRoot, "test/fixtures/office-devices/printer-mib/device.snmprec") });
  try {
    const silentPort = await freeUdpPort();
    const targets = Array.from({ length: COUNT }, (_, index): Target => {
      const dead = index % 2 === 1;
      const common = { id: `device-${index}`, address: dead ? DEAD : ALIVE };
      if (index % 4 < 2) return { ...common, role: "officer-pc" };
      return { ...common, role: "printer", snmp: { version: "2c", community: "bench-printer", port: dead ? silentPort : simulator.port } };
    });
    const before = process.cpuUsage();
    const startedMs = performance.now();
    const memory = new Map<string, unknown>();
    const outcome = await observe(
      officeDevices,
      { targets },
      {
        fetch,
        io: ioWithDeadHost(),
        memory: { get: (key) => memory.get(key), set: (key, value) => void memory.set(key, value) },
        log: () => {},
        nowMs: Date.now,
      },
    );
    const wallSeconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(before);
    if (outcome.kind !== "measured") throw new Error(`the round failed: ${JSON.stringify(outcome)}`);
    const seen = outcome.readings.find(({ metric, labels }) => metric === "devices_seen" && labels === undefined)?.value ?? 0;
    return { targets: COUNT, dead: COUNT / 2, seen, wallSeconds, cpuSeconds: (user + system) / 1e6, rssMegabytes: process.memoryUsage().rss / 1e6 };
  } finally {
    await simulator.stop();
  }
}

/** The real clients, but on one address nothing ever answers. */
function ioWithDeadHost(): Io {
  const io = createIo();
  return {
    ...io,
    readNeighbours: async () => [],
    tcpKnock: async (address, port, timeoutMs, signal) => {
      if (address !== DEAD) return io.tcpKnock(address, port, timeoutMs, signal);
      await sleep(timeoutMs, undefined, { signal });
      return "silent";
    },
    icmpBurst: async (address, shape, signal) => {
      if (address !== DEAD) return io.icmpBurst(address, shape, signal);
      await sleep(shape.timeoutMs, undefined, { signal });
      return { method: "icmp", sent: 1, rttsMs: [] };
    },
  };
}
