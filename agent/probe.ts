import type { z } from "zod";
import type { Evidence, ExcuseReason, FailureReason, ProbeKind, Reading, SkipReason } from "#schemas/observation.ts";
import type { Io } from "./io/io.ts";
import type { MayReach } from "./io/tcp.ts";

/** What a run found: numbers, what they stand on, and why they may not count against what was measured. */
export type Measured = { readonly readings: readonly Reading[]; readonly evidence?: Evidence; readonly excuse?: ExcuseReason };

/** What a probe learns from run to run about one target (a method that works, hourly history). JSON values of at most 256 KiB. */
export type ProbeMemory = { get(key: string): unknown; set(key: string, value: unknown): void };

/** Everything that a probe may touch. It knows neither spool nor config nor other probes. */
export type ProbeContext = {
  /** Aborted at the run's deadline; each wait must listen to it. */
  readonly signal: AbortSignal;
  readonly fetch: typeof fetch;
  readonly io: Io;
  /** Asked after each lookup of a name, and before anything is sent there. */
  readonly mayReach: MayReach;
  readonly memory: ProbeMemory;
  readonly log: ProbeLog;
  /** Wall clock, ms since the epoch. Durations come from performance.now(). */
  readonly nowMs: () => number;
  /** The collector's time, ms since the epoch, whatever the wall clock shows; undefined while no collector has told it. */
  readonly trustedMs: () => number | undefined;
};

/** Words for the operator's log. Device text in `fields` is cleaned by the logger; secrets never go here. */
export type ProbeLog = (message: string, fields?: Record<string, string | number | boolean>) => void;

/** One kind of question. `Options` is what the user may set; `run` may throw ProbeError or ProbeSkip and nothing else on purpose. */
export type Probe<Options> = {
  readonly kind: ProbeKind;
  readonly options: z.ZodType<Options>;
  /** Longest time that one run may take, ms. */
  readonly deadlineMs: number | ((options: Options) => number);
  /** Name of a memory that probes of the same devices share; absent = one of the assignment's own. */
  readonly memory?: string;
  /** Of a probe that needs a lease: whether, by what it remembers, only a full-length test says anything. */
  readonly asksFullLength?: (memory: ProbeMemory) => boolean;
  readonly run: (options: Options, context: ProbeContext) => Promise<Measured>;
};

/** Fixes a probe's option type where it is written. */
export function defineProbe<Options>(probe: Probe<Options>): Probe<Options> {
  return probe;
}

/** "I could not ask": the reason is one word of the list, the message says for the operator which device or field and what to do. */
export class ProbeError extends Error {
  override readonly name = "ProbeError";
  readonly reason: FailureReason;
  readonly evidence: Evidence | undefined;
  constructor(reason: FailureReason, message: string, evidence?: Evidence, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.evidence = evidence;
  }
}

/** Says of a host of the collector's that it leads where the agent never asks. */
export function inside(host: string): ProbeError {
  return new ProbeError("no_permission", `${host} leads to this PC or into its LAN, where no portal and no server outside can be: it was not asked`);
}

/** "I did not ask", on purpose: the line is busy, no lease was granted, nothing is configured. */
export class ProbeSkip extends Error {
  override readonly name = "ProbeSkip";
  readonly reason: SkipReason;
  readonly evidence: Evidence | undefined;
  constructor(reason: SkipReason, message: string, evidence?: Evidence) {
    super(message);
    this.reason = reason;
    this.evidence = evidence;
  }
}
