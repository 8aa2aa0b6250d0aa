import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { AgentConfig } from "#schemas/agent-config.ts";
import { SharedFaultSpan } from "#schemas/exchange.ts";
import type { SharedFault } from "#schemas/facts.ts";
import { Instant } from "#schemas/ids.ts";
import { ClockState, type Outcome, ProbeKind } from "#schemas/observation.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { CLOCK_BAD_MS, type ClockReading, type ClockWatch } from "./clock-state.ts";
import type { Identity } from "./identity.ts";
import type { Jobs } from "./jobs.ts";
import type { SpoolStatus } from "./spool/inspect.ts";
import { holdReasons } from "./uplink/retry.ts";
import type { UplinkStatus } from "./uplink/uplink.ts";

const AssignmentStatus = z.object({
  id: z.string(),
  probe: ProbeKind,
  lastAt: Instant.optional(),
  last: z.string().optional(),
  dueInS: z.number(),
});

/** `status.json`: what the running agent tells `status` and `self-check` every few seconds. Holds no secret. */
export const AgentStatus = z.object({
  at: Instant,
  version: z.string(),
  startedAt: Instant,
  /** When the agent ended in order; absent while it runs and where it was cut off. */
  endedAt: Instant.optional(),
  agent: z.string(),
  centre: z.string(),
  configVersion: z.number().optional(),
  clock: z.object({ state: ClockState, offsetMs: z.number().optional() }),
  uplink: z.object({
    lastSuccessAt: Instant.optional(),
    hold: z.enum(holdReasons).optional(),
    attempts: z.number(),
    lastError: z.string().optional(),
    dateFault: z.string().optional(),
    sharedFaults: z.array(SharedFaultSpan).optional(),
  }),
  spool: z.object({
    stream: z.string(),
    durable: z.boolean(),
    waiting: z.number(),
    frozen: z.number(),
    answered: z.number(),
    deadLetters: z.number(),
    suspects: z.number(),
    lost: z.number(),
    bytes: z.number(),
    lastSeq: z.number(),
  }),
  assignments: z.array(AssignmentStatus),
  /** Devices outside of the allowed networks. */
  refused: z.array(z.object({ id: z.string(), address: z.string() })),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

export type StatusSources = {
  readonly identity: Identity;
  readonly version: string;
  readonly startedMs: number;
  readonly isEnding: boolean;
  readonly clock: ClockWatch;
  readonly uplink: UplinkStatus;
  /** `dateFault` of the client that asks the collector. */
  readonly dateFault: string | undefined;
  readonly spool: SpoolStatus;
  readonly jobs: ReturnType<Jobs["list"]>;
  readonly readClock: () => ClockReading;
  readonly config?: AgentConfig;
  readonly refused: readonly { readonly id: string; readonly address: string }[];
};

/** Writes the status; a disk that does not take it is no reason to stop. */
export function writeStatus(dataDir: string, sources: StatusSources): void {
  try {
    writeFileAtomic(statusFile(dataDir), JSON.stringify(statusOf(sources)));
  } catch {
    // The self-check sees an old status and says so.
  }
}

/** The last status that an agent wrote here; undefined when there is none that can be read. */
export function readStatus(dataDir: string): AgentStatus | undefined {
  try {
    return AgentStatus.safeParse(JSON.parse(readFileSync(statusFile(dataDir), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/**
 * Whether the run of the agent that left this status had ended in order; undefined when nothing tells. Windows may shut down without a word to a program,
 * so that a missing end proves nothing there.
 */
export function hasEndedWell(before: AgentStatus | undefined, platform: NodeJS.Platform): boolean | undefined {
  if (before?.endedAt !== undefined) return true;
  return before === undefined || platform === "win32" ? undefined : false;
}

/** The longest time without a new status of an agent that runs, ms: it is written every few seconds. */
const SILENT_MS = 60_000;

/** Whether the agent that wrote this status runs now, by the same clock of this PC. */
export function isRunning({ at, endedAt }: AgentStatus, nowMs: number): boolean {
  return endedAt === undefined && Math.abs(nowMs - Date.parse(at)) <= SILENT_MS;
}

/** The collector's time, ms since the epoch, as the agent that runs here knows it; undefined when none does. */
export function trustedMsOf(status: AgentStatus | undefined, nowMs: number): number | undefined {
  const offsetMs = status?.clock.offsetMs;
  return status === undefined || offsetMs === undefined || !isRunning(status, nowMs) ? undefined : nowMs + offsetMs;
}

/** The faults that centres share, as the collector told them last, by this PC's clock. */
export function sharedFaultsOf(status: AgentStatus | undefined): SharedFault[] {
  const { uplink: { sharedFaults = [] } = {}, clock: { offsetMs = 0 } = {} } = status ?? {};
  return sharedFaults.map(({ target, from, to }) => ({ target, fromMs: Date.parse(from) - offsetMs, toMs: Date.parse(to) - offsetMs }));
}

/** What is at fault where the collector's certificate is not valid at this PC's time: the PC's clock, one of both, or the certificate. */
export type DateSuspect = "clock" | "either" | "certificate";

/** Who is suspected of the fault that keeps this PC from its collector; undefined where its last try did not fail for a certificate's dates. */
export function dateSuspect({ uplink, clock }: Pick<AgentStatus, "uplink" | "clock">): DateSuspect | undefined {
  if (uplink.dateFault === undefined) return undefined;
  if (clock.offsetMs === undefined) return "either";
  return Math.abs(clock.offsetMs) > CLOCK_BAD_MS ? "clock" : "certificate";
}

function statusFile(dataDir: string): string {
  return join(dataDir, "status.json");
}

function statusOf({ identity, version, startedMs, isEnding, clock, uplink, dateFault, spool, jobs, readClock, config, refused }: StatusSources): AgentStatus {
  const { wallMs, steadyMs } = readClock();
  const { lastSuccessMs, sharedFaults, ...sending } = uplink;
  return {
    at: new Date(wallMs).toISOString(),
    version,
    startedAt: new Date(startedMs).toISOString(),
    ...(isEnding && { endedAt: new Date(wallMs).toISOString() }),
    agent: identity.agent,
    centre: identity.centre,
    configVersion: config?.version,
    clock: { state: clock.state(), offsetMs: clock.offsetMs({ wallMs, steadyMs }) },
    uplink: {
      ...sending,
      ...(sharedFaults && { sharedFaults: [...sharedFaults] }),
      dateFault,
      ...(lastSuccessMs !== undefined && { lastSuccessAt: new Date(lastSuccessMs).toISOString() }),
    },
    spool,
    assignments: jobs.map(({ assignment: { id, probe }, dueMs, last }) => ({
      id,
      probe,
      ...(last !== undefined && { lastAt: new Date(last.atMs).toISOString(), last: wordOf(last.outcome) }),
      dueInS: Math.round((dueMs - steadyMs) / 1_000),
    })),
    refused: [...refused],
  };
}

function wordOf(outcome: Outcome): string {
  return outcome.kind === "measured" ? "measured" : `${outcome.kind}: ${outcome.reason}`;
}
