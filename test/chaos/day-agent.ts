import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConfig } from "#schemas/agent-config.ts";
import { deriveAssignments } from "../../agent/assignments.ts";
import { ClockWatch } from "../../agent/clock-state.ts";
import { LocalConfig } from "../../agent/config.ts";
import { Credentials } from "../../agent/credentials.ts";
import { keyOf, readIdentity } from "../../agent/identity.ts";
import { createIo } from "../../agent/io/io.ts";
import { Jobs } from "../../agent/jobs.ts";
import { logFile } from "../../agent/log-file.ts";
import { createLogger } from "../../agent/logger.ts";
import { type KeptMemory, openMemory } from "../../agent/probe-memory.ts";
import { probes } from "../../agent/probes/registry.ts";
import { runAssignment } from "../../agent/run-assignment.ts";
import { Spool } from "../../agent/spool/spool.ts";
import { writeStatus } from "../../agent/status.ts";
import { lanGuard } from "../../agent/subnets.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { Uplink } from "../../agent/uplink/uplink.ts";

/**
 * The agent's own parts on a clock that runs `lapse` times as fast: schedule, spool, upkeep and status see days, while sockets and timeouts see real
 * time. Prints what it holds (JSON lines) every half hour of its clock. `day-rig.ts` starts it with --expose-gc.
 */
const [folder = "", url = "", hoursText = "24", lapseText = "300"] = process.argv.slice(2);
const [hours, lapse] = [Number(hoursText), Number(lapseText)];
const HOUR_MS = 3_600_000;

const begunWallMs = Date.now();
const begun = performance.now();
const elapsedMs = () => Math.round((performance.now() - begun) * lapse);
const readClock = () => ({ wallMs: begunWallMs + elapsedMs(), steadyMs: HOUR_MS + elapsedMs() });

const identity = readIdentity(folder);
if (!identity) throw new Error(`${folder} is not enrolled`);
const log = createLogger("warn", logFile(folder));
const spool = new Spool({ folder, nowMs: () => readClock().wallMs, log: log.warn });
const client = new CollectorClient({ url, signer: { agent: identity.agent, key: keyOf(folder, identity) }, version: "day" });
const clock = new ClockWatch();
const uplink = new Uplink({ spool, client, clock, readClock, bootId: "day", log: log.warn, chance: () => 0, splayMs: 0 });
const credentials = new Credentials(folder);
const memories = new Map<string, KeptMemory>();
const stop = new AbortController();
const runs = new Map<string, number>();

const jobs = new Jobs({
  timing: () => ({ agent: identity.agent, anchorMs: begunWallMs - HOUR_MS }),
  steadyMs: () => readClock().steadyMs,
  lastRunAgeMs: () => undefined,
  run: (assignment, signal) => {
    runs.set(assignment.probe, (runs.get(assignment.probe) ?? 0) + 1);
    const dependencies = {
      io: createIo(),
      probeOf: () => probes.get(assignment.probe),
      client,
      clock,
      readClock,
      bootId: "day",
      mayReach: () => true,
      secretOf: (name: string) => credentials.secretOf(name),
      memoryOf: (id: string) => {
        const memory = memories.get(id) ?? openMemory(folder, id, log.warn);
        memories.set(id, memory);
        return memory;
      },
      append: (observation: Parameters<Spool["append"]>[0]) => {
        spool.append(observation);
        uplink.notify();
      },
      log,
    };
    return runAssignment(assignment, dependencies, signal);
  },
});
const config = (await client.send({ method: "GET", path: "/v1/config", signal: stop.signal })).body as AgentConfig;
const local = LocalConfig.parse({
  localTest: true,
  credentials: { "nvr-1": { onvif: "nvr", http: "nvr" } },
  // A run in which pings wait for each other would take minutes of this clock.
  probes: { "link-quality": { count: 2, timeoutMs: 200 } },
});
const { policy, centre } = config;
const sources = { policy, devices: centre.devices, measureServers: [], local, collectorUrl: url, dataDir: folder, allows: lanGuard(local), networks: [] };
jobs.update(deriveAssignments(sources).assignments);

const sending = uplink.run(stop.signal);
let [tick, toldHalfHours] = [0, -1];
while (elapsedMs() < hours * HOUR_MS) {
  clock.observe(readClock());
  jobs.tick(stop.signal);
  if (tick % 60 === 0) spool.maintain({ clockTrusted: true });
  if (tick % 15 === 0)
    writeStatus(folder, {
      identity,
      version: "day",
      startedMs: begunWallMs,
      clock,
      uplink: uplink.status(),
      dateFault: client.dateFault(),
      spool: spool.status(),
      jobs: jobs.list(),
      readClock,
      isEnding: false,
      refused: [],
    });
  if (Math.floor(elapsedMs() / (HOUR_MS / 2)) > toldHalfHours) {
    toldHalfHours = Math.floor(elapsedMs() / (HOUR_MS / 2));
    // What a run under way holds is no leak, nor is what waits to be swept.
    await Promise.race([jobs.idle(), sleep(10_000)]);
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().length;
    process.stdout.write(`${JSON.stringify({ hour: elapsedMs() / HOUR_MS, rss, heapUsed, files: readdirSync("/proc/self/fd").length, resources: sockets })}\n`);
  }
  tick++;
  await sleep(1_000 / lapse);
}
stop.abort();
await Promise.race([Promise.allSettled([sending, jobs.idle()]), sleep(3_000)]);
process.stdout.write(`${JSON.stringify({ ticks: tick, runs: Object.fromEntries(runs), uplink: uplink.status(), ...spool.status() })}\n`);
process.exit();
