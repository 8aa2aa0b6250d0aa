import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "#schemas/target.ts";
import { createIo, type Io } from "../../agent/io/io.ts";
import { officeDevices } from "../../agent/probes/office-devices/probe.ts";
import { observe } from "../../agent/runner.ts";

// A process of its own, started as the agent is, so that memory and CPU are the agent's alone: prints one line of JSON.
const ALIVE = "127.0.0.1";
const DEAD = "127.0.0.2";
const COUNT = 60;
const [livePort, silentPort] = process.argv.slice(2).map(Number);

const targets = Array.from({ length: COUNT }, (_, index): Target => {
  const dead = index % 2 === 1;
  const common = { id: `device-${index}`, address: dead ? DEAD : ALIVE };
  if (index % 4 < 2) return { ...common, role: "officer-pc" };
  return { ...common, role: "printer", snmp: { version: "2c", community: "bench-printer", port: dead ? silentPort : livePort } };
});

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

const before = process.cpuUsage();
const startedMs = performance.now();
const memory = { get: () => undefined, set: () => {} };
const context = {
  fetch,
  io: ioWithDeadHost(),
  mayReach: () => true,
  memory,
  log: () => {},
  nowMs: Date.now,
  trustedMs: Date.now,
  steadyMs: () => performance.now(),
};
const outcome = await observe(officeDevices, { targets }, context);
const wallSeconds = (performance.now() - startedMs) / 1000;
const { user, system } = process.cpuUsage(before);
if (outcome.kind !== "measured") throw new Error(`the round failed: ${JSON.stringify(outcome)}`);
const seen = outcome.readings.find(({ metric, labels }) => metric === "devices_seen" && labels === undefined)?.value ?? 0;
const whole = process.resourceUsage();
console.log(
  JSON.stringify({
    targets: COUNT,
    dead: COUNT / 2,
    seen,
    wallSeconds,
    cpuSeconds: (user + system) / 1e6,
    startCpuSeconds: (whole.userCPUTime + whole.systemCPUTime - user - system) / 1e6,
    peakRssMegabytes: (whole.maxRSS * 1024) / 1e6,
  }),
);
