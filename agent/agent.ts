import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConfig, Assignment } from "#schemas/agent-config.ts";
import { needsOf } from "#schemas/evaluate/needs.ts";
import type { Need } from "#schemas/facts.ts";
import { pointOf } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import { deriveAssignments } from "./assignments.ts";
import { bundledCalendar, bundledPolicy } from "./bundled-policy.ts";
import { ClockWatch } from "./clock-state.ts";
import type { Settings } from "./config.ts";
import { ConfigStore, configOwner, readKeptConfig } from "./config-store.ts";
import { Credentials } from "./credentials.ts";
import { type Identity, keyOf, readIdentity } from "./identity.ts";
import { createIo } from "./io/io.ts";
import { Jobs } from "./jobs.ts";
import { keepConfigured } from "./keep-configured.ts";
import { attempt, type Duty, keepTicking } from "./keep-ticking.ts";
import { logFile } from "./log-file.ts";
import { createLogger, type Logger } from "./logger.ts";
import { forgetMemories, type KeptMemory, openMemory } from "./probe-memory.ts";
import { probes } from "./probes/registry.ts";
import { isKeyOld, rotateKey } from "./rotate-key.ts";
import { runAssignment } from "./run-assignment.ts";
import type { DayFrame } from "./spool/day-facts.ts";
import type { SpooledObservation } from "./spool/rows.ts";
import { ownFolder } from "./spool/single-owner.ts";
import { Spool } from "./spool/spool.ts";
import { hasEndedWell, readStatus, writeStatus } from "./status.ts";
import { lanGuard, outsideGuard, searchedNetworks } from "./subnets.ts";
import { readBootId, readClock } from "./system-clock.ts";
import { UsageError } from "./terminal.ts";
import { CollectorClient } from "./uplink/collector-client.ts";
import { readCa } from "./uplink/private-ca.ts";
import { Uplink } from "./uplink/uplink.ts";
import { version } from "./version.ts";

const TICK_MS = 1_000;
const MAINTAIN_EVERY_TICKS = 60;
const STATUS_EVERY_TICKS = 15;
const SPLAY_MS = 60_000;
/** What waited at the start has had its chance to be sent before a full disk costs it: the longest splay, and a minute. */
const MAINTAIN_FIRST_TICK = 120;
/** Running probes get this long to notice that the agent ends, ms. */
const END_MS = 2_500;

/**
 * The agent until `stop` aborts: runs what is assigned, spools, delivers. Ends within 5 s.
 * `splay: false` leaves out the random wait before the first contact. Throws UsageError when this PC is not enrolled or an agent runs already.
 */
export async function runAgent(settings: Settings, stop: AbortSignal, { splay }: { splay: boolean }): Promise<void> {
  const { dataDir, local } = settings;
  const identity = readIdentity(dataDir);
  if (identity === undefined) throw new UsageError((lang) => text(lang, "agent.status.not_enrolled", { folder: dataDir }));
  using owner = ownFolder(dataDir);
  if (owner === undefined) throw new UsageError((lang) => text(lang, "agent.run.another", { folder: dataDir }));
  const log = createLogger(settings.logLevel, logFile(dataDir));
  using spool = new Spool({ folder: dataDir, nowMs: Date.now, log: log.warn });
  spool.standAt(`${identity.centre}/${pointOf(identity)}`, () => forgetMemories(dataDir));
  const agent = assemble(settings, identity, spool, log, splay);
  log.info("agent started", { agent: identity.agent, centre: identity.centre, collector: agent.collectorUrl, version, localTest: local.localTest });
  const kept = readKeptConfig(dataDir, configOwner(identity, local));
  if (kept !== undefined) attempt({ name: "kept configuration", run: () => agent.use(kept) }, log);
  const sending = agent.uplink.run(stop);
  // `remoteConfig: false` is the commune's veto: what was kept stays.
  const configuring = local.remoteConfig || kept === undefined ? keepConfigured({ ...agent, log }, stop) : undefined;
  await keepTicking(dutiesOf(agent, stop), { tickMs: TICK_MS, log }, stop);
  await Promise.race([Promise.allSettled([sending, configuring, agent.jobs.idle()]), sleep(END_MS)]);
  attempt({ name: "status", run: () => agent.tellStatus(true) }, log);
  log.info("agent ended");
}

type Assembly = {
  readonly collectorUrl: string;
  readonly uplink: Uplink;
  readonly jobs: Jobs;
  readonly use: (config: AgentConfig) => void;
  readonly fetch: (stop: AbortSignal) => Promise<AgentConfig | undefined>;
  readonly renewKey: (stop: AbortSignal) => Promise<void>;
  readonly everyTick: () => void;
  readonly maintain: () => void;
  readonly tellStatus: (isEnding: boolean) => void;
};

function assemble(settings: Settings, identity: Identity, spool: Spool, log: Logger, splay: boolean): Assembly {
  const { dataDir, local } = settings;
  const collectorUrl = settings.collectorUrl ?? identity.collector;
  const signer = { agent: identity.agent, key: keyOf(dataDir, identity) };
  const ca = readCa(settings.caFile);
  const client = new CollectorClient({ url: collectorUrl, ca, signer, version });
  const clock = new ClockWatch();
  const bootId = readBootId(dataDir, readClock());
  const uplink = new Uplink({ spool, client, clock, readClock, bootId, log: log.warn, chance: Math.random, splayMs: splay ? SPLAY_MS : 0 });
  const memories = new Map<string, KeptMemory>();
  const memoryOf = (id: string) => {
    const memory = memories.get(id) ?? openMemory(dataDir, id, log.warn);
    memories.set(id, memory);
    return memory;
  };
  const configs = new ConfigStore({ dataDir, owner: configOwner(identity, local), warn: log.warn });
  const credentials = new Credentials(dataDir);
  const state: { config?: AgentConfig; refused: readonly { id: string; address: string }[] } = { refused: [] };
  const append = (observation: SpooledObservation) => {
    spool.append(observation, dayFrameOf(observation, clock.trustedMs(readClock()), state.config));
    uplink.notify();
  };
  const secretOf = (name: string) => credentials.secretOf(name);
  const probeOf = ({ probe }: Assignment) => probes.get(probe);
  const mayReach = outsideGuard(local, collectorUrl);
  const dependencies = { io: createIo(), mayReach, probeOf, client, clock, readClock, bootId, secretOf, memoryOf, append, log };
  const endedWell = hasEndedWell(readStatus(dataDir), process.platform);
  let current = identity;
  const start = readClock();
  const jobs = new Jobs({
    timing: () => ({ agent: identity.agent, anchorMs: clock.anchorMs() ?? start.wallMs - start.steadyMs }),
    steadyMs: () => readClock().steadyMs,
    run: (assignment, stop) => runAssignment(assignment, dependencies, stop),
    lastRunAgeMs: (assignment) => lastRunAgeMs(spool, assignment),
  });
  return {
    collectorUrl,
    uplink,
    jobs,
    use: (config) => {
      const { measureServers, policy, centre } = config;
      const sources = {
        policy,
        devices: centre.devices,
        measureServers,
        local,
        collectorUrl,
        ca,
        dataDir,
        endedWell,
        allows: lanGuard(local),
        networks: searchedNetworks(local),
      };
      const { assignments, refused } = deriveAssignments(sources);
      state.config = config;
      state.refused = refused;
      jobs.update(assignments);
    },
    fetch: (stop) => configs.fetch(client, stop),
    renewKey: async (stop) => {
      if (!isKeyOld(current, Date.now())) return;
      const renewed = await rotateKey(client, dataDir, current, Date.now(), stop).catch(String);
      if (typeof renewed === "string") log.warn("the key could not be renewed; it is tried again", { reason: renewed });
      else current = renewed;
    },
    everyTick: () => clock.observe(readClock()),
    maintain: () => spool.maintain({ clockTrusted: clock.state() === "ok", needs: needsNow(state.config) }),
    tellStatus: (isEnding) =>
      writeStatus(dataDir, {
        isEnding,
        identity,
        version,
        startedMs: start.wallMs,
        clock,
        uplink: uplink.status(),
        dateFault: client.dateFault(),
        spool: spool.status(),
        jobs: jobs.list(),
        readClock,
        ...state,
      }),
  };
}

function dutiesOf({ jobs, everyTick, maintain, tellStatus }: Assembly, stop: AbortSignal): Duty[] {
  return [
    { name: "clock", everyTicks: 1, firstTick: 0, run: everyTick },
    { name: "jobs", everyTicks: 1, firstTick: 0, run: () => jobs.tick(stop) },
    { name: "upkeep", everyTicks: MAINTAIN_EVERY_TICKS, firstTick: MAINTAIN_FIRST_TICK, run: maintain },
    { name: "status", everyTicks: STATUS_EVERY_TICKS, firstTick: 0, run: () => tellStatus(false) },
  ];
}

/** What the rules look at now, by which the self-check judges. */
function needsNow({ policy, calendar }: Pick<AgentConfig, "policy" | "calendar"> = { policy: bundledPolicy, calendar: bundledCalendar }): readonly Need[] {
  return needsOf(policy.requirements, calendar, Date.now()).runs;
}

/** The run's day as the collector will have it: by its clock, where it is known, and in the province's calendar. */
function dayFrameOf({ elapsedMs }: SpooledObservation, nowMs: number | undefined, config: AgentConfig | undefined): Partial<DayFrame> {
  return { ...(nowMs !== undefined && { atMs: nowMs - elapsedMs }), ...(config && { calendar: config.calendar }) };
}

function lastRunAgeMs(spool: Spool, { probe, target }: Assignment): number | undefined {
  const last = spool.recent(probe, 20).find((observation) => observation.target === target && observation.outcome.kind === "measured");
  return last === undefined ? undefined : Date.now() - Date.parse(last.takenAt);
}
