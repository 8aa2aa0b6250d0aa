import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { AgentConfig } from "#schemas/agent-config.ts";
import { Instant } from "#schemas/ids.ts";
import { ClockState, type Outcome, ProbeKind } from "#schemas/observation.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import type { ClockReading, ClockWatch } from "./clock-state.ts";
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
  uplink: z.object({ lastSuccessAt: Instant.optional(), hold: z.enum(holdReasons).optional(), attempts: z.number(), lastError: z.string().optional() }),
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

function statusFile(dataDir: string): string {
  return join(dataDir, "status.json");
}

function statusOf({ identity, version, startedMs, isEnding, clock, uplink, spool, jobs, readClock, config, refused }: StatusSources): AgentStatus {
  const { wallMs, steadyMs } = readClock();
  const { lastSuccessMs, ...sending } = uplink;
  return {
    at: new Date(wallMs).toISOString(),
    version,
    startedAt: new Date(startedMs).toISOString(),
    ...(isEnding && { endedAt: new Date(wallMs).toISOString() }),
    agent: identity.agent,
    centre: identity.centre,
    configVersion: config?.version,
    clock: { state: clock.state(), offsetMs: clock.offsetMs() },
    uplink: { ...sending, ...(lastSuccessMs !== undefined && { lastSuccessAt: new Date(lastSuccessMs).toISOString() }) },
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
