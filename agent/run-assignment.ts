import type { Assignment } from "#schemas/agent-config.ts";
import type { LeaseRequest } from "#schemas/measure.ts";
import type { Outcome } from "#schemas/observation.ts";
import type { ClockReading, ClockWatch } from "./clock-state.ts";
import { resolveCredentials } from "./credentials.ts";
import type { MayReach } from "./io/tcp.ts";
import type { Finished } from "./jobs.ts";
import { askLease, returnLease } from "./lease.ts";
import type { Logger } from "./logger.ts";
import type { Probe } from "./probe.ts";
import type { KeptMemory } from "./probe-memory.ts";
import { observe, type RunContext } from "./runner.ts";
import type { SpooledObservation } from "./spool/rows.ts";
import type { CollectorClient } from "./uplink/collector-client.ts";

export type RunDependencies = {
  readonly io: RunContext["io"];
  readonly mayReach: MayReach;
  readonly probeOf: (assignment: Assignment) => Probe<never> | undefined;
  readonly client: CollectorClient;
  readonly clock: ClockWatch;
  readonly readClock: () => ClockReading;
  readonly bootId: string;
  readonly secretOf: (name: string) => string;
  readonly memoryOf: (assignment: string) => KeptMemory;
  readonly append: (observation: SpooledObservation) => void;
  readonly log: Logger;
};

/**
 * Runs an assignment once and spools what came of it, a lease first where one is needed. Never rejects, not for a spool that fails either;
 * a run that `stop` ended is not kept.
 */
export async function runAssignment(assignment: Assignment, dependencies: RunDependencies, stop: AbortSignal): Promise<Finished> {
  const { readClock, clock, bootId, append, log } = dependencies;
  const now = readClock();
  const { wallMs, steadyMs } = now;
  // The stamp and what is known of it belong together: a clock that was set a moment ago is seen here.
  clock.observe(now);
  const clockState = clock.state();
  const { outcome, retryAfterMs } = await outcomeOf(assignment, dependencies, stop).catch((error: unknown) => {
    log.error("a run failed outside of its probe", { assignment: assignment.id, error: String(error) });
    return { outcome: { kind: "failed", reason: "internal", detail: "the agent itself failed; see its log" } as const, retryAfterMs: undefined };
  });
  if (stop.aborted) return { outcome, atMs: wallMs, retryAfterMs };
  try {
    append({
      probe: assignment.probe,
      ...(assignment.target !== undefined && { target: assignment.target }),
      takenAt: new Date(wallMs).toISOString(),
      uptimeMs: Math.max(0, steadyMs),
      bootId,
      clock: clockState,
      elapsedMs: Math.max(0, readClock().steadyMs - steadyMs),
      outcome,
    });
    log.debug("run ended", { assignment: assignment.id, outcome: outcome.kind });
  } catch (error) {
    log.error("an observation was lost: the spool does not take it", { assignment: assignment.id, error: String(error) });
  }
  return { outcome, atMs: wallMs, retryAfterMs };
}

async function outcomeOf(
  assignment: Assignment,
  dependencies: RunDependencies,
  stop: AbortSignal,
): Promise<{ outcome: Outcome; retryAfterMs?: number | undefined }> {
  const { client, secretOf } = dependencies;
  if (!assignment.lease)
    return { outcome: await observed(assignment, await resolveCredentials(assignment.options, secretOf).catch(asFault), dependencies, stop) };
  const result = await askLease(client, leaseRequest(assignment, dependencies), stop);
  if ("skipped" in result) return { outcome: result.skipped, retryAfterMs: result.retryAfterMs };
  const outcome = await observed(assignment, { ...assignment.options, lease: result.lease }, dependencies, stop);
  await returnLease(client, result.lease, outcome, AbortSignal.any([stop, AbortSignal.timeout(10_000)]));
  return { outcome };
}

function leaseRequest(assignment: Assignment, { probeOf, memoryOf }: RunDependencies): LeaseRequest {
  const probe = probeOf(assignment);
  const asksFull = probe?.asksFullLength?.(memoryOf(probe.memory ?? assignment.id)) ?? false;
  return { ...(assignment.target !== undefined && { server: assignment.target }), ...(asksFull && { fullLength: true }) };
}

/** A credential that is missing is told as what it is: options that cannot be used. */
class OptionFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

function asFault(error: unknown): OptionFault {
  return new OptionFault(error instanceof Error ? error.message : String(error));
}

async function observed(assignment: Assignment, options: unknown, dependencies: RunDependencies, stop: AbortSignal): Promise<Outcome> {
  const { io, mayReach, probeOf, memoryOf, clock, readClock, log } = dependencies;
  if (options instanceof OptionFault) return { kind: "failed", reason: "bad_options", detail: options.message };
  const probe = probeOf(assignment);
  if (probe === undefined) return { kind: "skipped", reason: "not_supported_here", detail: `this agent has no probe ${assignment.probe}` };
  const memory = memoryOf(probe.memory ?? assignment.id);
  const context: RunContext = {
    fetch,
    io,
    mayReach,
    memory,
    nowMs: () => readClock().wallMs,
    steadyMs: () => readClock().steadyMs,
    trustedMs: () => clock.trustedMs(readClock()),
    log: (message, fields) => log.debug(message, { assignment: assignment.id, ...fields }),
  };
  const outcome = await observe(probe, options, context, stop);
  memory.save();
  return outcome;
}
